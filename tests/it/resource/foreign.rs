//! A foreign id is an absent one: the same answer, byte for byte (J12, N9).

use reqwest::Method;
use serde_json::{Value, json};

use super::app::{Answer, App, Client};
use super::endpoints::shop;
use crate::cluster;

const ABSENT: [(&str, &str); 3] = [
    ("projects", "prj-000000000000000000000000"),
    ("endpoints", "ep-0000000000000000"),
    ("api-keys", "key-0000000000000000"),
];

/// Every route with an id, by its collection.
fn routes() -> Vec<(&'static str, Method, &'static str, Value)> {
    let patch = json!({"displayName": "x"});
    let access = json!({"allowedCidrs": ["192.0.2.0/24"]});
    vec![
        ("projects", Method::GET, "", Value::Null),
        ("projects", Method::PATCH, "", patch),
        ("projects", Method::DELETE, "", Value::Null),
        ("endpoints", Method::GET, "", Value::Null),
        (
            "endpoints",
            Method::PATCH,
            "",
            json!({"compute": {"cpu": "2"}}),
        ),
        ("endpoints", Method::DELETE, "", Value::Null),
        ("endpoints", Method::POST, "/suspend", json!({})),
        ("endpoints", Method::POST, "/resume", json!({})),
        ("endpoints", Method::POST, "/reset-password", json!({})),
        ("endpoints", Method::PUT, "/access", access),
        ("endpoints", Method::GET, "/access", Value::Null),
        ("endpoints", Method::GET, "/connection", Value::Null),
        ("endpoints", Method::GET, "/events", Value::Null),
        ("api-keys", Method::GET, "", Value::Null),
        ("api-keys", Method::PATCH, "", json!({"label": "x"})),
        ("api-keys", Method::DELETE, "", Value::Null),
    ]
}

async fn ask(client: &Client<'_>, path: &str, method: Method, body: &Value) -> Answer {
    let tag = [("if-match", "\"1\"")];
    let body = (!body.is_null()).then(|| body.clone());
    client.send(method, path, &tag, body).await
}

/// All that a client can see but what differs between any two requests.
fn seen(answer: &Answer) -> (u16, Value, Vec<(String, String)>) {
    let mut body = answer.body.clone();
    body["requestId"] = Value::Null;
    let mut headers = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .filter(|(name, _)| !["date", "x-request-id", "ratelimit"].contains(&&**name))
        .collect::<Vec<_>>();
    headers.sort_unstable();
    (answer.status, body, headers)
}

async fn compare(mine: &Client<'_>, foreign: &[(&str, String)]) {
    for (collection, method, action, body) in routes() {
        let absent = ABSENT
            .iter()
            .find(|(name, _)| *name == collection)
            .unwrap()
            .1;
        let (_, theirs) = foreign
            .iter()
            .find(|(name, _)| *name == collection)
            .unwrap();
        let path = |id: &str| format!("/v1/{collection}/{id}{action}");
        let a = ask(mine, &path(theirs), method.clone(), &body).await;
        let b = ask(mine, &path(absent), method.clone(), &body).await;
        assert_eq!(a.status, 404, "{method} {}: {}", path(theirs), a.text);
        assert_eq!(seen(&a), seen(&b), "{method} {collection}{action}");
    }
}

async fn ids(client: &Client<'_>) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (collection, _) in ABSENT {
        let list = client.get(&format!("/v1/{collection}")).await.ok(200);
        let id = list["items"][0]["id"].as_str().unwrap().to_owned();
        found.push((collection, id));
    }
    found
}

#[tokio::test]
async fn a_foreign_id_answers_as_an_absent_one() {
    let (mine, theirs) = (
        cluster::tenant("mine", "mine").await,
        cluster::tenant("theirs", "theirs").await,
    );
    let app = App::start().await;
    let (me, they) = (
        app.key(&mine, json!({})).await,
        app.key(&theirs, json!({})).await,
    );
    let (path, before) = shop(&they).await;
    compare(&me, &ids(&they).await).await;
    assert_eq!(they.get(&path).await.ok(200), before);
    // Nor is a foreign project one to make an endpoint in.
    let project = before["project"]["id"].as_str().unwrap();
    let body = |project: &str| json!({"project": project, "name": "x"});
    let a = me.post("/v1/endpoints", body(project)).await;
    let b = me.post("/v1/endpoints", body(ABSENT[0].1)).await;
    assert_eq!((a.status, seen(&a)), (422, seen(&b)));
}

#[tokio::test]
async fn what_lies_outside_a_keys_project_answers_as_absent() {
    let home = cluster::tenant("inside", "inside").await;
    let app = App::start().await;
    let all = app.key(&home, json!({})).await;
    let (path, _) = shop(&all).await;
    all.post("/v1/projects", json!({"name": "blog"}))
        .await
        .ok(201);
    let bound = app.key(&home, json!({"project": "blog"})).await;
    let projects = all.get("/v1/projects").await.ok(200);
    let named = |name: &str| {
        let items = projects["items"].as_array().unwrap();
        let found = items.iter().find(|item| item["name"] == name).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    let keys = all.get("/v1/me").await.ok(200);
    let foreign = [
        ("projects", named("shop")),
        ("endpoints", path.rsplit('/').next().unwrap().to_owned()),
        (
            "api-keys",
            keys["credential"]["id"].as_str().unwrap().to_owned(),
        ),
    ];
    compare(&bound, &foreign).await;
    let seen = bound.get("/v1/projects").await.ok(200);
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert_eq!(bound.get("/v1/endpoints").await.ok(200)["items"], json!([]));
    bound
        .get(&format!("/v1/projects/{}", named("blog")))
        .await
        .ok(200);
    bound
        .get("/v1/audit-events")
        .await
        .refused(403, "insufficient_scope");
}
