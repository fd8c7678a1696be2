//! The database or Kubernetes away: said at once and as it is, nothing lost, back by itself.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::app::{Answer, App, Link, Person, Setting, client, finish};
use crate::operator::site;
use crate::store::server::Server;

/// Longest that a client waits for a refusal.
const AT_ONCE: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(30);

/// Each route of the document, with an id in its path that nothing has.
fn routes() -> Vec<(Method, String)> {
    let document = include_str!("../../../openapi.json");
    let document = serde_json::from_str::<Value>(document).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let path = path
                .replace("{user_code}", "BCDF-GHJK")
                .replace("{id}", "prj-0");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            routes.push((method, path));
        }
    }
    routes
}

/// Asks until the answer is as wanted; each must come at once.
async fn until(
    what: &str,
    ask: impl AsyncFn() -> Answer,
    wanted: impl Fn(&Answer) -> bool,
) -> Answer {
    let deadline = Instant::now() + PATIENCE;
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    loop {
        ticks.tick().await;
        let answer = ask().await;
        if wanted(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what}: {answer:?}");
    }
}

async fn until_ready(app: &App, ready: bool) {
    let deadline = Instant::now() + PATIENCE;
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    while app.readiness.is_ready() != ready {
        ticks.tick().await;
        assert!(Instant::now() < deadline, "readiness stays {}", !ready);
    }
}

/// A refusal as it must be, in time. A machine that is busy with other tests gets a second chance.
async fn refused_at_once(what: &str, ask: impl AsyncFn() -> Answer) {
    for is_last in [false, true] {
        let began = Instant::now();
        let answer = ask().await;
        let took = began.elapsed();
        assert_eq!(answer.refusal(503), "unavailable", "{what}");
        let wait = answer.header("retry-after").parse::<u32>().unwrap();
        assert!((1..=5).contains(&wait), "{what}: {wait}");
        if took < AT_ONCE {
            return;
        }
        assert!(!is_last, "{what} took {took:?}");
    }
}

/// Every route that asks who sends the request.
async fn all_refuse(app: &App, person: &Person<'_>) {
    let open = [
        "/exchange",
        "/refresh",
        "/device/code",
        "/device/token",
        "/report",
        "/kisenon.json",
    ];
    for (method, path) in routes() {
        if open.iter().any(|end| path.ends_with(end)) {
            continue;
        }
        let what = format!("{method} {path}");
        refused_at_once(&what, async || {
            let token = Some(person.token.as_str());
            app.send(method.clone(), &path, token, Some(json!({})))
                .await
        })
        .await;
    }
}

