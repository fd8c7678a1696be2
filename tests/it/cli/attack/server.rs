//! Attacks by a server: one that sends the key on, or the person to a page that is none.

use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::api::app::App;
use crate::cli::browser::{Browser, Running, agree, visit};
use crate::cli::login::key_of;
use crate::cli::logout::signed_in;
use crate::cli::machine::Machine;

/// A server that answers as it is told, and notes what it is sent.
struct Impostor {
    base: String,
    heard: Arc<Mutex<Vec<(String, HeaderMap)>>>,
}

impl Impostor {
    async fn start(answer: impl Fn(&str) -> Response + Clone + Send + Sync + 'static) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        let router = Router::new().fallback(move |request: Request| {
            let path = request.uri().path().to_owned();
            let answer = answer(&path);
            let note = (path, request.headers().clone());
            notes.lock().unwrap().push(note);
            std::future::ready(answer)
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, heard }
    }

    /// One that answers nothing, and should not be asked.
    async fn silent() -> Self {
        Self::start(|_| StatusCode::NOT_FOUND.into_response()).await
    }

    fn heard(&self) -> Vec<(String, HeaderMap)> {
        self.heard.lock().unwrap().clone()
    }

    #[track_caller]
    fn has_heard_nothing(&self) {
        assert!(self.heard().is_empty(), "{:?}", self.heard());
    }
}

