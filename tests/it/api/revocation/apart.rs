//! A replica that is cut off from what tells it of revocations lets nobody in.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::super::app::{App, Link, Setting};
use crate::operator::site;
use crate::store::{empty_postgres, server};

/// Longest that a replica that is cut off goes on accepting.
const FAIL_CLOSED: Duration = Duration::from_secs(10);
/// Longest until it works again by itself.
const BACK: Duration = Duration::from_secs(30);

/// A database, and the same one by a way that can be broken.
async fn postgres() -> (String, String, Link) {
    let straight = empty_postgres().await;
    let socket = server::shared().socket();
    let link = Link::to_socket(&socket).await;
    let encode = |folder: &std::path::Path| folder.display().to_string().replace('/', "%2F");
    let by_link = straight.replace(&encode(socket.parent().unwrap()), &encode(link.folder()));
    assert_ne!(straight, by_link);
    (straight, by_link, link)
}

async fn kubernetes() -> Link {
    tokio::task::spawn_blocking(site::operator).await.unwrap();
    let url = site::SHARED.plane.config().cluster_url;
    Link::to_port(url.port_u16().unwrap()).await
}

/// How long it takes until the replica answers with this status; on the way there only `others`.
async fn until_answers(replica: &App, token: &str, status: u16, others: &[u16], limit: Duration) {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    loop {
        ticks.tick().await;
        let began = Instant::now();
        let answer = replica
            .send(Method::GET, "/v1/projects", Some(token), None)
            .await;
        // The first use of a key takes longer, in which its hash is computed.
        let is_in_time = answer.status != 503 || began.elapsed() < Duration::from_secs(4);
        assert!(is_in_time, "{answer:?}");
        if answer.status == status {
            break;
        }
        assert!(others.contains(&answer.status.as_u16()), "{answer:?}");
        assert!(started.elapsed() < limit, "{answer:?}");
    }
}

async fn refuses_and_comes_back(link: &Link, replica: &App, token: &str) {
    for break_off in [Link::cut, Link::silence] {
        break_off(link);
        until_answers(replica, token, 503, &[200], FAIL_CLOSED).await;
        let refused = replica.send(Method::GET, "/v1/me", Some(token), None).await;
        assert_eq!(refused.refusal(503), "unavailable");
        assert_eq!(refused.header("retry-after"), "1");
        link.mend();
        until_answers(replica, token, 200, &[503], BACK).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_without_its_row_refuses_credentials_and_comes_back() {
    let (_, by_link, link) = postgres().await;
    let replica = App::own(Some(by_link)).await;
    let person = replica.person("row").await;
    let (key, _) = person.key(json!({"label": "row"})).await;
    for token in [&key, &person.token] {
        refuses_and_comes_back(&link, &replica, token).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_without_its_watch_refuses_credentials_and_comes_back() {
    let link = kubernetes().await;
    let replica = App::with(Setting {
        kubernetes: Some(link.address()),
        ..Setting::default()
    })
    .await;
    let person = replica.person("watch").await;
    let (key, _) = person.key(json!({"label": "watch"})).await;
    for token in [&key, &person.token] {
        refuses_and_comes_back(&link, &replica, token).await;
    }
}

/// What ends while a replica is away is refused there from its first answer on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_was_away_has_missed_nothing() {
    let (straight, by_link, to_store) = postgres().await;
    let to_kubernetes = kubernetes().await;
    let present = App::own(Some(straight)).await;
    let away = App::with(Setting {
        database_url: Some(by_link),
        kubernetes: Some(to_kubernetes.address()),
        ..Setting::default()
    })
    .await;
    for link in [&to_store, &to_kubernetes] {
        let person = present.person("away").await;
        let (key, id) = person.key(json!({"label": "away"})).await;
        for token in [&key, &person.token] {
            until_answers(&away, token, 200, &[401, 503], BACK).await;
        }
        link.cut();
        until_answers(&away, &key, 503, &[200], FAIL_CLOSED).await;
        // The other does not wait for it without end.
        let gone = person.delete(&format!("/v1/api-keys/{id}")).await;
        gone.expect(204);
        let ended = person.post("/v1/auth/signout", json!({})).await;
        ended.expect(204);
        link.mend();
        for token in [&key, &person.token] {
            until_answers(&away, token, 401, &[503], BACK).await;
        }
    }
}
