//! Server-sent events: the present state, then every change, until the credential ends.

use futures::StreamExt as _;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::app::{App, Client, PATIENCE, apply_key, until};
use super::endpoints::{shop, status};
use crate::cluster;

/// One event.
#[derive(Clone, Debug, Default)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

/// An open stream.
struct Stream {
    chunks: futures::stream::BoxStream<'static, reqwest::Result<axum::body::Bytes>>,
    read: String,
}

impl Stream {
    async fn open(client: &Client<'_>, path: &str, last: Option<&str>) -> Self {
        let mut request = client.request(Method::GET, path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response: Response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            chunks: futures::stream::unfold(response, |mut response| async move {
                let chunk = response.chunk().await.transpose()?;
                Some((chunk, response))
            })
            .boxed(),
            read: String::new(),
        }
    }

    /// The next event, or none at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((text, rest)) = self.read.split_once("\n\n") {
                let event = parse(text);
                self.read = rest.to_owned();
                return Some(event);
            }
            let chunk = timeout(PATIENCE, self.chunks.next()).await.unwrap()?;
            self.read
                .push_str(std::str::from_utf8(&chunk.ok()?).unwrap());
        }
    }

    /// All events up to the one of this name, and that one.
    async fn until(&mut self, name: &str) -> (Vec<Event>, Event) {
        self.find(|event| event.name == name).await
    }

    async fn find(&mut self, wanted: impl Fn(&Event) -> bool) -> (Vec<Event>, Event) {
        let mut before = Vec::new();
        loop {
            let event = self.next().await.unwrap();
            if wanted(&event) {
                return (before, event);
            }
            before.push(event);
        }
    }
}

fn parse(text: &str) -> Event {
    let mut event = Event::default();
    for line in text.lines() {
        let (field, value) = line.split_once(": ").unwrap_or((line, ""));
        match field {
            "event" => event.name = value.to_owned(),
            "id" => event.id = value.to_owned(),
            "data" => event.data = serde_json::from_str(value).unwrap(),
            _ => {}
        }
    }
    event
}

fn names(events: &[Event]) -> Vec<(&str, &str)> {
    let of = |event: &'_ Event| event.data["name"].as_str().unwrap_or_default().to_owned();
    let _ = of;
    events
        .iter()
        .map(|event| {
            (
                &*event.name,
                event.data["name"].as_str().unwrap_or_default(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_change_of_phase_arrives_and_so_does_the_end() {
    let home = cluster::tenant("phase", "phase").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (path, made) = shop(&client).await;
    let mut stream = Stream::open(&client, &format!("{path}/events"), None).await;
    let (present, synced) = stream.until("synced").await;
    assert_eq!(names(&present), [("endpoint", "shop-main")]);
    assert_eq!(present[0].data, made);
    assert_eq!(synced.data, json!({"complete": true}));
    for phase in ["Starting", "Running"] {
        status(&home, json!({ "phase": phase })).await;
        stream.find(|event| event.data["phase"] == phase).await;
    }
    // Another endpoint is of no interest here.
    let other = json!({"project": "shop", "name": "other"});
    client.post("/v1/endpoints", other).await.ok(201);
    assert_eq!(client.delete(&path).await.status, 204);
    let (between, deleted) = stream.until("deleted").await;
    assert!(between.is_empty(), "{between:?}");
    assert_eq!(
        deleted.data,
        json!({"kind": "endpoint", "id": made["id"], "name": "shop-main"})
    );
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn who_comes_back_hears_what_was_missed() {
    let home = cluster::tenant("missed", "missed").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (path, _) = shop(&client).await;
    let mut stream = Stream::open(&client, "/v1/events", None).await;
    let (present, _) = stream.until("synced").await;
    assert_eq!(
        names(&present),
        [("project", "shop"), ("endpoint", "shop-main")]
    );
    client
        .post(&format!("{path}/suspend"), json!({}))
        .await
        .ok(200);
    let (_, last) = stream
        .find(|event| event.data["desiredState"] == "Suspended")
        .await;
    drop(stream);
    client
        .post("/v1/projects", json!({"name": "blog"}))
        .await
        .ok(201);
    assert_eq!(client.delete(&path).await.status, 204);
    let mut again = Stream::open(&client, "/v1/events", Some(&last.id)).await;
    let (missed, synced) = again.until("synced").await;
    let found = names(&missed);
    assert!(found.contains(&("project", "blog")), "{found:?}");
    assert!(found.contains(&("deleted", "shop-main")), "{found:?}");
    assert_eq!(synced.data, json!({"complete": false}));
    // What is too long ago is made up for by everything.
    let mut old = Stream::open(&client, "/v1/events", Some("1")).await;
    let (all, synced) = old.until("synced").await;
    assert_eq!(all.len(), 2);
    assert_eq!(synced.data, json!({"complete": true}));
    let bad = [("last-event-id", "x")];
    let refused = client.send(Method::GET, "/v1/events", &bad, None).await;
    refused.refused(400, "invalid_request");
}

#[tokio::test]
async fn a_stream_ends_with_its_credential() {
    let home = cluster::tenant("ends", "ends").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (token, id) = apply_key(&home, json!({})).await;
    let other = app.with(&token);
    until("the key is accepted", async || {
        (other.get("/v1/me").await.status == 200).then_some(())
    })
    .await;
    let mut stream = Stream::open(&other, "/v1/events", None).await;
    stream.until("synced").await;
    assert_eq!(
        client.delete(&format!("/v1/api-keys/{id}")).await.status,
        204
    );
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn nothing_of_others_is_in_a_stream() {
    let (mine, theirs) = (
        cluster::tenant("stream", "stream").await,
        cluster::tenant("noise", "noise").await,
    );
    let app = App::start().await;
    let (me, they) = (
        app.key(&mine, json!({})).await,
        app.key(&theirs, json!({})).await,
    );
    let bound = app.key(&mine, json!({"project": "blog"})).await;
    shop(&they).await;
    let mut all = Stream::open(&me, "/v1/events", None).await;
    let mut narrow = Stream::open(&bound, "/v1/events", None).await;
    assert!(all.until("synced").await.0.is_empty());
    narrow.until("synced").await;
    they.post("/v1/projects", json!({"name": "noise"}))
        .await
        .ok(201);
    shop(&me).await;
    let projects = me.get("/v1/projects").await.ok(200);
    let shop = projects["items"][0]["id"].as_str().unwrap();
    me.post("/v1/projects", json!({"name": "blog"}))
        .await
        .ok(201);
    let (before, _) = narrow.until("project").await;
    assert!(before.is_empty(), "{before:?}");
    let (before, _) = all.find(|event| event.data["name"] == "blog").await;
    assert!(
        before.iter().all(|event| event.data["name"] != "noise"),
        "{before:?}"
    );
    assert_eq!(me.delete(&format!("/v1/projects/{shop}")).await.status, 204);
    all.until("deleted").await;
}

#[tokio::test]
async fn one_credential_has_so_many_streams_and_no_more() {
    let home = cluster::tenant("streams", "streams").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let mut streams = Vec::new();
    for _ in 0..16 {
        streams.push(Stream::open(&client, "/v1/events", None).await);
    }
    let refused = client.get("/v1/events").await;
    refused.refused(429, "rate_limited");
    assert!(!refused.header("retry-after").is_empty());
    drop(streams);
    until("a place is free", async || {
        let response = client
            .request(Method::GET, "/v1/events")
            .send()
            .await
            .unwrap();
        (response.status() == 200).then_some(())
    })
    .await;
}
