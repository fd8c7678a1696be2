//! Signing out, profiles, and the console.

use reqwest::Method;
use serde_json::{Value, json};

use super::browser::Browser;
use super::login::{key_of, stored};
use super::machine::Machine;
use crate::api::app::{App, Person};

/// A machine where a person is signed in by these profiles.
pub(super) async fn signed_in(person: &Person<'_>, profiles: &[&str]) -> Machine {
    let machine = Machine::new();
    for profile in profiles {
        let (key, _) = person.key(json!({ "label": *profile })).await;
        let args = ["login", "--with-token", "-", "--api-url", &person.app.base];
        let args = [&args[..], &["--profile", profile]].concat();
        machine.keon_with_input(&args, &key).ok();
    }
    machine
}

async fn is_accepted(app: &App, key: &str) -> bool {
    let me = app.send(Method::GET, "/v1/me", Some(key), None).await;
    me.status == 200
}

#[tokio::test]
async fn logout_revokes_the_key_and_removes_the_file() {
    let app = App::shared().await;
    let person = app.person("logout").await;
    let machine = signed_in(&person, &["default"]).await;
    let key = key_of(&machine, "default");
    let made = machine.keon(&["whoami"]);
    made.ok();
    let outcome = machine.keon(&["logout"]);
    assert!(outcome.stderr.contains("Signed out of"), "{outcome:?}");
    assert_eq!(outcome.ok(), "");
    assert!(!machine.credentials().exists());
    assert!(!is_accepted(app, &key).await);
    let told = machine.keon(&["whoami", "--api-url", &app.base]).fails(4);
    assert!(told.contains("hint: run keon login"), "{told}");
    machine.keon(&["logout"]).fails(4);
}

#[tokio::test]
async fn logout_leaves_the_other_profiles_and_the_keys_that_were_made_with_it() {
    let app = App::shared().await;
    let person = app.person("logout-one").await;
    let machine = signed_in(&person, &["home", "work"]).await;
    let (home, work) = (key_of(&machine, "home"), key_of(&machine, "work"));
    let body = json!({ "label": "made with keon" });
    let made = app.send(Method::POST, "/v1/api-keys", Some(&work), Some(body));
    let made = made.await.expect(201)["key"].as_str().unwrap().to_owned();
    // The last login is the one that is used.
    machine.keon(&["logout"]).ok();
    assert!(!is_accepted(app, &work).await);
    assert!(is_accepted(app, &home).await);
    assert!(is_accepted(app, &made).await, "it is another machine's");
    let kept = stored(&machine);
    assert!(kept["profiles"].get("work").is_none(), "{kept}");
    assert_eq!(kept.get("currentProfile"), None, "{kept}");
    machine.keon(&["whoami", "--profile", "home"]).ok();
}

#[tokio::test]
async fn a_logout_that_does_not_reach_the_server_keeps_the_key_and_says_so() {
    let app = App::shared().await;
    let person = app.person("away").await;
    let machine = signed_in(&person, &["default"]).await;
    let key = key_of(&machine, "default");
    let text = std::fs::read_to_string(machine.credentials()).unwrap();
    let gone = text.replace(&app.base, "http://127.0.0.1:9");
    std::fs::write(machine.credentials(), &gone).unwrap();
    let told = machine.keon(&["logout"]).fails(1);
    assert!(
        told.contains("error: the key of profile default is not revoked"),
        "{told}"
    );
    assert!(
        told.contains("caused by: failed to reach http://127.0.0.1:9/"),
        "{told}"
    );
    assert!(told.contains("keon logout --local"), "{told}");
    let kept = std::fs::read_to_string(machine.credentials()).unwrap();
    assert_eq!(kept, gone);
    let outcome = machine.keon(&["logout", "--local"]);
    assert!(outcome.stderr.contains("stays valid"), "{outcome:?}");
    outcome.ok();
    assert!(!machine.credentials().exists());
    assert!(is_accepted(app, &key).await, "as it said");
}

#[tokio::test]
async fn logout_forgets_a_key_that_was_revoked_elsewhere() {
    let person = App::shared().await.person("revoked-elsewhere").await;
    let machine = signed_in(&person, &["default"]).await;
    let id = stored(&machine)["profiles"]["default"]["keyId"].clone();
    person
        .delete(&format!("/v1/api-keys/{}", id.as_str().unwrap()))
        .await
        .expect(204);
    // No other command may forget it (a proxy could say 401).
    machine.keon(&["whoami"]).fails(4);
    assert!(machine.credentials().exists());
    let outcome = machine.keon(&["logout"]);
    assert!(
        outcome
            .stderr
            .contains("had not accepted this key any more"),
        "{outcome:?}"
    );
    outcome.ok();
    assert!(!machine.credentials().exists());
}

