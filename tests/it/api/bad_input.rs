//! Whatever is sent to any route, it is refused with a problem document, soon, and changes nothing
//! (J11, J12). Requests are random, from a seed that a failure names, so that it can be repeated.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::app::{App, Person, client, somebodys_address};
use dice::Dice;

mod dice;

/// Requests to each route.
const EACH: u64 = 24;
const LONGEST: Duration = Duration::from_secs(4);
/// Answers that go on for as long as the client listens.
const STREAMS: [&str; 2] = ["/v1/events", "/v1/endpoints/{id}/events"];
/// What a body cannot spoil: it takes none, and what it does is done.
const SIGN_OUT: &str = "/v1/auth/signout";

/// A request, as far as it can be sent again and told.
struct Case {
    seed: u64,
    method: Method,
    route: String,
    path: String,
    token: Option<String>,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

impl Case {
    /// Never one that could be done: an id is of nothing, a body has a member that no route knows.
    fn new(seed: u64, (method, route): &(Method, String), tokens: &[String]) -> Self {
        let mut dice = Dice::new(seed);
        let path = dice.path(route) + &dice.query();
        let token = match dice.below(10) {
            0 => None,
            1 | 2 => Some(dice.token(tokens)),
            _ if route == SIGN_OUT => Some(dice.token(tokens)),
            _ => Some(dice.pick(tokens).clone()),
        };
        let has_body = !matches!(*method, Method::GET | Method::DELETE) || dice.below(8) == 0;
        Self {
            seed,
            method: method.clone(),
            route: route.clone(),
            path,
            token,
            headers: dice.headers(route),
            body: has_body.then(|| dice.body(route)),
        }
    }

    fn request(&self, app: &App) -> RequestBuilder {
        let url = format!("{}{}", app.base, self.path);
        let mut request = client().request(self.method.clone(), url);
        request = request.header("x-forwarded-for", somebodys_address());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &self.headers {
            let value = HeaderValue::from_bytes(value).unwrap();
            request = request.header(HeaderName::from_static(name), value);
        }
        match &self.body {
            Some(body) => request.body(body.clone()),
            None => request,
        }
    }

    /// Enough to find it again.
    fn words(&self) -> String {
        let body = self.body.as_deref().map(String::from_utf8_lossy);
        let body = body.map(|text| text.chars().take(200).collect::<String>());
        let Self {
            seed,
            method,
            path,
            headers,
            ..
        } = self;
        format!("seed {seed}: {method} {path} {headers:?} {body:?}")
    }

    /// Sends it; answers the status and what is wrong with the answer.
    async fn send(&self, app: &App) -> (u16, Option<String>) {
        let mut took = Duration::MAX;
        // A machine that is busy with other tests gets a second chance.
        for _ in 0..2 {
            let began = Instant::now();
            let response = self.request(app).send().await.unwrap();
            let status = response.status().as_u16();
            let media = response.headers().get("content-type").cloned();
            let is_stream = STREAMS.contains(&&*self.route) && status == 200;
            let text = if is_stream {
                String::new()
            } else {
                response.text().await.unwrap()
            };
            took = took.min(began.elapsed());
            if let Some(wrong) = self.wrong(status, media.as_ref(), &text) {
                return (status, Some(format!("{status} {wrong}: {text}")));
            }
            if took < LONGEST {
                return (status, None);
            }
        }
        (0, Some(format!("took {took:?}")))
    }

    fn wrong(&self, status: u16, media: Option<&HeaderValue>, text: &str) -> Option<&'static str> {
        // A read may be good whatever came with it; a report says the same to everybody.
        let may_be_good = self.method == Method::GET || self.route == "/v1/api-keys/report";
        if status < 400 {
            return (!may_be_good).then_some("was done");
        }
        if status >= 500 {
            return Some("is a failure");
        }
        if media.is_none_or(|media| media != "application/problem+json") {
            return Some("is no problem document");
        }
        let problem = serde_json::from_str::<Value>(text).unwrap_or_default();
        if problem["status"] != status || !problem["code"].is_string() {
            return Some("is no whole problem document");
        }
        let inner = [
            "kisenon_",
            "SELECT",
            "sqlx",
            "src/",
            ".rs:",
            "panicked",
            "serviceaccount",
        ];
        let leaks = inner.iter().any(|word| text.contains(word));
        leaks.then_some("tells what is inside")
    }
}

fn routes() -> Vec<(Method, String)> {
    let document = include_str!("../../../openapi.json");
    let document = serde_json::from_str::<Value>(document).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            routes.push((method, path.clone()));
        }
    }
    routes
}

/// Everything that a caller has, but when its keys were used.
async fn belongings(person: &Person<'_>) -> Value {
    let mut lists = Vec::new();
    for path in [
        "/v1/projects",
        "/v1/endpoints",
        "/v1/api-keys",
        "/v1/audit-events",
    ] {
        let mut list = person.get(path).await.expect(200);
        for item in list["items"].as_array_mut().unwrap() {
            item.as_object_mut().unwrap().remove("lastUsedAt");
        }
        lists.push(list);
    }
    json!(lists)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn j11_j12_no_input_is_more_than_refused() {
    let app = App::shared().await;
    let person = app.person("garbage").await;
    let made = person.post("/v1/projects", json!({"name": "kept"})).await;
    made.expect(201);
    // Several, since some actions are limited to few a minute.
    let mut tokens = vec![person.token.clone()];
    for count in 0..3 {
        tokens.push(app.sign_in(&person.email).await.token);
        tokens.push(person.key(json!({"label": format!("k{count}")})).await.0);
    }
    let before = belongings(&person).await;
    let (mut wrong, mut count, mut answers) = (Vec::new(), 0, BTreeMap::new());
    for (place, route) in routes().iter().enumerate() {
        for number in 0..EACH {
            let seed = (place as u64) << 32 | number;
            let case = Case::new(seed, route, &tokens);
            let (status, problem) = case.send(app).await;
            *answers.entry(status).or_insert(0) += 1;
            count += 1;
            if let Some(problem) = problem {
                wrong.push(format!("{problem}\n{}", case.words()));
            }
        }
    }
    let listed = wrong
        .iter()
        .take(12)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n\n");
    assert!(wrong.is_empty(), "{} of {count}:\n{listed}", wrong.len());
    // It was not one refusal for all: requests have come to every place that looks at them.
    for status in [200, 400, 401, 403, 404, 413, 415, 428] {
        assert!(
            answers.contains_key(&status),
            "{status} is missing in {answers:?}"
        );
    }
    let limited = answers.get(&429).copied().unwrap_or_default();
    assert!(
        limited < count / 10,
        "only counted: {limited} of {answers:?}"
    );
    assert_eq!(belongings(&person).await, before);
}
