//! The keys of an issuer: fetched seldom, bounded, from one place, and kept through an outage (J2,
//! J6).

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use kisenon::auth::identity::http::{HttpError, ProviderClient, Transport};
use kisenon::auth::identity::keystore::{KeySource, KeyStore, KeyStoreError};
use kisenon::auth::jwt::Algorithm;
use serde_json::{Value, json};

use super::forge::{Signer, at, base64, sha256};
use super::{client, serve};

/// What the issuer answers, and how often it was asked.
struct Answer {
    status: StatusCode,
    cache_control: &'static str,
    body: String,
    asked: usize,
}

type Shared = Arc<Mutex<Answer>>;

async fn answer(State(answer): State<Shared>) -> Response {
    let mut answer = answer.lock().unwrap();
    answer.asked += 1;
    let headers = [("cache-control", answer.cache_control)];
    (answer.status, headers, answer.body.clone()).into_response()
}

/// A store of the keys of an issuer that has keys of these names.
async fn store(cache_control: &'static str, kids: &[&str]) -> (KeyStore, Shared) {
    let answer = Arc::new(Mutex::new(Answer {
        status: StatusCode::OK,
        cache_control,
        body: keys(kids),
        asked: 0,
    }));
    let router = Router::new().route("/jwks", get(self::answer));
    let url = serve(router.with_state(Arc::clone(&answer))).await;
    let source = KeySource::Jwks(format!("{url}/jwks"));
    (KeyStore::new(client(), source).unwrap(), answer)
}

fn keys(kids: &[&str]) -> String {
    let key = |kid: &&str| Signer::new(Algorithm::EdDsa).jwk(kid);
    json!({"keys": kids.iter().map(key).collect::<Vec<_>>()}).to_string()
}

async fn has(store: &KeyStore, kid: &str, second: i64) -> bool {
    let key = store.key(kid, Algorithm::EdDsa, at(second)).await;
    key.unwrap().is_some()
}

fn asked(answer: &Shared) -> usize {
    answer.lock().unwrap().asked
}

#[tokio::test]
async fn j6_keys_are_kept_as_long_as_the_issuer_says_within_bounds() {
    for (cache_control, kept) in [
        ("public, max-age=3600", 3_600),
        ("no-store", 300),
        ("max-age=0", 300),
        ("max-age=31536000", 86_400),
    ] {
        let (store, answer) = store(cache_control, &["a"]).await;
        for second in [0, 1, kept - 1] {
            assert!(has(&store, "a", second).await);
            assert_eq!(asked(&answer), 1, "{cache_control} after {second} s");
        }
        assert!(has(&store, "a", kept).await);
        assert_eq!(asked(&answer), 2, "{cache_control}");
    }
}

#[tokio::test]
async fn j6_an_unknown_key_is_asked_for_once_a_minute() {
    let (store, answer) = store("max-age=3600", &["a"]).await;
    assert!(has(&store, "a", 0).await);
    for second in 0..60 {
        assert!(!has(&store, &format!("unknown-{second}"), second).await);
    }
    assert_eq!(asked(&answer), 1);
    answer.lock().unwrap().body = keys(&["a", "b"]);
    assert!(has(&store, "b", 60).await);
    assert!(has(&store, "b", 61).await && has(&store, "a", 61).await);
    assert_eq!(asked(&answer), 2);
    for second in 62..120 {
        assert!(!has(&store, "unknown", second).await);
    }
    assert_eq!(asked(&answer), 2);
}

#[tokio::test]
async fn a_key_that_the_issuer_has_withdrawn_is_gone_with_the_next_fetch() {
    let (store, answer) = store("max-age=300", &["a", "b"]).await;
    assert!(has(&store, "a", 0).await);
    answer.lock().unwrap().body = keys(&["b"]);
    assert!(!has(&store, "a", 300).await);
}

#[tokio::test]
async fn keys_serve_on_for_a_day_while_the_issuer_is_away() {
    const DAY: i64 = 86_400;
    let (store, answer) = store("max-age=600", &["a"]).await;
    assert!(has(&store, "a", 0).await);
    answer.lock().unwrap().status = StatusCode::BAD_GATEWAY;
    assert!(has(&store, "a", 601).await);
    assert_eq!(asked(&answer), 2);
    // Not at every request, for nobody's sake.
    assert!(has(&store, "a", 602).await && !has(&store, "unknown", 603).await);
    assert_eq!(asked(&answer), 2);
    assert!(has(&store, "a", 600 + DAY - 1).await);
    let gone = store.key("a", Algorithm::EdDsa, at(600 + DAY + 10)).await;
    assert!(matches!(gone, Err(KeyStoreError::Fetch(_))), "{gone:?}");
    let early = store.key("a", Algorithm::EdDsa, at(600 + DAY + 11)).await;
    assert!(matches!(early, Err(KeyStoreError::TooEarly)), "{early:?}");
    answer.lock().unwrap().status = StatusCode::OK;
    assert!(has(&store, "a", 600 + DAY + 20).await);
}