#[tokio::test]
async fn logout_says_which_of_two_credentials_is_meant() {
    let app = App::shared().await;
    let person = app.person("two").await;
    let (variable, _) = person.key(json!({ "label": "variable" })).await;
    let machine = signed_in(&person, &["default"]).await;
    let kept = key_of(&machine, "default");
    let machine = machine.with("KISENON_API_KEY", &variable);
    let outcome = machine.keon(&["logout"]);
    assert!(
        outcome.stderr.contains("KISENON_API_KEY is still set"),
        "{outcome:?}"
    );
    outcome.ok();
    assert!(!is_accepted(app, &kept).await);
    assert!(is_accepted(app, &variable).await);
    let told = machine.keon(&["logout"]).fails(4);
    assert!(
        told.contains("hint: KISENON_API_KEY is a key of your environment"),
        "{told}"
    );
}

#[tokio::test]
async fn profiles_are_listed_without_their_keys_and_chosen_by_name() {
    let app = App::shared().await;
    let person = app.person("profiles").await;
    let machine = signed_in(&person, &["home", "work"]).await;
    let listed = machine.keon(&["profiles", "list", "-o", "json"]).json();
    let ids = |name: &str| stored(&machine)["profiles"][name]["keyId"].clone();
    let view = |name: &str, current: bool| -> Value {
        json!({
            "name": name,
            "current": current,
            "apiUrl": format!("{}/", app.base),
            "keyId": ids(name),
            "account": person.email,
        })
    };
    assert_eq!(listed, json!([view("home", false), view("work", true)]));
    machine.keon(&["profiles", "use", "home"]).ok();
    let table = machine.keon(&["profiles", "list"]).ok();
    assert!(table.contains("*   home"), "{table}");
    assert!(!table.contains("*   work"), "{table}");
    for format in ["table", "json", "yaml", "name"] {
        let text = machine.keon(&["profiles", "list", "-o", format]).ok();
        for profile in ["home", "work"] {
            assert!(!text.contains(&key_of(&machine, profile)), "{text}");
        }
    }
    let me = machine.keon(&["whoami", "-o", "json"]).json();
    assert_eq!(me["credential"]["label"], "home");
    let told = machine.keon(&["profiles", "use", "wrok"]).fails(1);
    assert!(told.contains("hint: did you mean work?"), "{told}");
    let none = Machine::new().keon(&["profiles", "list", "-o", "json"]);
    assert_eq!(none.json(), json!([]));
}

#[tokio::test]
async fn c8_a_profile_does_not_take_the_place_of_one_of_another_server() {
    let app = App::shared().await;
    let person = app.person("other-server").await;
    let machine = signed_in(&person, &["default"]).await;
    let before = std::fs::read_to_string(machine.credentials()).unwrap();
    let (key, _) = person.key(json!({ "label": "new" })).await;
    let args = [
        "login",
        "--with-token",
        "-",
        "--api-url",
        "http://127.0.0.1:9",
    ];
    let told = machine.keon_with_input(&args, &key).fails(1);
    assert!(
        told.contains("error: profile default is signed in to"),
        "{told}"
    );
    assert!(
        told.contains("hint: keep both: keon login --profile NAME"),
        "{told}"
    );
    let after = std::fs::read_to_string(machine.credentials()).unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn open_goes_to_the_console_or_prints_where_it_is() {
    let app = App::shared().await;
    let browser = Browser::new();
    let machine = browser.on(Machine::new().with("KISENON_API_URL", &app.base));
    let printed = machine.keon(&["open", "--print"]).ok();
    assert_eq!(printed, "https://console.it.test/\n");
    let json = machine.keon(&["open", "-o", "json"]).json();
    assert_eq!(json, json!({ "consoleUrl": "https://console.it.test/" }));
    assert!(!browser.is_open());
    let outcome = machine.keon(&["open"]);
    assert!(
        outcome.stderr.contains("Opening https://console.it.test/"),
        "{outcome:?}"
    );
    assert_eq!(outcome.ok(), "");
    assert_eq!(browser.page().await.as_str(), "https://console.it.test/");
    let elsewhere = [
        "open",
        "--print",
        "--console-url",
        "https://console.example.com",
    ];
    assert_eq!(
        machine.keon(&elsewhere).ok(),
        "https://console.example.com/\n"
    );
}
