//! The public half of a key.

use serde_json::{Value, json};

use super::{accepts, accepts_change, object, refuses, refuses_change, with};

const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA\
    $RdescudvJCsgt3ub+b7dWRWJTmaaJObGb8Oe0xZkZRE";

/// What must never be in an object.
const KEY: &str = "nsk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A key of the user `u1`, with `fields`.
pub(super) fn spec(fields: &Value) -> Value {
    let base = json!({"label": "ci", "lookupId": "0123456789", "hash": HASH, "user": "u1"});
    with(base, fields)
}

fn key(fields: &Value) -> Value {
    object("ApiKey", "it", &spec(fields))
}

#[tokio::test]
async fn a_key_of_a_user_and_one_from_git_are_accepted() {
    accepts(key(&json!({}))).await;
    let all = json!({
        "user": null,
        "role": "deploy",
        "expiresAt": "2030-01-01T00:00:00Z",
        "scopes": ["read", "write"],
        "project": "shop",
        "parent": "session-1",
        "revoked": true,
    });
    accepts(key(&all)).await;
}

#[tokio::test]
async fn a_key_has_a_user_or_a_role() {
    let words = ["give user (the person the key acts for) or role (for a key that comes from Git)"];
    refuses(key(&json!({"role": "deploy"})), &words).await;
    refuses(key(&json!({"user": null})), &words).await;
}

#[tokio::test]
async fn a_lookup_id_is_ten_letters_and_digits() {
    for bad in ["012345678", "012345678-", "012345678\n", ""] {
        let words = [
            "spec.lookupId: Invalid value",
            "the 10 letters and digits that follow nsk_",
        ];
        refuses(key(&json!({"lookupId": bad})), &words).await;
    }
    let words = ["spec.lookupId: Too long: may not be more than 10 bytes"];
    let message = refuses(key(&json!({"lookupId": KEY})), &words).await;
    assert!(!message.contains(KEY), "a key is shown: {message}");
}

#[tokio::test]
async fn a_key_itself_or_a_weaker_hash_is_no_hash() {
    for bad in [
        KEY.to_owned(),
        HASH.replace("argon2id", "argon2i"),
        HASH.replace("v=19", "v=16"),
        HASH.replace("m=19456", "m=8"),
        "$2b$12$abcdefghijklmnopqrstuv".to_owned(),
        String::new(),
    ] {
        let words = [
            "spec.hash: Invalid value",
            "hash must be the argon2id hash of the key in PHC string format",
            "never write the key itself",
        ];
        let message = refuses(key(&json!({"hash": bad})), &words).await;
        assert!(!message.contains(KEY), "a key is shown: {message}");
    }
}

#[tokio::test]
async fn an_unknown_scope_is_refused_with_the_known_ones() {
    let words = [
        "spec.scopes[0]: Unsupported value: \"admin\"",
        "supported values: \"read\", \"write\"",
    ];
    refuses(key(&json!({"scopes": ["admin"]})), &words).await;
    let words = ["spec.scopes", "should have at least 1 items"];
    refuses(key(&json!({"scopes": []})), &words).await;
    let words = ["spec.scopes", "must have at most 2 items"];
    refuses(key(&json!({"scopes": ["read", "write", "read"]})), &words).await;
}

#[tokio::test]
async fn an_expiry_is_a_time() {
    let words = ["spec.expiresAt", "must be of type date-time"];
    refuses(key(&json!({"expiresAt": "tomorrow"})), &words).await;
}

#[tokio::test]
async fn names_in_a_key_have_an_end() {
    for (field, most) in [
        ("label", 128),
        ("user", 64),
        ("project", 63),
        ("parent", 128),
    ] {
        accepts(key(&json!({field: "a".repeat(most)}))).await;
        let words = [format!(
            "spec.{field}: Too long: may not be more than {most} bytes"
        )];
        refuses(key(&json!({field: "a".repeat(most + 1)})), &[&words[0]]).await;
        let words = [format!("spec.{field}"), "at least 1 chars long".to_owned()];
        refuses(key(&json!({field: ""})), &[&words[0], &words[1]]).await;
    }
}

#[tokio::test]
async fn the_secret_part_cannot_be_exchanged() {
    let words = ["lookupId cannot be changed: make a new ApiKey"];
    refuses_change(
        key(&json!({})),
        key(&json!({"lookupId": "abcdefghij"})),
        &words,
    )
    .await;
    let other = HASH.replace("Rdesc", "RDESC");
    let words = ["hash cannot be changed: make a new ApiKey"];
    refuses_change(key(&json!({})), key(&json!({"hash": other})), &words).await;
}

