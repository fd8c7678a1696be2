//! The probes, asked over their router and over a socket.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use super::*;

const BOUND: Duration = Duration::from_secs(60);

fn health() -> Health {
    Health {
        readiness: Readiness::new(&["watches", "leader"]),
        liveness: Liveness::new(BOUND, Instant::now()),
        metrics: Metrics::new("0.1.0", "abc"),
    }
}

async fn ask(health: &Health, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = health.clone().router().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn readiness_needs_every_check() {
    let health = health();
    health.readiness.set("watches", true);
    assert!(!health.readiness.is_ready());
    let (status, text) = ask(&health, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        text,
        "[-]leader failed\n[+]watches ok\nreadyz check failed\n"
    );

    health.readiness.set("leader", true);
    let (status, text) = ask(&health, "/readyz").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.ends_with("readyz check passed\n"), "{text}");
}

#[test]
fn a_heart_that_stops_is_noticed_after_the_bound() {
    let start = Instant::now();
    let liveness = Liveness::new(BOUND, start);
    assert!(liveness.is_alive(start + BOUND));
    assert!(!liveness.is_alive(start + BOUND + Duration::from_millis(1)));
    liveness.beat(start + BOUND);
    liveness.beat(start);
    assert!(liveness.is_alive(start + BOUND * 2));
}

#[tokio::test]
async fn liveness_does_not_wait_for_readiness() {
    let mut health = health();
    let (status, text) = ask(&health, "/livez").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(text, "[+]heartbeat ok\nlivez check passed\n");

    health.liveness.bound = Duration::ZERO;
    tokio::time::sleep(Duration::from_millis(2)).await;
    let (status, _) = ask(&health, "/livez").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn metrics_are_open_metrics() {
    let (status, text) = ask(&health(), "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert_eq!(ask(&health(), "/other").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_server_answers_until_it_is_told_to_stop() {
    let listener = listen(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = listener.local_addr().unwrap();
    assert!(matches!(
        listen(address).await,
        Err(HealthError::Listen { .. })
    ));
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(serve(listener, health(), shutdown.clone()));

    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");

    shutdown.cancel();
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
