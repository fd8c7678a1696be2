//! `keon api-keys` against the API.

use serde_json::json;

use super::machine::Machine;

/// The same machine with another key.
fn with_key(machine: &Machine, key: &str) -> Machine {
    machine.again().with("KISENON_API_KEY", key.trim())
}

#[tokio::test]
async fn a_key_is_written_to_standard_output_alone_and_works_until_it_is_revoked() {
    let machine = Machine::of_somebody("keys").await;
    let outcome = machine.keon(&["api-keys", "create", "ci"]);
    assert_eq!(
        outcome.stderr,
        "this is API key ci, which may read and write everywhere until it is revoked; \
         it is not shown again\n"
    );
    let key = outcome.ok();
    assert!(
        key.starts_with("nsk_") && key.lines().count() == 1,
        "{key:?}"
    );
    let ci = with_key(&machine, &key);
    ci.keon(&["projects", "list"]).ok();
    let outcome = ci.keon(&["api-keys", "create", "child", "-q", "-o", "json"]);
    assert_eq!(outcome.stderr, "");
    let child = outcome.json();
    assert_eq!(child["label"], "child");
    let shown = machine
        .keon(&["api-keys", "get", "ci", "-o", "json"])
        .json();
    assert_eq!((shown.get("key"), &shown["id"]), (None, &child["parent"]));
    let prefix = shown["prefix"].as_str().unwrap();
    let renamed = machine.keon(&["api-keys", "rename", prefix, "--label", "cd", "-o", "json"]);
    assert_eq!(renamed.json()["label"], "cd");
    let outcome = machine.keon(&["api-keys", "revoke", "cd", "--yes"]);
    assert_eq!(outcome.stderr, "API key cd is revoked\n");
    outcome.ok();
    let said = ci.keon(&["projects", "list"]).fails(4);
    assert!(
        said.contains("hint: put another key into KISENON_API_KEY"),
        "{said}"
    );
    // What it has made has gone with it.
    with_key(&machine, child["key"].as_str().unwrap())
        .keon(&["projects", "list"])
        .fails(4);
}

#[tokio::test]
async fn the_keys_of_a_revoked_key_can_be_kept() {
    let machine = Machine::of_somebody("children").await;
    let parent = machine.keon(&["api-keys", "create", "parent"]).ok();
    let child = with_key(&machine, &parent)
        .keon(&["api-keys", "create", "child"])
        .ok();
    machine
        .line("api-keys revoke parent --keep-children --yes")
        .ok();
    with_key(&machine, &parent)
        .keon(&["projects", "list"])
        .fails(4);
    with_key(&machine, &child).keon(&["projects", "list"]).ok();
}

#[tokio::test]
async fn a_narrow_key_does_what_it_may_and_says_what_it_may_not() {
    let machine = Machine::of_somebody("narrow").await;
    for name in ["shop", "blog"] {
        machine
            .keon(&["projects", "create", name, "--no-wait"])
            .ok();
    }
    let args = "api-keys create ci --scope read --project shop --expires-in 90d -o json";
    let made = machine.line(args).json();
    assert_eq!(
        (&made["scopes"], &made["project"]["name"]),
        (&json!(["read"]), &json!("shop"))
    );
    let end: jiff::Timestamp = made["expiresAt"].as_str().unwrap().parse().unwrap();
    let hours = end.duration_since(jiff::Timestamp::now()).as_hours();
    assert!((90 * 24 - 1..=90 * 24).contains(&hours), "{hours}");
    let reader = with_key(&machine, made["key"].as_str().unwrap());
    assert_eq!(
        reader.keon(&["projects", "list", "-o", "name"]).ok(),
        "project/shop\n"
    );
    let said = reader.keon(&["projects", "create", "more"]).fails(1);
    assert!(
        said.contains("hint: sign in with keon login, or make a key that may"),
        "{said}"
    );
    let said = reader
        .keon(&["projects", "delete", "shop", "--yes"])
        .fails(1);
    assert!(said.contains("scope"), "{said}");
    let said = reader.keon(&["projects", "get", "blog"]).fails(1);
    assert!(
        said.starts_with("error: there is no project blog\n"),
        "{said}"
    );
}

#[tokio::test]
async fn bad_input_is_told_where_it_is_typed() {
    let machine = Machine::of_somebody("badkeys").await;
    machine.refuses(&[
        ("api-keys create ci --scope admin", 2, "read"),
        ("api-keys create ci --expires-in tomorrow", 2, "90d"),
        ("api-keys create ci --expires-in 9999y", 2, "--expires-in"),
        (
            "api-keys create ci --expires-in 1d --expires-at 2099-01-01T00:00:00Z",
            2,
            "cannot be used",
        ),
        (
            "api-keys create ci --expires-at 2001-01-01T00:00:00Z",
            1,
            "future",
        ),
        (
            "api-keys create ci --project nosuch",
            1,
            "there is no project nosuch",
        ),
        ("api-keys create ci -o name", 2, "would lose the key"),
        ("api-keys update keon", 2, "--label"),
        ("api-keys get nosuch", 1, "there is no API key nosuch"),
        (
            "api-keys revoke key-0000000000000000 --yes",
            1,
            "there is no API key",
        ),
    ]);
    for _ in 0..2 {
        machine.keon(&["api-keys", "create", "twin", "-q"]).ok();
    }
    let said = machine.keon(&["api-keys", "get", "twin"]).fails(1);
    assert!(
        said.starts_with("error: 2 API keys are called twin\nhint: name it by its prefix: nsk_"),
        "{said}"
    );
}
