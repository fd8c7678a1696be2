//! What every route has in common: refusals, headers, limits, the documents for everybody.

use reqwest::Method;
use serde_json::{Value, json};

use super::app::{App, CONSOLE_SECRET, client, finish};

#[tokio::test]
async fn j9_a_missing_credential_is_told_apart_from_a_bad_one() {
    let app = App::shared().await;
    let none = app.anonymous(Method::GET, "/v1/me", None).await;
    assert_eq!(none.refusal(401), "unauthenticated");
    assert_eq!(none.header("www-authenticate"), "Bearer realm=\"kisenon\"");
    for token in ["x", "nsk_x", "a.b.c", &"A".repeat(20_000)] {
        let bad = app.send(Method::GET, "/v1/me", Some(token), None).await;
        assert_eq!(bad.refusal(401), "invalid_token");
        assert!(
            bad.header("www-authenticate")
                .contains("error=\"invalid_token\"")
        );
    }
    let url = format!("{}/v1/me", app.base);
    let basic = finish(client().get(&url).basic_auth("a", Some("b"))).await;
    assert_eq!(basic.refusal(401), "unauthenticated");
    let two = client()
        .get(&url)
        .header("authorization", "Bearer a")
        .header("authorization", "Bearer b");
    assert_eq!(finish(two).await.refusal(400), "invalid_request");
    let query = app
        .anonymous(Method::GET, "/v1/me?access_token=x", None)
        .await;
    assert_eq!(query.refusal(401), "unauthenticated", "never in the query");
}

#[tokio::test]
async fn j12_bad_bodies_are_refused_with_a_problem() {
    let app = App::shared().await;
    let url = format!("{}/v1/auth/exchange", app.base);
    let send = async |media: &str, body: Vec<u8>| {
        finish(client().post(&url).header("content-type", media).body(body)).await
    };
    let json = "application/json";
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    for (media, body, status) in [
        (json, b"{".to_vec(), 400),
        (json, b"[]".to_vec(), 400),
        (json, b"\xff\xfe".to_vec(), 400),
        (json, br#"{"provider":"it","unknown":1}"#.to_vec(), 400),
        (json, br#"{"provider":7}"#.to_vec(), 400),
        (json, deep, 400),
        (json, vec![b' '; 300 * 1024], 413),
        ("text/plain", b"{}".to_vec(), 415),
    ] {
        let answer = send(media, body).await;
        answer.refusal(status);
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let app = App::shared().await;
    let nothing = app.anonymous(Method::GET, "/v1/nothing", None).await;
    assert_eq!(nothing.refusal(404), "not_found");
    let method = app.anonymous(Method::DELETE, "/v1/me", None).await;
    assert_eq!(method.refusal(405), "method_not_allowed");
    let person = app.person("cursor").await;
    for path in ["/v1/audit-events?cursor=x", "/v1/projects?cursor=x"] {
        assert_eq!(person.get(path).await.refusal(400), "invalid_cursor");
    }
    for path in [
        "/v1/projects?limit=0",
        "/v1/projects?limit=201",
        "/v1/projects?limt=5",
    ] {
        assert_eq!(person.get(path).await.refusal(400), "invalid_request");
    }
}

#[tokio::test]
async fn every_answer_names_its_request_and_guards_the_browser() {
    let app = App::shared().await;
    let answer = app.anonymous(Method::GET, "/v1/me", None).await;
    let problem = answer.json();
    assert_eq!(problem["requestId"], answer.header("x-request-id"));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), value);
    }
    assert!(
        answer
            .header("strict-transport-security")
            .contains("max-age")
    );
    assert!(
        answer
            .header("content-security-policy")
            .contains("frame-ancestors 'none'")
    );
}