#[tokio::test]
async fn all_who_wait_share_one_request() {
    let (store, answer) = store("max-age=600", &["a"]).await;
    let all = (0..50).map(|_| has(&store, "a", 0));
    assert!(
        futures::future::join_all(all)
            .await
            .into_iter()
            .all(|found| found)
    );
    assert_eq!(asked(&answer), 1);
}

/// What comes of asking an issuer that serves this.
async fn fetched(router: Router) -> Result<bool, KeyStoreError> {
    let source = KeySource::Jwks(format!("{}/jwks", serve(router).await));
    let store = KeyStore::new(client(), source).unwrap();
    let key = store.key("a", Algorithm::EdDsa, at(0)).await;
    key.map(|key| key.is_some())
}

#[tokio::test]
async fn j12_answers_are_bounded_and_redirects_are_not_followed() {
    let keys = keys(&["a"]);
    let elsewhere = Router::new()
        .route("/jwks", get(async || Redirect::temporary("/elsewhere")))
        .route("/elsewhere", get(move || async move { keys }));
    let refused = fetched(elsewhere).await;
    let status = StatusCode::TEMPORARY_REDIRECT;
    assert!(
        matches!(&refused, Err(KeyStoreError::Fetch(HttpError::Status(s))) if *s == status),
        "{refused:?}"
    );
    let endless = Router::new().route(
        "/jwks",
        get(async || {
            let chunk = || Some((Ok::<_, std::io::Error>(" ".repeat(8_192)), ()));
            Body::from_stream(futures::stream::unfold(
                (),
                move |()| async move { chunk() },
            ))
        }),
    );
    let refused = fetched(endless).await;
    assert!(
        matches!(refused, Err(KeyStoreError::Fetch(HttpError::TooLong))),
        "{refused:?}"
    );
    for body in ["", "null", "[]", "{}", "<html>", r#"{"keys":{}}"#] {
        let router = Router::new().route("/jwks", get(move || async move { body }));
        let refused = fetched(router).await;
        assert!(
            matches!(refused, Err(KeyStoreError::Fetch(HttpError::Body(_)))),
            "{body}"
        );
    }
}

#[tokio::test]
async fn j12_an_issuer_that_does_not_answer_is_waited_for_five_seconds() {
    let begun = std::time::Instant::now();
    let silent = Router::new().route("/jwks", get(std::future::pending::<()>));
    let refused = fetched(silent).await;
    assert!(matches!(
        refused,
        Err(KeyStoreError::Fetch(HttpError::Unreachable(_)))
    ));
    assert!((4..9).contains(&begun.elapsed().as_secs()));
}

#[test]
fn only_https_is_asked_unless_it_is_for_development() {
    let client = ProviderClient::new(&Transport::default()).unwrap();
    let store = |url: &str| KeyStore::new(client.clone(), KeySource::Jwks(url.into())).is_ok();
    assert!(store("https://issuer.example/jwks"));
    for url in [
        "http://issuer.example/jwks",
        "http://127.0.0.1/jwks",
        "file:///etc/passwd",
        "",
        "https://user@issuer.example/jwks",
        "https://user:pw@issuer.example/jwks",
        "https://issuer.example/jwks?x=1",
        "https://issuer.example/jwks#x",
        "issuer.example/jwks",
    ] {
        assert!(!store(url), "{url}");
    }
}

/// What comes of asking an issuer whose discovery document this makes of its URL.
async fn discovered(document: impl Fn(&str) -> Value) -> Result<bool, KeyStoreError> {
    let shared = Arc::new(Mutex::new(Value::Null));
    let served = Arc::clone(&shared);
    let keys = keys(&["a"]);
    let router = Router::new()
        .route("/realm/jwks", get(move || async move { keys }))
        .route(
            "/realm/.well-known/openid-configuration",
            get(move || async move { Json(served.lock().unwrap().clone()) }),
        );
    let issuer = format!("{}/realm", serve(router).await);
    *shared.lock().unwrap() = document(&issuer);
    let store = KeyStore::new(client(), KeySource::Discovery(issuer)).unwrap();
    let key = store.key("a", Algorithm::EdDsa, at(0)).await;
    key.map(|key| key.is_some())
}