fn discovery(console: &str) -> Response {
    let document = json!({
        "apiUrl": "https://elsewhere.example/",
        "consoleUrl": console,
        "version": "0.1.0",
    });
    Json(document).into_response()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c8_a_redirect_does_not_take_the_key_elsewhere() {
    let person = App::shared().await.person("redirect").await;
    let thief = Impostor::silent().await;
    let target = thief.base.clone();
    let hostile = Impostor::start(move |path| {
        let status = StatusCode::TEMPORARY_REDIRECT;
        (status, [(header::LOCATION, format!("{target}{path}"))]).into_response()
    });
    let hostile = hostile.await;
    let (key, _) = person.key(json!({ "label": "redirected" })).await;
    let machine = Machine::new().with("KISENON_API_URL", &hostile.base);
    let login = machine.keon_with_input(&["login", "--with-token", "-"], &key);
    let told = login.fails(1);
    assert!(told.contains("307"), "{told}");
    assert!(!told.contains(&key), "{told}");
    assert!(!machine.credentials().exists());
    machine.keon(&["login", "--browser"]).fails(1);
    machine.keon(&["login", "--device"]).fails(1);
    let machine = machine.with("KISENON_API_KEY", &key);
    machine.keon(&["whoami"]).fails(1);
    machine.keon(&["projects", "list"]).fails(1);
    assert!(!hostile.heard().is_empty());
    thief.has_heard_nothing();
    // The same key at the right server.
    let args = ["login", "--with-token", "-", "--api-url", &person.app.base];
    Machine::new().keon_with_input(&args, &key).ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c8_a_key_goes_to_the_server_that_it_is_of_and_to_no_other() {
    let person = App::shared().await.person("one-server").await;
    let machine = signed_in(&person, &["default"]).await;
    let thief = Impostor::silent().await;
    for args in [&["whoami"][..], &["projects", "list"], &["logout"]] {
        let args = [args, &["--api-url", &thief.base]].concat();
        let outcome = machine.keon(&args);
        let code = if args[0] == "logout" { 2 } else { 4 };
        let told = outcome.fails(code);
        assert!(told.contains("profile default is signed in to"), "{told}");
    }
    thief.has_heard_nothing();
    machine.keon(&["whoami"]).ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c8_a_key_in_clear_text_stays_on_the_machine() {
    let person = App::shared().await.person("proxy").await;
    let proxy = Impostor::silent().await;
    let machine = signed_in(&person, &["default"]).await;
    let machine = machine
        .with("HTTP_PROXY", &proxy.base)
        .with("http_proxy", &proxy.base)
        .with("ALL_PROXY", &proxy.base);
    machine.keon(&["whoami"]).ok();
    proxy.has_heard_nothing();
    let (key, _) = person.key(json!({ "label": "clear" })).await;
    let machine = machine.with("KISENON_API_KEY", &key);
    for url in [
        "http://api.kisenon.com",
        "http://localhost:8080",
        "ftp://127.0.0.1",
    ] {
        let told = machine.keon(&["whoami", "--api-url", url]).fails(2);
        assert!(told.contains("in clear text"), "{told}");
    }
    proxy.has_heard_nothing();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c1_a_console_that_is_no_page_is_not_opened_and_the_login_completes_without_it() {
    let app = App::shared().await;
    let person = app.person("discovery").await;
    let browser = Browser::new();
    for console in [
        "javascript:alert(document.domain)",
        "javascript://console.it.test/%0aalert(1)",
        "data:text/html,sign%20in",
        "file:///etc/passwd",
        "http://console.it.test/",
        "http://192.0.2.1/",
        "https://console.it.test@evil.example/",
        "vscode://evil/",
    ] {
        let hostile = Impostor::start(move |_| discovery(console)).await;
        let machine = browser.on(Machine::new().with("KISENON_API_URL", &hostile.base));
        for args in [&["login", "--browser"][..], &["open"], &["open", "--print"]] {
            let told = machine.keon(args).fails(1);
            assert!(told.contains("cannot be the console"), "{console}: {told}");
        }
        assert!(!browser.is_open(), "{console}");
        assert!(!machine.credentials().exists());
    }
    // Nor is it believed where the API is.
    let machine = browser.on(Machine::new().with("KISENON_API_URL", &app.base));
    let args = [
        "login",
        "--browser",
        "--console-url",
        "https://console.example.com",
    ];
    let login = Running::start(&machine, &args);
    let page = browser.page().await;
    assert!(
        page.as_str()
            .starts_with("https://console.example.com/cli/authorize?")
    );
    visit(&agree(&person, &page).await).await;
    login.ends().await.ok();
    assert!(key_of(&machine, "default").starts_with("nsk_"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_a_device_page_that_is_none_is_not_shown() {
    for (uri, code) in [
        ("javascript:alert(1)", "BCDF-GHJK"),
        ("http://evil.example/device", "BCDF-GHJK"),
        ("https://evil.example/device", "\u{1b}[2J\u{1b}[1;1H"),
    ] {
        let hostile = Impostor::start(move |_| {
            Json(json!({
                "device_code": "nsd_x",
                "user_code": code,
                "verification_uri": uri,
                "verification_uri_complete": uri,
                "expires_in": 900,
                "interval": 0,
            }))
            .into_response()
        });
        let hostile = hostile.await;
        let machine = Machine::new().with("KISENON_API_URL", &hostile.base);
        let told = machine.keon(&["login", "--device"]).fails(1);
        assert!(!told.contains(uri) && !told.contains('\u{1b}'), "{told:?}");
    }
}

/// A server that gives something else than a key, or a key that does not work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_answer_of_the_api_is_kept_nowhere() {
    let person = App::shared().await.person("no-api").await;
    let (key, _) = person.key(json!({ "label": "no-api" })).await;
    let session = json!({
        "tenant": { "id": "t", "namespace": "n" },
        "credential": { "kind": "session", "id": "s", "expiresAt": "2030-01-01T00:00:00Z" },
    });
    for body in [Value::Null, json!({}), json!("welcome"), session] {
        let answer = body.clone();
        let hostile = Impostor::start(move |_| Json(answer.clone()).into_response()).await;
        let machine = Machine::new().with("KISENON_API_URL", &hostile.base);
        let told = machine.keon_with_input(&["login", "--with-token", "-"], &key);
        let told = told.fails(1);
        assert!(
            told.contains("does not answer as the Kisenon API does"),
            "{body}: {told}"
        );
        assert!(!machine.credentials().exists());
    }
}
