//! Signing in with the browser of another machine, and with a key that somebody has.

use reqwest::Method;
use serde_json::json;

use super::browser::Running;
use super::login::{key_of, stored};
use super::machine::Machine;
use crate::api::app::{App, Person};

/// A machine without a browser.
async fn headless() -> Machine {
    Machine::new().with("KISENON_API_URL", &App::shared().await.base)
}

/// The code on a screen, typed as people do.
fn user_code(screen: &str) -> String {
    let mut lines = screen.lines().map(str::trim);
    let is_code = |line: &&str| line.len() == 9 && line.chars().nth(4) == Some('-');
    lines.find(is_code).unwrap().to_lowercase()
}

async fn decide(person: &Person<'_>, user_code: &str, approve: bool) {
    let body = json!({ "userCode": user_code, "approve": approve });
    person
        .post("/v1/auth/device/approve", body)
        .await
        .expect(204);
}

#[tokio::test]
async fn c10_where_there_is_no_browser_a_person_approves_on_another_machine() {
    let person = App::shared().await.person("device-cli").await;
    let machine = headless().await;
    // Neither a display nor BROWSER: nobody has to say --device.
    let mut terminal = machine.terminal(&["login", "--label", "keon on build-7"]);
    let screen = terminal.shows("waiting for you to approve");
    assert!(
        screen.contains("https://console.it.test/device\n"),
        "{screen}"
    );
    let code = user_code(&screen);
    let asked = person.get(&format!("/v1/auth/device/{code}")).await;
    assert_eq!(asked.expect(200)["label"], "keon on build-7");
    decide(&person, &code, true).await;
    terminal.shows("Signed in as");
    let (exit, screen) = terminal.ends();
    assert_eq!(exit, 0, "{screen}");
    assert!(screen.contains(&person.email), "{screen}");
    assert!(!screen.contains(&key_of(&machine, "default")), "{screen}");
    let me = machine.keon(&["whoami", "-o", "json"]).json();
    assert_eq!(me["credential"]["label"], "keon on build-7");
    let kept = std::fs::read_to_string(machine.credentials()).unwrap();
    assert!(!kept.to_lowercase().contains(&code), "{kept}");
}

#[tokio::test]
async fn c10_a_refusal_and_an_end_of_patience_are_told_apart() {
    let person = App::shared().await.person("refusal").await;
    let machine = headless().await;
    let mut terminal = machine.terminal(&["login", "--device"]);
    let code = user_code(&terminal.shows("waiting for you to approve"));
    decide(&person, &code, false).await;
    let (exit, screen) = terminal.ends();
    assert_eq!(exit, 1, "{screen}");
    assert!(
        screen.contains("error: access was refused in the browser"),
        "{screen}"
    );
    let late = machine
        .keon(&["login", "--device", "--timeout", "1s"])
        .fails(1);
    assert!(
        late.contains("error: nobody approved the code in time"),
        "{late}"
    );
    assert!(
        late.contains("hint: get another code: keon login --device"),
        "{late}"
    );
    assert!(!machine.credentials().exists());
}

#[tokio::test]
async fn c10_an_expired_code_is_told_apart_and_leads_to_nothing() {
    let app = App::own(None).await;
    let person = app.person("too-late").await;
    let machine = Machine::new().with("KISENON_API_URL", &app.base);
    let mut terminal = machine.terminal(&["login", "--device"]);
    let code = user_code(&terminal.shows("waiting for you to approve"));
    let store = sqlx::SqlitePool::connect(&app.database_url).await.unwrap();
    let expired = sqlx::query("UPDATE device_codes SET expires_at = 0")
        .execute(&store)
        .await
        .unwrap();
    assert_eq!(expired.rows_affected(), 1);
    let (exit, screen) = terminal.ends();
    assert_eq!(exit, 1, "{screen}");
    assert!(screen.contains("error: the code has expired"), "{screen}");
    assert!(
        screen.contains("hint: get another code: keon login --device"),
        "{screen}"
    );
    let body = json!({ "userCode": code, "approve": true });
    let late = person.post("/v1/auth/device/approve", body).await;
    assert_eq!(late.refusal(404), "not_found");
    assert!(!machine.credentials().exists());
}

#[tokio::test]
async fn a_key_from_standard_input_is_shown_to_work_and_kept() {
    let person = App::shared().await.person("token").await;
    let (key, id) = person.key(json!({ "label": "ci" })).await;
    let machine = headless().await;
    let outcome = machine.keon_with_input(&["login", "--with-token", "-"], &format!("{key}\n"));
    assert!(
        outcome
            .stderr
            .contains(&format!("Signed in as {}", person.email)),
        "{outcome:?}"
    );
    assert!(!outcome.stderr.contains(&key), "{outcome:?}");
    assert_eq!(outcome.ok(), "");
    assert_eq!(
        stored(&machine)["profiles"]["default"]["keyId"],
        id.as_str()
    );
    // Once more with the same key: it has not taken its own place.
    let again = machine.keon_with_input(&["login", "--with-token", "-"], &key);
    assert!(!again.stderr.contains("Revoked"), "{again:?}");
    again.ok();
    machine.keon(&["whoami"]).ok();
}