/// The open routes that need the database, each with a request that would be done.
fn open_requests(app: &App, person: &Person<'_>) -> Vec<(&'static str, Value)> {
    let token = |kind: &str| format!("{kind}{}", "A".repeat(43));
    vec![
        (
            "/v1/auth/exchange",
            json!({"provider": "it", "idToken": app.issuer.id_token(&person.email)}),
        ),
        ("/v1/auth/refresh", json!({"refreshToken": person.refresh})),
        ("/v1/auth/device/code", json!({"label": "x"})),
        (
            "/v1/auth/device/token",
            json!({"device_code": token("nsd_")}),
        ),
        (
            "/v1/auth/cli/exchange",
            json!({
                "code": token("nsc_"), "codeVerifier": "v".repeat(43),
                "redirectUri": "http://127.0.0.1:4000/callback",
            }),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_it_says_so_at_once_and_comes_back() {
    let start = tokio::task::spawn_blocking(|| Server::new().unwrap());
    let mut server = start.await.unwrap();
    let app = App::with(Setting {
        database_url: Some(server.url("postgres")),
        proxies: 1,
        ..Setting::default()
    })
    .await;
    let person = app.person("away").await;
    let (key, key_id) = person.key(json!({"label": "stays"})).await;
    person
        .post("/v1/projects", json!({"name": "before"}))
        .await
        .expect(201);

    server.stop();
    // Before anybody has noticed: what cannot be done is not done, what stands is told.
    let idempotent = client()
        .post(format!("{}/v1/projects", app.base))
        .bearer_auth(&person.token)
        .header("idempotency-key", "in-between")
        .json(&json!({"name": "not-made"}));
    let began = Instant::now();
    assert_eq!(finish(idempotent).await.refusal(503), "unavailable");
    assert!(began.elapsed() < AT_ONCE * 2, "{:?}", began.elapsed());
    let stands = person
        .post("/v1/projects", json!({"name": "between"}))
        .await;
    until_ready(&app, false).await;
    all_refuse(&app, &person).await;
    for (path, body) in open_requests(&app, &person) {
        refused_at_once(path, async || {
            app.anonymous(Method::POST, path, Some(body.clone())).await
        })
        .await;
    }
    // What needs no database goes on.
    app.anonymous(Method::GET, "/.well-known/jwks.json", None)
        .await
        .expect(200);

    let start = tokio::task::spawn_blocking(move || server.start().map(|()| server));
    let _server = start.await.unwrap().unwrap();
    until_ready(&app, true).await;
    let me = until(
        "the key is accepted",
        async || app.send(Method::GET, "/v1/me", Some(&key), None).await,
        |a| a.status == 200,
    )
    .await;
    assert_eq!(me.json()["credential"]["id"], json!(key_id));
    let listed = person.get("/v1/projects").await.expect(200);
    let names = listed["items"].as_array().unwrap().iter();
    let names = names
        .map(|item| item["name"].as_str().unwrap())
        .collect::<Vec<_>>();
    let mut expected = vec!["before"];
    if stands.status == 201 {
        expected.push("between");
    }
    assert_eq!(names, expected, "{stands:?}");
    // The record of what was done meanwhile is not lost either.
    let recorded = |answer: &Answer| {
        let events = answer.json()["items"].as_array().unwrap().clone();
        let creations = events
            .iter()
            .filter(|event| event["action"] == "project.create");
        creations.count() == expected.len()
    };
    until(
        "every change is recorded",
        async || person.get("/v1/audit-events").await,
        recorded,
    )
    .await;
    // Nor is the refresh token, which was presented while it could not be used.
    let body = json!({"refreshToken": person.refresh});
    app.anonymous(Method::POST, "/v1/auth/refresh", Some(body))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_kubernetes_it_says_so_at_once_and_comes_back() {
    tokio::task::spawn_blocking(site::operator).await.unwrap();
    let port = site::SHARED.plane.config().cluster_url.port_u16().unwrap();
    let link = Link::to_port(port).await;
    let app = App::with(Setting {
        kubernetes: Some(link.address()),
        proxies: 1,
        ..Setting::default()
    })
    .await;
    let person = app.person("kube").await;
    let (key, _) = person.key(json!({"label": "stays"})).await;
    person
        .post("/v1/projects", json!({"name": "before"}))
        .await
        .expect(201);

    link.cut();
    // Before anybody has noticed.
    let write = person
        .post("/v1/projects", json!({"name": "between"}))
        .await;
    assert_eq!(write.refusal(503), "unavailable");
    assert!(!write.header("retry-after").is_empty());
    until_ready(&app, false).await;
    all_refuse(&app, &person).await;
    // Sessions are the database's matter.
    let proof = json!({"provider": "it", "idToken": app.issuer.id_token(&person.email)});
    app.anonymous(Method::POST, "/v1/auth/exchange", Some(proof))
        .await
        .expect(200);

    link.mend();
    until_ready(&app, true).await;
    let list = async || {
        app.send(Method::GET, "/v1/projects", Some(&key), None)
            .await
    };
    let listed = until("the key is accepted", list, |answer| answer.status == 200).await;
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 1);
    // A busy machine may make it doubt once more whether it has seen all that was revoked.
    let write = async || person.post("/v1/projects", json!({"name": "after"})).await;
    until("it is made", write, |answer| answer.status == 201).await;
    let list = async || person.get("/v1/projects").await;
    let listed = until("it is listed", list, |answer| answer.status == 200).await;
    assert_eq!(
        listed.json()["items"].as_array().unwrap().len(),
        2,
        "it reads what it wrote"
    );
}