#[tokio::test]
async fn browsers_may_call_from_the_console_alone() {
    let app = App::shared().await;
    let from = async |origin: &str| {
        let request = client()
            .request(Method::OPTIONS, format!("{}/v1/projects", app.base))
            .header("origin", origin)
            .header("access-control-request-method", "GET");
        finish(request).await
    };
    let console = from("https://console.it.test").await;
    assert_eq!(
        console.header("access-control-allow-origin"),
        "https://console.it.test"
    );
    for origin in [
        "https://evil.test",
        "null",
        "https://console.it.test.evil.test",
    ] {
        let answer = from(origin).await;
        assert_ne!(answer.header("access-control-allow-origin"), origin);
        assert_ne!(answer.header("access-control-allow-origin"), "*");
    }
}

#[tokio::test]
async fn limits_are_told_and_kept() {
    let app = App::own(None).await;
    let begin = async || {
        let body = json!({ "label": "x" });
        app.anonymous(Method::POST, "/v1/auth/device/code", Some(body))
            .await
    };
    let first = begin().await;
    first.expect(200);
    assert_eq!(
        first.header("ratelimit-policy"),
        "\"device-code\";q=10;w=60"
    );
    assert_eq!(first.header("ratelimit"), "\"device-code\";r=9");
    let mut refused = None;
    for _ in 0..12 {
        let answer = begin().await;
        if answer.status == 429 {
            refused = Some(answer);
        }
    }
    let refused = refused.unwrap();
    assert_eq!(refused.refusal(429), "rate_limited");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
    // A header that nobody vouches for does not make another peer.
    let from = |secret: &str| {
        client()
            .post(format!("{}/v1/auth/device/code", app.base))
            .header("x-forwarded-for", "203.0.113.9")
            .header("kisenon-console-secret", secret)
            .json(&json!({ "label": "x" }))
    };
    let spoofed = finish(from("known0to0the0console0and0not0to0others")).await;
    assert_eq!(spoofed.refusal(429), "rate_limited");
    // The console does.
    finish(from(CONSOLE_SECRET)).await.expect(200);
}

#[tokio::test]
async fn j13_the_security_contact_is_never_stale() {
    let app = App::shared().await;
    let answer = app
        .anonymous(Method::GET, "/.well-known/security.txt", None)
        .await;
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    let field = |name: &str| {
        let lines = answer
            .text
            .lines()
            .filter_map(|line| line.strip_prefix(name));
        lines
            .map(|value| value.trim().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(field("Contact:"), ["mailto:security@kisenon.com"]);
    let expires = field("Expires:");
    assert_eq!(expires.len(), 1);
    let expires = expires[0].parse::<jiff::Timestamp>().unwrap();
    let days = expires.duration_since(jiff::Timestamp::now()).as_hours() / 24;
    assert!((30..365).contains(&days), "{days}");
    assert_eq!(
        field("Canonical:"),
        ["https://api.it.test/.well-known/security.txt"]
    );
}

#[tokio::test]
async fn anybody_may_ask_where_the_parts_of_the_installation_are() {
    let app = App::shared().await;
    let answer = app
        .anonymous(Method::GET, "/.well-known/kisenon.json", None)
        .await;
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let expected = json!({
        "apiUrl": "https://api.it.test/",
        "consoleUrl": "https://console.it.test/",
        "version": env!("CARGO_PKG_VERSION"),
    });
    assert_eq!(answer.expect(200), expected);
}

#[tokio::test]
async fn the_document_and_the_page_tell_of_every_route() {
    let app = App::shared().await;
    let document = app
        .anonymous(Method::GET, "/openapi.json", None)
        .await
        .expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let page = app.anonymous(Method::GET, "/docs", None).await.text;
    for (path, item) in document["paths"].as_object().unwrap() {
        assert!(page.contains(path.as_str()), "{path}");
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["operationId"].is_string(), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
    for loaded in ["<script", "<link", "<img", "src=", "href=\"http", "url("] {
        assert!(!page.contains(loaded), "the page loads something: {loaded}");
    }
    let keys = app
        .anonymous(Method::GET, "/.well-known/jwks.json", None)
        .await
        .expect(200);
    assert_eq!(keys["keys"][0]["kty"], "OKP");
    assert_eq!(keys["keys"][0].get("d"), None::<&Value>, "no private part");
}
