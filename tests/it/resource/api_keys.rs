//! API keys: made, narrowed, listed, renamed, revoked and reported.

use reqwest::Method;
use serde_json::{Value, json};

use kisenon::crd::ApiKey;

use super::app::{App, Client, apply_key, until};
use crate::cluster::{self, Namespace};

async fn create(client: &Client<'_>, body: Value) -> (Value, String) {
    let made = client.post("/v1/api-keys", body).await;
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.ok(201);
    let key = made["key"].as_str().unwrap().to_owned();
    (made, key)
}

fn path(key: &Value) -> String {
    format!("/v1/api-keys/{}", key["id"].as_str().unwrap())
}

async fn stored(home: &Namespace) -> String {
    let keys = home
        .api::<ApiKey>()
        .list(&Default::default())
        .await
        .unwrap();
    serde_json::to_string(&keys.items).unwrap()
}

#[tokio::test]
async fn a_key_is_shown_once_and_works_until_it_is_revoked() {
    let home = cluster::tenant("keys", "keys").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (made, key) = create(&client, json!({"label": "ci"})).await;
    assert!(key.starts_with(made["prefix"].as_str().unwrap()));
    assert_eq!(
        (&made["state"], &made["managedBy"]),
        (&json!("Active"), &json!("api"))
    );
    assert_eq!(made["scopes"], json!(["read", "write"]));
    assert!(!stored(&home).await.contains(&key));
    let child = app.with(&key);
    child.get("/v1/projects").await.ok(200);

    let list = client.get("/v1/api-keys").await;
    assert!(!list.text.contains(&key) && !list.text.contains("argon2"));
    assert_eq!(list.ok(200)["items"].as_array().unwrap().len(), 2);
    let shown = client.get(&path(&made)).await.ok(200);
    assert_eq!((&shown["label"], shown.get("key")), (&json!("ci"), None));
    let renamed = client
        .send(
            Method::PATCH,
            &path(&made),
            &[],
            Some(json!({"label": "cd"})),
        )
        .await;
    assert_eq!(renamed.ok(200)["label"], "cd");

    assert_eq!(client.delete(&path(&made)).await.status, 204);
    child
        .get("/v1/projects")
        .await
        .refused(401, "invalid_token");
    client.get(&path(&made)).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_key_makes_none_that_can_do_more_than_itself() {
    let home = cluster::tenant("wider", "wider").await;
    let app = App::start().await;
    let all = app.key(&home, json!({})).await;
    for name in ["shop", "blog"] {
        all.post("/v1/projects", json!({ "name": name }))
            .await
            .ok(201);
    }
    let (_, key) = create(
        &all,
        json!({"label": "writer", "project": "shop", "expiresAt": "2099-01-01T00:00:00Z"}),
    )
    .await;
    let bound = app.with(&key);
    for body in [
        json!({"label": "x", "project": "blog"}),
        json!({"label": "x", "expiresAt": "2100-01-01T00:00:00Z"}),
    ] {
        let refused = bound.post("/v1/api-keys", body.clone()).await;
        assert!(
            [400, 403].contains(&refused.status),
            "{body}: {}",
            refused.text
        );
    }
    let (child, key) = create(&bound, json!({"label": "x", "scopes": ["read"]})).await;
    assert_eq!(child["project"]["name"], "shop");
    assert_eq!(child["expiresAt"], "2099-01-01T00:00:00Z");
    let reader = app.with(&key);
    let projects = reader.get("/v1/projects").await.ok(200);
    assert_eq!(projects["items"].as_array().unwrap().len(), 1);
    let refused = reader.post("/v1/api-keys", json!({"label": "y"})).await;
    refused.refused(403, "insufficient_scope");
    for (member, value) in [
        ("label", json!("")),
        ("label", json!("a\u{7}")),
        ("scopes", json!([])),
        ("expiresAt", json!("2001-01-01T00:00:00Z")),
        ("project", json!("none")),
        ("admin", json!(true)),
    ] {
        let mut body = json!({"label": "x"});
        body[member] = value;
        all.post("/v1/api-keys", body)
            .await
            .refused(400, "invalid_request");
    }
}

#[tokio::test]
async fn revoking_a_key_revokes_what_it_has_made() {
    let home = cluster::tenant("cascade", "cascade").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (parent, key) = create(&client, json!({"label": "parent"})).await;
    let (kept, kept_key) = create(&app.with(&key), json!({"label": "kept"})).await;
    assert_eq!(kept["parent"], parent["id"]);
    let (child, child_key) = create(&app.with(&kept_key), json!({"label": "child"})).await;
    let only = format!("{}?cascade=false", path(&parent));
    assert_eq!(client.delete(&only).await.status, 204);
    app.with(&key)
        .get("/v1/me")
        .await
        .refused(401, "invalid_token");
    app.with(&kept_key).get("/v1/me").await.ok(200);
    assert_eq!(client.delete(&path(&kept)).await.status, 204);
    app.with(&child_key)
        .get("/v1/me")
        .await
        .refused(401, "invalid_token");
    client.get(&path(&child)).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_key_can_end_itself_whatever_it_may_do() {
    let home = cluster::tenant("itself", "itself").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (made, key) = create(&client, json!({"label": "x", "scopes": ["read"]})).await;
    let (other, _) = create(&client, json!({"label": "y"})).await;
    let reader = app.with(&key);
    reader
        .delete(&path(&other))
        .await
        .refused(403, "insufficient_scope");
    assert_eq!(reader.delete(&path(&made)).await.status, 204);
    reader.get("/v1/me").await.refused(401, "invalid_token");
}

#[tokio::test]
async fn a_key_of_git_is_marked_and_stays() {
    let home = cluster::tenant("git", "git").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (token, id) = apply_key(&home, json!({"label": "theirs"})).await;
    let theirs = app.with(&token);
    until("the key is accepted", async || {
        (theirs.get("/v1/me").await.status == 200).then_some(())
    })
    .await;
    let path = format!("/v1/api-keys/{id}");
    assert_eq!(client.get(&path).await.ok(200)["managedBy"], "kubernetes");
    assert_eq!(client.delete(&path).await.status, 204);
    theirs.get("/v1/me").await.refused(401, "invalid_token");
    assert_eq!(client.get(&path).await.ok(200)["state"], "Revoked");
}

#[tokio::test]
async fn a_request_for_a_key_that_is_sent_again_makes_no_second_and_shows_nothing() {
    let home = cluster::tenant("once", "once").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let send = async || {
        let headers = [("idempotency-key", "k")];
        let body = Some(json!({"label": "ci"}));
        client
            .send(Method::POST, "/v1/api-keys", &headers, body)
            .await
    };
    let first = send().await.ok(201);
    let again = send().await;
    let said = again.refused(409, "conflict");
    assert!(said.contains(first["id"].as_str().unwrap()), "{said}");
    assert!(!again.text.contains(first["key"].as_str().unwrap()));
    let list = client.get("/v1/api-keys").await.ok(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn whoever_finds_a_whole_key_ends_it() {
    let home = cluster::tenant("leak", "leak").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (_, key) = create(&client, json!({"label": "leaked"})).await;
    let anybody = app.anybody();
    let report = async |key: &str| {
        anybody
            .post("/v1/api-keys/report", json!({ "key": key }))
            .await
    };
    let half = &key[..20];
    for text in [half, "nsk_", "", "hunter2"] {
        assert_eq!(report(text).await.status, 202);
    }
    app.with(&key).get("/v1/me").await.ok(200);
    let known = report(&key).await;
    let unknown = report(&key).await;
    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    app.with(&key)
        .get("/v1/me")
        .await
        .refused(401, "invalid_token");
    report_of(&client).await;
    anybody
        .post("/v1/api-keys/report", json!({}))
        .await
        .refused(400, "invalid_request");
}

/// The tenant reads who ended its key.
async fn report_of(client: &Client<'_>) {
    let events = client.get("/v1/audit-events").await.ok(200);
    let newest = &events["items"][0];
    assert_eq!(
        (&newest["action"], &newest["actor"]["id"]),
        (&json!("api-key.report"), &json!("leak-report"))
    );
}
