//! What the kubelet and Prometheus are told over TCP.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use kisenon::health::{self, Health, Liveness, Readiness};
use kisenon::metrics::Metrics;

async fn get(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: it\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn probes_and_metrics_are_served_until_the_end() {
    let readiness = Readiness::new(&["watches"]);
    let health = Health {
        readiness: readiness.clone(),
        liveness: Liveness::new(Duration::from_secs(60), Instant::now()),
        metrics: Metrics::new("1.2.3", "abc"),
    };
    let listener = health::listen("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(health::serve(listener, health, stop.clone()));
    assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
    let waiting = get(address, "/readyz").await;
    assert!(waiting.starts_with("HTTP/1.1 503"), "{waiting}");
    assert!(waiting.contains("[-]watches failed"), "{waiting}");
    readiness.set("watches", true);
    assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200"));
    let metrics = get(address, "/metrics").await;
    assert!(
        metrics.contains(r#"kisenon_build_info{version="1.2.3",commit="abc"} 1"#),
        "{metrics}"
    );
    stop.cancel();
    serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
