//! Sign-in with GitHub, against a look-alike of the three routes that it uses (J7).

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kisenon::auth::identity::Identity;
use kisenon::auth::identity::github::{GitHub, GitHubError};
use kisenon::auth::identity::http::HttpError;
use serde_json::{Value, json};

use super::{client, serve};

const APP: &str = "Iv1.0123456789abcdef";
const SECRET: &str = "app-secret-do-not-show";
const TOKEN: &str = "gho_16C7e42F292c6912E7710c838347Ae178B4a";

/// What GitHub knows of the one token.
#[derive(Clone)]
struct Account {
    /// The app that the token was given to.
    app: &'static str,
    /// The account that "check a token" names.
    checked: u64,
    user: Value,
    emails: Value,
    /// Status of each answer but the first.
    status: StatusCode,
}

impl Account {
    fn ada() -> Self {
        Self {
            app: APP,
            checked: 583_231,
            user: json!({"id": 583_231, "login": "ada", "name": "Ada Lovelace", "email": "x@y.zz"}),
            emails: json!([
                {"email": "old@example.com", "primary": false, "verified": true},
                {"email": "Ada@Example.com", "primary": true, "verified": true},
            ]),
            status: StatusCode::OK,
        }
    }
}

type Shared = Arc<Mutex<Account>>;

async fn check(
    State(account): State<Shared>,
    Path(app): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let account = account.lock().unwrap().clone();
    let basic = format!("Basic {}", STANDARD.encode(format!("{APP}:{SECRET}")));
    if headers["authorization"] != basic {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    assert_eq!(headers["accept"], "application/vnd.github+json");
    if app != APP || body != json!({"access_token": TOKEN}) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let app = json!({"client_id": account.app, "name": "app", "url": "https://app.example"});
    Json(json!({"id": 1, "app": app, "user": {"id": account.checked, "login": "ada"}}))
        .into_response()
}

fn guarded(account: &Account, headers: &HeaderMap, body: &Value) -> Response {
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}"));
    (account.status, Json(body.clone())).into_response()
}

async fn user(State(account): State<Shared>, headers: HeaderMap) -> Response {
    let account = account.lock().unwrap().clone();
    guarded(&account, &headers, &account.user)
}

async fn emails(State(account): State<Shared>, headers: HeaderMap) -> Response {
    let account = account.lock().unwrap().clone();
    guarded(&account, &headers, &account.emails)
}

fn routes(account: Account) -> Router {
    Router::new()
        .route("/api/v3/applications/{app}/token", post(check))
        .route("/api/v3/user", get(user))
        .route("/api/v3/user/emails", get(emails))
        .with_state(Arc::new(Mutex::new(account)))
}

async fn github(router: Router, secret: &str) -> GitHub {
    let api = format!("{}/api/v3", serve(router).await);
    GitHub::new(client(), &api, APP, secret.into()).unwrap()
}

async fn identify(account: Account) -> Result<Identity, GitHubError> {
    let github = github(routes(account), SECRET).await;
    github.identify(TOKEN.into()).await
}

#[tokio::test]
async fn j7_the_account_is_the_number_and_the_address_the_primary_one() {
    let identity = identify(Account::ada()).await.unwrap();
    assert_eq!(identity.provider, "github");
    assert_eq!(identity.subject, "583231");
    assert_eq!(identity.email.as_str(), "ada@example.com");
    assert_eq!(identity.name.as_deref(), Some("Ada Lovelace"));
}

#[tokio::test]
async fn j7_whoever_takes_over_a_login_is_another_account() {
    let mut account = Account::ada();
    account.checked = 9_999;
    account.user = json!({"id": 9_999, "login": "ada", "name": null});
    let identity = identify(account).await.unwrap();
    assert_eq!(identity.subject, "9999");
    assert_eq!(identity.name.as_deref(), Some("ada"));
}

#[tokio::test]
async fn j7_the_token_of_another_app_is_refused() {
    let mut account = Account::ada();
    account.app = "Iv1.another";
    let refused = identify(account).await;
    assert!(matches!(refused, Err(GitHubError::Token)), "{refused:?}");
    // Nor does one count that GitHub says is of somebody else than whom it opens the door for.
    let mut account = Account::ada();
    account.checked = 1;
    let refused = identify(account).await;
    assert!(matches!(refused, Err(GitHubError::Token)), "{refused:?}");
}