#[tokio::test]
async fn a_discovery_document_is_of_its_issuer_and_points_to_its_host() {
    let jwks = |issuer: &str| format!("{issuer}/jwks");
    let found = discovered(|issuer| json!({"issuer": issuer, "jwks_uri": jwks(issuer)})).await;
    assert!(found.unwrap());
    for other in ["/", "x", "?"] {
        let document =
            |issuer: &str| json!({"issuer": format!("{issuer}{other}"), "jwks_uri": jwks(issuer)});
        let refused = discovered(document).await;
        assert!(
            matches!(refused, Err(KeyStoreError::Issuer(_))),
            "{refused:?}"
        );
    }
    for elsewhere in ["http://127.0.0.1:1/jwks", "https://evil.example/jwks"] {
        let refused = discovered(|issuer| json!({"issuer": issuer, "jwks_uri": elsewhere})).await;
        assert!(matches!(refused, Err(KeyStoreError::Host)), "{refused:?}");
    }
    for wrong in ["file:///etc/passwd", "", "/jwks"] {
        let refused = discovered(|issuer| json!({"issuer": issuer, "jwks_uri": wrong})).await;
        assert!(
            matches!(refused, Err(KeyStoreError::Fetch(HttpError::Url(_)))),
            "{refused:?}"
        );
    }
}

/// The token that anybody can sign for a key of exponent 1: its "signature" is the padded digest
/// itself (RFC 8017 section 9.2).
fn signed_with_exponent_one(signed: &str, length: usize) -> String {
    let prefix = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    let digest = [&prefix[..], &sha256(signed.as_bytes())].concat();
    let filler = vec![0xff; length - digest.len() - 3];
    let padded = [&[0, 1][..], &filler, &[0], &digest].concat();
    format!("{signed}.{}", base64(padded))
}

#[tokio::test]
async fn j1_weak_and_broken_keys_verify_nothing() {
    use kisenon::auth::identity::oidc::{self, IssuerKind, IssuerPolicy};
    let rsa = Signer::new(Algorithm::Rs256);
    let ec = Signer::new(Algorithm::Es256);
    let mut exponent_one = rsa.jwk("weak");
    exponent_one["e"] = json!("AQ");
    let mut off_curve = ec.jwk("off-curve");
    off_curve["x"] = json!(base64([7; 32]));
    let mut other_curve = ec.jwk("other-curve");
    other_curve["crv"] = json!("P-384");
    let mut other_algorithm = rsa.jwk("other-algorithm");
    other_algorithm["alg"] = json!("RS512");
    let jwks = json!({"keys": [exponent_one, off_curve, other_curve, other_algorithm]});
    let router = Router::new().route("/jwks", get(move || async move { Json(jwks) }));
    let source = KeySource::Jwks(format!("{}/jwks", serve(router).await));
    let keys = KeyStore::new(client(), source).unwrap();
    let policy = IssuerPolicy {
        name: "acme".into(),
        issuers: vec!["https://issuer.example".into()],
        client_id: "client-1".into(),
        algorithms: vec![Algorithm::Rs256, Algorithm::Es256],
        kind: IssuerKind::Generic,
    };
    let second = at(0).as_second();
    let claims = json!({"iss": "https://issuer.example", "aud": "client-1", "sub": "s", "iat": second,
        "exp": second + 60, "email": "ada@example.com", "email_verified": true});
    let header = |alg: &str, kid: &str| json!({"alg": alg, "kid": kid}).to_string();
    let weak = format!(
        "{}.{}",
        base64(header("RS256", "weak")),
        base64(claims.to_string())
    );
    for token in [
        signed_with_exponent_one(&weak, 256),
        rsa.token(&header("RS256", "weak"), &claims.to_string()),
        rsa.token(&header("RS256", "other-algorithm"), &claims.to_string()),
        ec.token(&header("ES256", "off-curve"), &claims.to_string()),
        ec.token(&header("ES256", "other-curve"), &claims.to_string()),
    ] {
        let verified = oidc::verify(&policy, &keys, &token, None, at(0)).await;
        assert!(
            matches!(verified, Err(oidc::OidcError::Token(_))),
            "{verified:?}"
        );
    }
}
