//! Completion: what a shell asks, and what a person sees who presses the tabulator.

use std::ffi::OsStr;
use std::time::{Duration, Instant};

use serde_json::json;

use super::machine::{KEON, Machine, Outcome};
use super::shop::{Shop, key_of};
use super::terminal::Terminal;

/// What is offered for the last of these words.
fn offered(machine: &Machine, words: &[&str]) -> Vec<String> {
    let mut args = vec!["--", "keon"];
    args.extend(words);
    let mut command = machine.command(&args);
    command
        .env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_IFS", "\n");
    let outcome = Outcome::of(&args, command.output().unwrap());
    assert_eq!(outcome.stderr, "", "nothing is said into the line");
    outcome.ok().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_what_the_person_has_are_offered() {
    let shop = Shop::new("offers").await;
    let key = shop.app.with(&key_of(&shop.machine));
    for label in ["nightly", "of two words", "$(touch pwned)"] {
        let body = json!({ "label": label, "scopes": ["read"] });
        key.post("/v1/api-keys", body).await.ok(201);
    }
    let machine = &shop.machine;
    assert_eq!(offered(machine, &["psql", "sh"]), ["shop-main"]);
    assert_eq!(
        offered(machine, &["explain", "endpoint", ""])
            .first()
            .unwrap(),
        "shop-main"
    );
    assert_eq!(
        offered(machine, &["endpoints", "list", "--project", ""]),
        ["shop"]
    );
    assert_eq!(offered(machine, &["psql", "other"]), [""; 0]);
    assert!(offered(machine, &["api-keys", "delete", ""]).contains(&"nightly".to_owned()));
    let keys = offered(machine, &["api-keys", "delete", "nsk_"]);
    assert_eq!(keys.len(), 2, "the others' prefixes: {keys:?}");
    // What is typed before decides, as it does when the line is run.
    let nobody = Machine::new().with("KISENON_API_KEY", &key_of(machine));
    let typed = ["--api-url", &shop.app.base, "psql", ""];
    assert_eq!(offered(&nobody, &typed).first().unwrap(), "shop-main");
}

#[test]
fn who_is_not_signed_in_or_offline_is_offered_no_name_and_told_nothing() {
    let machine = Machine::new();
    assert_eq!(offered(&machine, &["psql", "s"]), [""; 0]);
    let key = "nsk_4fQ0sT9bZx";
    let broken = Machine::new().with("KISENON_API_KEY", key);
    assert_eq!(offered(&broken, &["psql", "s"]), [""; 0]);
    // Somebody listens, and does not answer.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let key = kisenon::domain::api_key::PlainKey::generate(&mut kisenon::auth::random::fill);
    let key = key.unwrap();
    let key = secrecy::ExposeSecret::expose_secret(key.text()).to_owned();
    let offline = Machine::new()
        .with("KISENON_API_URL", &url)
        .with("KISENON_API_KEY", &key);
    let begun = Instant::now();
    assert_eq!(offered(&offline, &["psql", "s"]), [""; 0]);
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(offered(&offline, &["ps"]), ["psql"]);
    // A file that is not trusted is not used, and not spoken of.
    let file = machine.credentials();
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &file).unwrap();
    assert_eq!(offered(&machine, &["psql", "s"]), [""; 0]);
}

#[test]
fn profiles_are_offered_by_name() {
    let machine = Machine::new();
    let profile =
        json!({"apiUrl": "https://api.example.com/", "apiKey": "nsk_x", "keyId": "key-1"});
    let stored = json!({"version": 1, "profiles": {"work": profile, "home": profile}});
    let file = machine.credentials();
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, stored.to_string()).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    assert_eq!(offered(&machine, &["--profile", "w"]), ["work"]);
    let all = offered(&machine, &["profiles", "use", ""]);
    assert!(
        ["home", "work"]
            .iter()
            .all(|name| all.iter().any(|of| of == name)),
        "{all:?}"
    );
}

#[test]
fn every_shell_is_given_its_code() {
    let machine = Machine::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let code = machine.keon(&["completions", shell]).ok();
        assert!(
            code.contains("COMPLETE") && code.contains("keon"),
            "{shell}: {code}"
        );
        assert!(
            !code.contains(KEON),
            "found where the shell finds it: {code}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tabulator_completes_in_a_real_shell() {
    let shop = Shop::new("tab").await;
    let home = shop.machine.home();
    let programs = home.join("programs");
    std::fs::create_dir(&programs).unwrap();
    std::os::unix::fs::symlink(KEON, programs.join("keon")).unwrap();
    std::fs::write(
        home.join("rc"),
        "PS1='ready> '\nsource <(keon completions bash)\n",
    )
    .unwrap();
    let mut environment = shop.machine.environment();
    let path = format!("{}:/usr/bin:/bin", programs.display());
    environment.push(("PATH".to_owned(), path));
    let args = ["--noprofile", "--rcfile", "rc", "-i"].map(OsStr::new);
    let mut bash = Terminal::start(OsStr::new("bash"), &args, home, environment);
    bash.shows("ready> ");
    bash.types("keon psql sh\t");
    bash.shows("ready> keon psql shop-main ");
    bash.types("\x15keon explain en\t");
    bash.shows("ready> keon explain endpoint ");
    bash.types("sh\t");
    bash.shows("ready> keon explain endpoint shop-main ");
    bash.types("\x15exit\n");
    let (code, screen) = bash.ends();
    assert_eq!(code, 0, "{screen}");
}