#[tokio::test]
async fn j7_an_unknown_or_impossible_token_is_refused() {
    let github = github(routes(Account::ada()), SECRET).await;
    let long = "a".repeat(256);
    for token in [
        "gho_unknown",
        "",
        "a b",
        "a\r\nx: y",
        "é",
        "../user",
        "%2e",
        long.as_str(),
    ] {
        let refused = github.identify(token.into()).await;
        assert!(
            matches!(refused, Err(GitHubError::Token)),
            "{token}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn j7_only_a_primary_and_verified_address_counts() {
    let address = |email: &str, primary: bool, verified: bool| json!({"email": email, "primary": primary, "verified": verified, "visibility": null});
    for emails in [
        json!([]),
        json!([address("ada@example.com", true, false)]),
        json!([address("ada@example.com", false, true)]),
        json!([
            address("a@x.example", true, false),
            address("b@x.example", false, true)
        ]),
        json!([address("not an address", true, true)]),
    ] {
        let mut account = Account::ada();
        account.emails = emails.clone();
        let refused = identify(account).await;
        assert!(
            matches!(refused, Err(GitHubError::Email)),
            "{emails}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn answers_of_another_form_identify_nobody() {
    for user in [
        json!({}),
        json!([]),
        json!({"login": "ada"}),
        json!({"id": "583231", "login": "ada"}),
        json!({"id": -1, "login": "ada"}),
        json!({"id": 1.5, "login": "ada"}),
    ] {
        let mut account = Account::ada();
        account.user = user.clone();
        let refused = identify(account).await;
        assert!(
            matches!(refused, Err(GitHubError::Http(HttpError::Body(_)))),
            "{user}"
        );
    }
    let mut account = Account::ada();
    account.emails = json!([{"email": "ada@example.com", "primary": true}]);
    assert!(matches!(
        identify(account).await,
        Err(GitHubError::Http(HttpError::Body(_)))
    ));
}

#[tokio::test]
async fn refusals_and_failures_of_github_are_told_apart() {
    for (status, is_refusal) in [
        (StatusCode::UNAUTHORIZED, true),
        (StatusCode::NOT_FOUND, true),
        (StatusCode::FORBIDDEN, false),
        (StatusCode::TOO_MANY_REQUESTS, false),
        (StatusCode::BAD_GATEWAY, false),
        (StatusCode::FOUND, false),
    ] {
        let mut account = Account::ada();
        account.status = status;
        match identify(account).await {
            Err(GitHubError::Token) => assert!(is_refusal, "{status}"),
            Err(GitHubError::Http(HttpError::Status(seen))) => {
                assert!(!is_refusal && seen == status, "{status}");
            }
            other => panic!("{status}: {other:?}"),
        }
    }
    let wrong_secret = github(routes(Account::ada()), "wrong").await;
    let refused = wrong_secret.identify(TOKEN.into()).await;
    assert!(matches!(refused, Err(GitHubError::Client)), "{refused:?}");
}

#[tokio::test]
async fn j12_endless_and_slow_answers_are_given_up() {
    let path = "/api/v3/applications/{app}/token";
    let endless = async || {
        let chunk = || Some((Ok::<_, std::io::Error>(" ".repeat(8_192)), ()));
        Body::from_stream(futures::stream::unfold(
            (),
            move |()| async move { chunk() },
        ))
    };
    let endless = github(Router::new().route(path, post(endless)), SECRET).await;
    let refused = endless.identify(TOKEN.into()).await;
    assert!(
        matches!(refused, Err(GitHubError::Http(HttpError::TooLong))),
        "{refused:?}"
    );

    let begun = std::time::Instant::now();
    // A beginning, and never an end.
    let slow = async || {
        let beginning = futures::stream::iter([Ok::<_, std::io::Error>("{")]);
        Body::from_stream(futures::StreamExt::chain(
            beginning,
            futures::stream::pending(),
        ))
    };
    let slow = github(Router::new().route(path, post(slow)), SECRET).await;
    let refused = slow.identify(TOKEN.into()).await;
    assert!(
        matches!(refused, Err(GitHubError::Http(HttpError::Unreachable(_)))),
        "{refused:?}"
    );
    assert!((4..9).contains(&begun.elapsed().as_secs()));
}

#[tokio::test]
async fn errors_and_debug_output_hold_no_secret() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let github = GitHub::new(client(), &closed, APP, SECRET.into()).unwrap();
    let error = github.identify(TOKEN.into()).await.unwrap_err();
    let shown = format!("{github:?} {error:?} {error}");
    assert!(!shown.contains(TOKEN) && !shown.contains(SECRET), "{shown}");
    for client_id in ["", "../x", "a/b", "a?b", "é"] {
        assert!(GitHub::new(client(), &closed, client_id, SECRET.into()).is_err());
    }
}
