//! Keys for Git: made offline, accepted by the server.

use std::os::unix::fs::PermissionsExt as _;

use kisenon::crd::ApiKey;
use kube::api::{Patch, PatchParams};
use serde_json::Value;

use super::machine::Machine;
use super::shop::Shop;
use crate::api::app::App;
use crate::resource::app::until;

/// The key that a run has shown.
fn shown(stderr: &str) -> String {
    let line = stderr.lines().find(|line| line.starts_with("nsk_"));
    line.unwrap_or_else(|| panic!("{stderr}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_made_offline_works_once_its_manifest_is_applied() {
    let shop = Shop::empty("git-key").await;
    let machine = Machine::new();
    let args = [
        "api-keys",
        "hash",
        "ci",
        "--scope",
        "read",
        "--expires-in",
        "90d",
    ];
    let made = machine.keon(&[&args[..], &["--namespace", &shop.home.name]].concat());
    let key = shown(&made.stderr);
    let text = made.ok();
    assert!(!text.contains(&key[14..]), "no part of the secret: {text}");
    let filtered = text.lines().map(|line| match line.split_once(": ") {
        Some((name @ ("  lookupId" | "  expiresAt" | "  namespace"), _)) => format!("{name}: […]"),
        _ if line.contains("$argon2id$") => {
            assert!(line.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{line}");
            "    [hash]".to_owned()
        }
        _ => line.to_owned(),
    });
    insta::assert_snapshot!(filtered.collect::<Vec<_>>().join("\n"));

    let document = serde_saphyr::from_str::<Value>(&text).unwrap();
    let git = PatchParams::apply("flux");
    let keys = shop.home.api::<ApiKey>();
    keys.patch("ci", &git, &Patch::Apply(&document))
        .await
        .unwrap();
    let user = Machine::new()
        .with("KISENON_API_URL", &shop.app.base)
        .with("KISENON_API_KEY", &key);
    let me = until("the key is accepted", async || {
        let whoami = user.keon(&["whoami", "-o", "json"]);
        (whoami.code == 0).then(|| whoami.json())
    })
    .await;
    assert_eq!(me["credential"]["label"], "ci");
    assert_eq!(me["credential"]["scopes"], serde_json::json!(["read"]));
}

#[tokio::test]
async fn a_person_applies_a_key_of_their_own_and_of_nobody_else() {
    let person = App::shared().await.person("own-key").await;
    let machine = Machine::of(&person).await;
    let applied = |user: &str| {
        let made = machine.keon(&["api-keys", "hash", "laptop", "--user", user]);
        let key = shown(&made.stderr);
        let args = ["apply", "-f", "-"];
        (key, machine.keon_with_input(&args, &made.ok()))
    };
    let told = applied("usr-0a1b2c3d4e5f6071829303a4").1.fails(1);
    assert!(told.contains("a key acts for who makes it"), "{told}");
    let (key, outcome) = applied(&person.user_id);
    outcome.ok();
    let user = Machine::new()
        .with("KISENON_API_URL", &person.app.base)
        .with("KISENON_API_KEY", &key);
    let me = user.keon(&["whoami", "-o", "json"]).json();
    assert_eq!(me["user"]["email"], person.email);
}

#[test]
fn a_key_is_kept_in_a_new_file_or_read_and_never_an_argument() {
    let machine = Machine::new();
    let file = machine.home().join("ci.key");
    let path = file.display().to_string();
    let args = ["api-keys", "hash", "ci", "--key-file", &path];
    let made = machine.keon(&args);
    assert!(!made.stderr.contains("nsk_"), "{made:?}");
    let first = serde_saphyr::from_str::<Value>(&made.ok()).unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let key = std::fs::read_to_string(&file).unwrap();
    let told = machine.keon(&args).fails(1);
    assert!(
        told.contains("File exists"),
        "a key is not overwritten: {told}"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), key);

    let args = ["api-keys", "hash", "ci", "--with-token", "-", "-o", "json"];
    let again = machine.keon_with_input(&args, &key);
    assert_eq!(again.stderr, "", "whoever has the key needs not see it");
    let again = again.json();
    assert_eq!(again["spec"]["lookupId"], first["spec"]["lookupId"]);
    assert_ne!(again["spec"]["hash"], first["spec"]["hash"], "another salt");
    let told = machine
        .keon(&["api-keys", "hash", "ci", "--with-token", key.trim()])
        .fails(2);
    assert!(
        !told.contains(key.trim()) && told.contains("--with-token -"),
        "{told}"
    );
    let told = machine.keon_with_input(&args, "nsk_nonsense").fails(2);
    assert!(!told.contains("nonsense"), "{told}");
}
