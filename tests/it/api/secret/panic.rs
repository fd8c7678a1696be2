//! A handler that panics, with words that hold a secret.

use std::process::Command;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::get;
use kisenon::api::http::edges::catch_panics;
use kisenon::telemetry::{self, LogFormat};
use tower::ServiceExt as _;

const SECRET: &str = "planted-in-a-panic";

/// A log is started once a process: this test, run again by itself.
#[tokio::test]
async fn a_panic_is_told_without_its_words() {
    let name = "api::secret::panic::a_panic_is_told_without_its_words";
    if !std::env::args().any(|argument| argument == "--exact") {
        let mut alone = Command::new(std::env::current_exe().unwrap());
        let output = alone
            .args([name, "--exact", "--nocapture"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{text}"
        );
        assert!(
            text.contains("a thread panicked") && text.contains("secret/panic.rs:"),
            "{text}"
        );
        assert!(text.contains("the words of the program"), "{text}");
        assert!(!text.contains(SECRET), "{text}");
        return;
    }
    telemetry::init(Some(LogFormat::Json), "trace").unwrap();
    let secret = std::hint::black_box(SECRET);
    let routes = Router::new()
        .route(
            "/made",
            get(async move || -> () { panic!("failed with {secret}") }),
        )
        .route(
            "/fixed",
            get(async || -> () { panic!("the words of the program") }),
        )
        .layer(catch_panics());
    for path in ["/made", "/fixed"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = routes.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 500);
        let body = to_bytes(answer.into_body(), 4096).await.unwrap();
        let problem = serde_json::from_slice::<serde_json::Value>(&body).unwrap();
        assert_eq!(problem["code"], "internal");
        assert_eq!(problem.get("detail"), None);
    }
}
