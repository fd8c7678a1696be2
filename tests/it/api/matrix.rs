//! Who may call what: every route of the API × every kind of caller. A route without a row fails.
//!
//! Requests carry no body that could be done, so what a caller may do ends in a refusal of the
//! request (4xx but 401 and 403), and nothing is changed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::app::{App, Person};
use Access::{Open, Own, Project, Session, Tenant};
use Needs::{Both, Nothing, Read, Write};

/// Whom a route lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Anybody.
    Open,
    /// A session alone.
    Session,
    /// A session, or a key of the tenant that is bound to no project.
    Tenant,
    /// A session, or any key; a key bound to a project sees that one alone.
    Project,
    /// Whoever has a credential at all.
    Own,
}

/// What a key needs besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nothing,
    Read,
    Write,
    Both,
}

const ROWS: &[(&str, &str, Access, Needs)] = &[
    ("GET", "/.well-known/kisenon.json", Open, Nothing),
    ("POST", "/v1/auth/exchange", Open, Nothing),
    ("POST", "/v1/auth/refresh", Open, Nothing),
    ("POST", "/v1/auth/cli/authorize", Session, Nothing),
    ("POST", "/v1/auth/cli/exchange", Open, Nothing),
    ("POST", "/v1/auth/device/code", Open, Nothing),
    ("POST", "/v1/auth/device/token", Open, Nothing),
    ("GET", "/v1/auth/device/{user_code}", Session, Nothing),
    ("POST", "/v1/auth/device/approve", Session, Nothing),
    ("GET", "/v1/me", Own, Nothing),
    ("GET", "/v1/audit-events", Tenant, Read),
    ("GET", "/v1/projects", Project, Read),
    ("POST", "/v1/projects", Tenant, Write),
    ("GET", "/v1/projects/{id}", Project, Read),
    ("PATCH", "/v1/projects/{id}", Project, Write),
    ("DELETE", "/v1/projects/{id}", Project, Write),
    ("GET", "/v1/endpoints", Project, Read),
    ("POST", "/v1/endpoints", Project, Write),
    ("GET", "/v1/endpoints/{id}", Project, Read),
    ("PATCH", "/v1/endpoints/{id}", Project, Write),
    ("DELETE", "/v1/endpoints/{id}", Project, Write),
    ("POST", "/v1/endpoints/{id}/suspend", Project, Write),
    ("POST", "/v1/endpoints/{id}/resume", Project, Write),
    ("POST", "/v1/endpoints/{id}/reset-password", Project, Both),
    ("GET", "/v1/endpoints/{id}/connection", Project, Both),
    ("GET", "/v1/endpoints/{id}/access", Project, Read),
    ("PUT", "/v1/endpoints/{id}/access", Project, Write),
    ("GET", "/v1/endpoints/{id}/events", Project, Read),
    ("GET", "/v1/events", Project, Read),
    ("GET", "/v1/api-keys", Project, Read),
    ("POST", "/v1/api-keys", Project, Write),
    ("GET", "/v1/api-keys/{id}", Project, Read),
    ("PATCH", "/v1/api-keys/{id}", Project, Write),
    ("DELETE", "/v1/api-keys/{id}", Project, Write),
    ("POST", "/v1/api-keys/report", Open, Nothing),
    ("POST", "/v1/manifests", Project, Both),
    // The last, since it ends the session that the rows before have used.
    ("POST", "/v1/auth/signout", Session, Nothing),
];

/// A caller, and whether a route that needs these lets it in.
struct Row {
    name: &'static str,
    token: Option<String>,
    admits: fn(Access, Needs) -> bool,
}

#[tokio::test]
async fn every_route_has_a_row() {
    let app = App::shared().await;
    let document = app
        .anonymous(Method::GET, "/openapi.json", None)
        .await
        .expect(200);
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            routes.insert((method.to_uppercase(), path.clone()));
        }
    }
    let rows = ROWS
        .iter()
        .map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned()))
        .collect::<BTreeSet<_>>();
    assert_eq!(routes, rows);
}