#[tokio::test]
async fn a_revoked_key_stays_revoked() {
    let revoked = key(&json!({"revoked": true}));
    accepts_change(key(&json!({})), revoked.clone()).await;
    accepts_change(
        revoked.clone(),
        key(&json!({"revoked": true, "label": "old"})),
    )
    .await;
    let words = ["a revoked key cannot be brought back: make a new key"];
    refuses_change(revoked.clone(), key(&json!({"revoked": false})), &words).await;
    refuses_change(revoked, key(&json!({})), &words).await;
}

#[tokio::test]
async fn whose_a_key_is_and_where_it_comes_from_is_fixed() {
    let of_role = json!({"user": null, "role": "deploy"});
    for (before, after, message) in [
        (
            json!({}),
            json!({"user": "u2"}),
            "spec.user: Forbidden: user cannot be changed, added or removed: make a new ApiKey for the other user",
        ),
        (json!({}), of_role.clone(), "user cannot be changed"),
        (
            of_role.clone(),
            json!({"user": null, "role": "backup"}),
            "spec.role: Forbidden: role cannot be changed, added or removed: make a new ApiKey for the other role",
        ),
        (of_role.clone(), json!({}), "role cannot be changed"),
        (
            json!({"parent": "ses-1"}),
            json!({"parent": "ses-2"}),
            "spec.parent: Forbidden: parent cannot be changed, added or removed: it tells what ends with its parent",
        ),
        (
            json!({}),
            json!({"parent": "ses-1"}),
            "parent cannot be changed, added",
        ),
        (
            json!({"parent": "ses-1"}),
            json!({}),
            "parent cannot be changed, added or removed",
        ),
    ] {
        refuses_change(key(&before), key(&after), &[message]).await;
        let renamed = with(before.clone(), &json!({"label": "renamed"}));
        accepts_change(key(&before), key(&renamed)).await;
    }
}

#[tokio::test]
async fn scopes_only_narrow() {
    let scopes = |list: &[&str]| key(&json!({"scopes": list}));
    let all = key(&json!({}));
    accepts_change(all.clone(), scopes(&["read", "write"])).await;
    accepts_change(all.clone(), scopes(&["read"])).await;
    accepts_change(scopes(&["read", "write"]), scopes(&["write", "read"])).await;
    accepts_change(scopes(&["read", "write"]), scopes(&["write"])).await;
    let words = [
        "spec.scopes: Forbidden: scopes can be set where there are none, and then only lose entries",
        "write some of the present ones, or make a new ApiKey that may do more",
    ];
    refuses_change(scopes(&["read"]), scopes(&["read", "write"]), &words).await;
    refuses_change(scopes(&["read"]), scopes(&["write"]), &words).await;
    refuses_change(scopes(&["read"]), all, &words).await;
}

#[tokio::test]
async fn a_project_is_set_once() {
    let project = |name: &str| key(&json!({"project": name}));
    let all = key(&json!({}));
    accepts_change(all.clone(), project("shop")).await;
    accepts_change(project("shop"), project("shop")).await;
    let words = [
        "spec.project: Forbidden: project can be set where there is none, and then neither changed nor removed",
        "make a new ApiKey for the other project",
    ];
    refuses_change(project("shop"), project("blog"), &words).await;
    refuses_change(project("shop"), all, &words).await;
}

#[tokio::test]
async fn an_expiry_only_comes_nearer() {
    let until = |time: &str| key(&json!({"expiresAt": time}));
    let endless = key(&json!({}));
    let given = until("2030-01-01T00:00:00Z");
    accepts_change(endless.clone(), given.clone()).await;
    accepts_change(given.clone(), until("2029-12-31T23:59:59Z")).await;
    // The same moment, written in another way.
    accepts_change(given.clone(), until("2030-01-01T01:00:00+01:00")).await;
    let words = [
        "spec.expiresAt: Forbidden: expiresAt can be set where there is none, and then only be moved to an earlier time",
        "or make a new ApiKey that lasts longer",
    ];
    refuses_change(given.clone(), until("2030-01-01T00:00:01Z"), &words).await;
    refuses_change(given.clone(), until("2030-01-01T00:00:00-01:00"), &words).await;
    refuses_change(given, endless, &words).await;
}

/// The schema lets null through; it must not be a way around the rules.
#[tokio::test]
async fn null_takes_nothing_away() {
    for (field, value) in [
        ("expiresAt", json!("2030-01-01T00:00:00Z")),
        ("project", json!("shop")),
        ("scopes", json!(["read"])),
        ("parent", json!("ses-1")),
    ] {
        let mut without = key(&json!({}));
        without["spec"][field] = Value::Null;
        let words = [&*format!("spec.{field}")];
        refuses_change(key(&json!({field: value})), without, &words).await;
    }
}