#[tokio::test]
async fn c8_a_key_on_the_command_line_is_refused_and_not_repeated() {
    let person = App::shared().await.person("argument").await;
    let (key, _) = person.key(json!({ "label": "typed" })).await;
    let machine = headless().await;
    for args in [
        &["login", "--with-token", &key][..],
        &["login", &format!("--with-token={key}")],
    ] {
        let told = machine.keon(args).fails(2);
        assert!(told.contains("hint: write it to standard input"), "{told}");
        assert!(!told.contains(&key), "{told}");
    }
    assert!(!machine.credentials().exists());
}

#[tokio::test]
async fn what_is_no_key_is_refused_offline_and_a_revoked_one_by_the_server() {
    let person = App::shared().await.person("bad-token").await;
    let (key, id) = person.key(json!({ "label": "gone" })).await;
    let offline = Machine::new().with("KISENON_API_URL", "http://127.0.0.1:9");
    let mut mistyped = key.clone();
    let last = if mistyped.pop() == Some('a') {
        'b'
    } else {
        'a'
    };
    mistyped.push(last);
    for (input, words) in [
        ("", "a key is nsk_ and 48 letters and digits"),
        ("nsk_short", "a key is nsk_ and 48 letters and digits"),
        (mistyped.as_str(), "the checksum of the key is wrong"),
    ] {
        let told = offline.keon_with_input(&["login", "--with-token", "-"], input);
        let told = told.fails(2);
        assert!(told.contains(words), "{told}");
        assert!(input.is_empty() || !told.contains(input), "{told}");
    }
    person
        .delete(&format!("/v1/api-keys/{id}"))
        .await
        .expect(204);
    let machine = headless().await;
    machine
        .keon_with_input(&["login", "--with-token", "-"], &key)
        .fails(4);
    assert!(!machine.credentials().exists());
}

#[tokio::test]
async fn a_key_is_not_typed_where_it_would_be_seen() {
    let mut terminal = headless().await.terminal(&["login", "--with-token", "-"]);
    terminal.shows("standard input is a terminal");
    assert_eq!(terminal.ends().0, 2);
}

/// A key that has been replaced is revoked, and nothing else that it stands beside.
#[tokio::test]
async fn c13_logins_at_once_lose_no_profile_and_no_key() {
    let app = App::shared().await;
    let person = app.person("at-once").await;
    let machine = headless().await;
    let mut running = Vec::new();
    for number in 0..8 {
        let (key, id) = person.key(json!({ "label": format!("n{number}") })).await;
        let file = machine.home().join(format!("key-{number}"));
        std::fs::write(&file, &key).unwrap();
        let name = format!("p{number}");
        let mut command = machine.command(&["login", "--with-token", "-", "--profile", &name]);
        command.stdin(std::fs::File::open(&file).unwrap());
        running.push((name, id, key, command.spawn().unwrap()));
    }
    for (name, id, key, mut child) in running {
        assert!(child.wait().unwrap().success(), "{name}");
        let kept = stored(&machine);
        assert_eq!(kept["profiles"][&name]["keyId"], id.as_str(), "{kept}");
        app.send(Method::GET, "/v1/me", Some(&key), None)
            .await
            .expect(200);
    }
}

/// Whoever comes second replaces, and so revokes, the key of whoever came first.
#[tokio::test]
async fn of_logins_to_one_profile_at_once_one_key_is_left() {
    let app = App::shared().await;
    let person = app.person("one-profile").await;
    let machine = headless().await;
    let mut running = Vec::new();
    let mut keys = Vec::new();
    for number in 0..4 {
        let (key, _) = person.key(json!({ "label": format!("n{number}") })).await;
        let file = machine.home().join(format!("key-{number}"));
        std::fs::write(&file, &key).unwrap();
        let mut command = machine.command(&["login", "--with-token", "-"]);
        command.stdin(std::fs::File::open(&file).unwrap());
        running.push(command.spawn().unwrap());
        keys.push(key);
    }
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    let mut valid = Vec::new();
    for key in keys {
        let me = app.send(Method::GET, "/v1/me", Some(&key), None).await;
        if me.status == 200 {
            valid.push(key);
        }
    }
    assert_eq!(valid, [key_of(&machine, "default")]);
}

#[tokio::test]
async fn c10_an_interrupted_device_login_keeps_nothing() {
    let machine = headless().await;
    let mut terminal = machine.terminal(&["login"]);
    terminal.shows("waiting for you to approve");
    terminal.interrupt();
    assert_eq!(terminal.ends().0, 130);
    assert!(!machine.credentials().exists());
    // Without a terminal it is shown all the same: somebody may read the log.
    let running = Running::start(&machine, &["login", "--quiet", "--timeout", "1s"]);
    let told = running.ends().await.fails(1);
    user_code(&told);
}