/// Every kind of caller, on every route.
#[tokio::test]
async fn every_route_admits_whom_its_row_names_and_nobody_else() {
    let app = App::shared().await;
    let owner = app.person("owner").await;
    let mut wrong = Vec::new();
    for caller in callers(app, &owner).await {
        for (method, path, access, needs) in ROWS {
            let answer = call(app, method, path, caller.token.as_deref()).await;
            let status = answer.status.as_u16();
            let is_admitted = *access == Open || (caller.admits)(*access, *needs);
            let is_right = match (is_admitted, caller.token.is_some()) {
                (true, _) => !matches!(status, 401 | 403) && status < 500,
                (false, false) => status == 401 && answer.json()["code"] == "unauthenticated",
                (false, true) => matches!(status, 401 | 403 | 404),
            };
            if !is_right {
                let name = caller.name;
                wrong.push(format!("{name}: {method} {path}: {status} {}", answer.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn callers(app: &App, owner: &Person<'_>) -> Vec<Row> {
    let key = async |body: Value| owner.key(body).await.0;
    let anyone = |_, _| true;
    let nobody = |_, _| false;
    let any_key: fn(Access, Needs) -> bool = |access, _| access != Session;
    let (revoked, revoked_id) = owner.key(json!({ "label": "revoked" })).await;
    owner
        .delete(&format!("/v1/api-keys/{revoked_id}"))
        .await
        .expect(204);
    let ends = Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let expired = key(json!({ "label": "expired", "expiresAt": ends.to_string() })).await;
    let signed_out = app.sign_in(&owner.email).await;
    signed_out
        .post("/v1/auth/signout", json!({}))
        .await
        .expect(204);
    let mut forged = owner.token.clone();
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    until_expired(app, &expired).await;
    vec![
        row("no credential", None, nobody),
        row("session", Some(owner.token.clone()), anyone),
        row(
            "session that was signed out",
            Some(signed_out.token.clone()),
            nobody,
        ),
        row("forged session", Some(forged), nobody),
        row(
            "id token in place of a session (J4)",
            Some(app.issuer.id_token(&owner.email)),
            nobody,
        ),
        row(
            "refresh token in place of a session (J4)",
            Some(owner.refresh.clone()),
            nobody,
        ),
        row("key", Some(key(json!({ "label": "all" })).await), any_key),
        row(
            "read-only key",
            Some(key(json!({ "label": "read", "scopes": ["read"] })).await),
            |access, needs| access != Session && matches!(needs, Nothing | Read),
        ),
        row("revoked key", Some(revoked), nobody),
        row("expired key", Some(expired), nobody),
    ]
}

fn row(name: &'static str, token: Option<String>, admits: fn(Access, Needs) -> bool) -> Row {
    Row {
        name,
        token,
        admits,
    }
}

async fn until_expired(app: &App, key: &str) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(100));
    for _ in 0..100 {
        ticks.tick().await;
        let me = app.send(Method::GET, "/v1/me", Some(key), None).await;
        if me.status == 401 {
            return;
        }
    }
    panic!("a key does not expire");
}

/// Somebody else's ids answer as absent ones do, to the byte.
#[tokio::test]
async fn j12_what_is_anothers_is_not_there() {
    let app = App::shared().await;
    let (owner, stranger) = (app.person("mine").await, app.person("theirs").await);
    let (_, key_id) = owner.key(json!({ "label": "mine" })).await;
    let project = owner
        .post("/v1/projects", json!({ "name": "mine" }))
        .await
        .expect(201);
    let project_id = project["id"].as_str().unwrap();
    for (path, absent) in [
        (
            format!("/v1/projects/{project_id}"),
            "/v1/projects/prj-000000000000000000000000",
        ),
        (
            format!("/v1/api-keys/{key_id}"),
            "/v1/api-keys/key-0000000000000000",
        ),
    ] {
        owner.get(&path).await.expect(200);
        let theirs = stranger.get(&path).await;
        let nothing = stranger.get(absent).await;
        assert_eq!(theirs.refusal(404), "not_found");
        assert_eq!(
            without_request(&theirs.json()),
            without_request(&nothing.json())
        );
        stranger.delete(&path).await.expect(404);
        owner.get(&path).await.expect(200);
    }
    let listed = stranger.get("/v1/projects").await.expect(200);
    assert_eq!(listed["items"], json!([]));
}

fn without_request(problem: &Value) -> Value {
    let mut problem = problem.clone();
    problem.as_object_mut().unwrap().remove("requestId");
    problem
}

async fn call(app: &App, method: &str, path: &str, token: Option<&str>) -> super::app::Answer {
    let path = path
        .replace("{user_code}", "BCDF-GHJK")
        .replace("/projects/{id}", "/projects/prj-000000000000000000000000")
        .replace("/endpoints/{id}", "/endpoints/ep-0000000000000000")
        .replace("/api-keys/{id}", "/api-keys/key-0000000000000000");
    // A stream would never end, and an empty list cannot be told from a refusal.
    let is_stream = path == "/v1/events";
    let body = match method {
        "GET" | "DELETE" => None,
        _ => Some(json!({ "not": "known" })),
    };
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    if is_stream {
        return app.begin(method, &path, token).await;
    }
    app.send(method, &path, token, body).await
}
