//! How data looks: for people, for programs, on a terminal and piped.

use std::io::Read as _;
use std::process::Stdio;

use serde_json::{Value, json};

use super::machine::{KEON, Machine};
use super::steered::{Steered, running, stalled, stopped, working};
use crate::api::app::App;

const COLOUR: &str = "\u{1b}[";

/// Text without what differs from run to run: ids, times, prefixes, ages.
fn masked(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let mut words = line.split(' ').map(mask).collect::<Vec<_>>();
        // An age ends its line or stands before "ago".
        for at in 0..words.len() {
            let ends_row = line.contains("   ") && at + 1 == words.len();
            let is_told = ends_row || words.get(at + 1).is_some_and(|next| next == "ago");
            if is_told && is_age(&words[at]) {
                "<age>".clone_into(&mut words[at]);
            }
        }
        words.join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Lines in order, with one space between words.
fn squeezed(text: &str) -> String {
    let lines = text.lines();
    let mut lines = lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>();
    lines.sort_unstable();
    lines.join("\n")
}

fn mask(word: &str) -> String {
    let bare = word.trim_matches(|c| ['"', ',', '(', ')', '\''].contains(&c));
    let masks = [("prj-", 28), ("ep-", 19), ("key-", 20), ("nsk_", 14)];
    let known = masks
        .iter()
        .find(|(prefix, length)| bare.starts_with(prefix) && bare.len() == *length);
    let with = match known {
        Some((prefix, _)) => format!("<{}>", prefix.trim_end_matches(['-', '_'])),
        None if bare.parse::<jiff::Timestamp>().is_ok() => "<time>".to_owned(),
        None if word.starts_with('(') && is_age(bare) => "<age>".to_owned(),
        None => return word.to_owned(),
    };
    word.replace(bare, &with)
}

fn is_age(word: &str) -> bool {
    let number = word.strip_suffix(['s', 'm', 'h', 'd']);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// A tenant with one of everything.
async fn furnished(name: &str) -> Steered {
    let steered = Steered::start(name).await;
    let machine = &steered.machine;
    machine
        .keon(&["projects", "create", "blog", "--no-wait"])
        .ok();
    steered.shop();
    let ready = super::steered::condition("Ready", "True", "Succeeded", "endpoints can be made");
    let ready = json!({"conditions": [ready], "endpoints": {"ready": 1, "total": 5}});
    steered.says_of_project("shop", ready).await;
    for name in ["asleep", "bad", "coming", "main", "new"] {
        let args = [
            "endpoints",
            "create",
            name,
            "--project",
            "shop",
            "--no-wait",
        ];
        machine.keon(&args).ok();
    }
    machine
        .keon(&["endpoints", "suspend", "asleep", "--no-wait"])
        .ok();
    steered.says("main", running()).await;
    steered.says("asleep", stopped()).await;
    steered
        .says("coming", working("Starting", "the server comes up"))
        .await;
    steered
        .says("bad", stalled("QuotaExceeded", "raise the quota"))
        .await;
    machine
        .keon(&[
            "api-keys",
            "create",
            "ci",
            "--scope",
            "read",
            "--project",
            "shop",
        ])
        .ok();
    crate::resource::app::until("all is seen", async || {
        let listed = machine.keon(&["endpoints", "list"]).ok();
        listed.contains("Stalled: QuotaExceeded").then_some(())
    })
    .await;
    steered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_and_details_are_for_people() {
    let steered = furnished("tables").await;
    let machine = &steered.machine;
    let mut text = String::new();
    for args in [
        &["projects", "list"][..],
        &["projects", "get", "shop"],
        &["endpoints", "list"],
        &["endpoints", "get", "main"],
        &["endpoints", "get", "bad"],
        &["api-keys", "list"],
        &["api-keys", "get", "ci"],
    ] {
        let said = machine.keon(args).ok();
        assert!(!said.contains(COLOUR) && !said.contains('\t'), "{said}");
        assert!(said.lines().all(|line| line == line.trim_end()), "{said}");
        let mut said = masked(&said);
        if args[0] == "api-keys" {
            // Their prefixes are hidden, and two may have been made in one second.
            said = squeezed(&said);
        }
        text.push_str(&format!("$ keon {}\n{said}\n\n", args.join(" ")));
    }
    insta::assert_snapshot!("tables", text.trim_end());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_yaml_and_names_are_for_programs() {
    let steered = furnished("programs").await;
    let machine = &steered.machine;
    let get = |format: &str| machine.keon(&["endpoints", "get", "main", "-o", format]);
    let json = get("json").ok();
    let yaml = get("yaml").ok();
    let read: Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(read, serde_json::from_str::<Value>(&json).unwrap());
    let hide = |text: &str| {
        let lines = text.lines().map(|line| match line.trim_start() {
            of if of.contains("etag") => {
                let (name, _) = line.split_once(':').unwrap();
                format!("{name}: <etag>")
            }
            _ => line.to_owned(),
        });
        masked(&lines.collect::<Vec<_>>().join("\n"))
    };
    insta::assert_snapshot!("endpoint_json", hide(&json));
    insta::assert_snapshot!("endpoint_yaml", hide(&yaml));
    let names = machine.keon(&["endpoints", "list", "-o", "name"]).ok();
    let names = names.lines().collect::<Vec<_>>();
    assert!(
        names.contains(&"endpoint/main") && names.len() == 5,
        "{names:?}"
    );
    let keys = machine.keon(&["api-keys", "list", "-o", "name"]).ok();
    for name in names.into_iter().chain(keys.lines()) {
        let noun = name.split('/').next().unwrap();
        machine.keon(&[&format!("{noun}s"), "get", name]).ok();
    }
}

#[tokio::test]
async fn text_of_people_survives_yaml_and_does_not_steer_the_terminal() {
    let person = App::shared().await.person("quoting").await;
    let machine = Machine::of(&person).await;
    for name in [
        "yes",
        "1e3",
        "null",
        " a: b # c",
        "\"quoted\" 'too'",
        "- x",
        "ü\u{a0}ñ",
        "007",
        "~",
    ] {
        let called = format!("--display-name={name}");
        machine
            .keon(&["projects", "create", "shop", &called, "--no-wait"])
            .ok();
        let yaml = machine.keon(&["projects", "list", "-o", "yaml"]).ok();
        let read: Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(read[0]["displayName"], name, "{yaml}");
        machine.keon(&["projects", "delete", "shop", "--yes"]).ok();
    }
    let missing = machine
        .keon(&["projects", "get", "\u{1b}[31mred\u{7}"])
        .fails(1);
    assert!(
        !missing.contains('\u{1b}') && !missing.contains('\u{7}'),
        "{missing:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn colours_follow_the_terminal_and_what_is_set() {
    let steered = furnished("colours").await;
    let machine = &steered.machine;
    let mut terminal = machine.terminal(&["endpoints", "list"]);
    terminal.shows("Stalled: QuotaExceeded");
    let written = terminal.written();
    for (text, colour) in [
        ("Ready", 32),
        ("Starting", 33),
        ("Stalled: QuotaExceeded", 31),
        ("Stopped", 2),
    ] {
        assert!(
            written.contains(&format!("\u{1b}[{colour}m{text}\u{1b}[0m")),
            "{written:?}"
        );
    }
    let list = ["endpoints", "list"];
    let piped = |machine: &Machine, args: &[&str]| machine.keon(&[&list[..], args].concat()).ok();
    assert!(!piped(machine, &[]).contains(COLOUR));
    assert!(piped(machine, &["--color", "always"]).contains(COLOUR));
    assert!(piped(&machine.again().with("CLICOLOR_FORCE", "1"), &[]).contains(COLOUR));
    let plain = machine.again().with("NO_COLOR", "1");
    for (machine, args) in [(machine, &["--color", "never"][..]), (&plain, &[])] {
        let mut terminal = machine.terminal(&[&list[..], args].concat());
        terminal.shows("Stalled: QuotaExceeded");
        assert!(
            !terminal.written().contains("\u{1b}[3"),
            "{:?}",
            terminal.written()
        );
    }
    assert!(piped(&plain, &["--color", "always"]).contains(COLOUR));
    // Errors as well.
    let mut terminal = machine.terminal(&["endpoints", "get", "nosuch"]);
    terminal.shows("hint:");
    assert!(
        terminal.written().contains("\u{1b}[31merror:"),
        "{:?}",
        terminal.written()
    );
    assert!(
        !machine
            .keon(&["endpoints", "get", "nosuch"])
            .fails(1)
            .contains(COLOUR)
    );
}

#[tokio::test]
async fn an_empty_list_says_how_to_make_the_first() {
    let person = App::shared().await.person("empty").await;
    let machine = Machine::of(&person).await;
    for (noun, first) in [
        (
            "projects",
            "no projects\nhint: make the first: keon projects create NAME\n",
        ),
        (
            "endpoints",
            "no endpoints\nhint: make the first: keon endpoints create NAME --project PROJECT --allow CIDR\n",
        ),
    ] {
        let outcome = machine.keon(&[noun, "list"]);
        assert_eq!((&*outcome.stdout, &*outcome.stderr), ("", first));
        let outcome = machine.keon(&[noun, "list", "-q"]);
        assert_eq!((&*outcome.stdout, &*outcome.stderr), ("", ""));
        let outcome = machine.keon(&[noun, "list", "-o", "json"]);
        assert_eq!((&*outcome.stdout, &*outcome.stderr), ("[]\n", ""));
        assert_eq!(machine.keon(&[noun, "list", "-o", "name"]).ok(), "");
    }
}

#[tokio::test]
async fn a_reader_that_leaves_early_is_no_failure_and_a_full_disk_is() {
    let person = App::shared().await.person("pipe").await;
    let machine = Machine::of(&person).await;
    machine
        .keon(&["projects", "create", "shop", "--no-wait"])
        .ok();
    for args in [
        &["projects", "list"][..],
        &["projects", "list", "-o", "json"],
        &["--help"],
    ] {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut command = machine.command(args);
        command.stdout(writer).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(command);
        // Nothing is read: the pipe is closed before anything can be written.
        reader.read_exact(&mut []).unwrap();
        drop(reader);
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), &*said), (Some(0), ""), "{args:?}");
    }
    let mut shell = std::process::Command::new("/bin/sh");
    let script = format!(
        "{KEON} --help > /dev/full; echo $?; {KEON} projects list -o json > /dev/full; echo $?"
    );
    shell.args(["-c", &script]).env_clear().envs(
        machine
            .command(&[])
            .get_envs()
            .filter_map(|(k, v)| Some((k, v?))),
    );
    let output = shell.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n1\n");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("caused by: No space left on device"),
        "{said}"
    );
}
