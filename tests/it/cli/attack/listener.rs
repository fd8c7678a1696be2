//! Attacks on the listener, which every user of the machine can reach.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use crate::api::app::{App, Person, client, finish};
use crate::cli::browser::{Browser, Running, agree, back, code, member, visit, visit_once};
use crate::cli::login::{key_of, new_machine};
use crate::cli::machine::Machine;

/// A login that waits for its answer.
struct Waiting<'a> {
    person: Person<'a>,
    machine: Machine,
    page: Url,
    running: Running,
    _browser: Browser,
}

impl Waiting<'_> {
    async fn begin(name: &str) -> Waiting<'static> {
        let person = App::shared().await.person(name).await;
        let (machine, browser) = new_machine().await;
        let running = Running::start(&machine, &["login", "--browser"]);
        Waiting {
            page: browser.page().await,
            person,
            machine,
            running,
            _browser: browser,
        }
    }

    /// The person presses *Authorize* after all.
    async fn completes(mut self) -> Machine {
        assert!(self.running.runs(), "the login has ended");
        let shown = visit(&agree(&self.person, &self.page).await).await;
        assert!(shown.text.contains("You are signed in"), "{shown:?}");
        let outcome = self.running.ends().await;
        let signed_in = format!("Signed in as {}", self.person.email);
        assert!(outcome.stderr.contains(&signed_in), "{outcome:?}");
        outcome.ok();
        self.machine
    }

    fn address(&self) -> String {
        let redirect: Url = member(&self.page, "redirect_uri").parse().unwrap();
        format!("127.0.0.1:{}", redirect.port().unwrap())
    }

    async fn connects(&self) -> TcpStream {
        TcpStream::connect(self.address()).await.unwrap()
    }

    /// Sends these bytes: all that comes back.
    async fn says(&self, bytes: &[u8]) -> String {
        let mut stream = self.connects().await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // It may be hung up on while it still talks.
        let _ = timeout(Duration::from_secs(30), stream.read_to_end(&mut answer))
            .await
            .unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

#[tokio::test]
async fn c6_a_wrong_state_answers_400_and_the_login_goes_on() {
    let login = Waiting::begin("wrong-state").await;
    let (code, state) = (
        code(&login.person, &login.page).await,
        member(&login.page, "state"),
    );
    let other = "A".repeat(43);
    for answer in [
        &[("code", &*code), ("state", &*other)][..],
        &[("code", &*code), ("state", &state[..42])],
        &[("code", &*code), ("state", "")],
        &[("code", &*code)],
        &[("state", &*state)],
        &[],
        &[("error", "access_denied"), ("state", &*other)],
        &[("error", "access_denied")],
        &[("code", &*code), ("state", &*other), ("state", &*state)],
        &[
            ("code", &*code),
            ("error", "access_denied"),
            ("state", &*state),
        ],
    ] {
        let refused = visit_once(&back(&login.page, answer)).await;
        assert_eq!(refused.status, 400, "{answer:?}: {refused:?}");
        assert!(!refused.text.contains(&state) && !refused.text.contains(&code));
    }
    login.completes().await;
}

#[tokio::test]
async fn c2_other_paths_methods_and_hosts_are_refused_and_the_login_goes_on() {
    let login = Waiting::begin("wrong-request").await;
    let right = agree(&login.person, &login.page).await;
    for path in ["/", "/callback/", "/Callback", "/other", "/callback/../x"] {
        let mut url = right.clone();
        url.set_path(path);
        assert_eq!(visit_once(&url).await.status, 404, "{path}");
    }
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::HEAD,
    ] {
        let answer = finish(client().request(method.clone(), right.clone())).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header("allow"), "GET");
    }
    let address = login.address();
    let port = address.rsplit(':').next().unwrap().to_owned();
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("localhost:{port}"),
        "127.0.0.1".to_owned(),
        format!("{address}.evil.example"),
    ] {
        let request = client().get(right.clone()).header("host", &host);
        assert_eq!(finish(request).await.status, 400, "{host}");
    }
    let target = format!("{}?{}", right.path(), right.query().unwrap());
    for hosts in [
        String::new(),
        format!("Host: {address}\r\nHost: evil.example\r\n"),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\n{hosts}\r\n");
        let answer = login.says(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{hosts}: {answer}");
    }
    login.completes().await;
}

#[tokio::test]
async fn c6_what_is_no_http_and_heads_without_end_are_dropped_and_the_login_goes_on() {
    let login = Waiting::begin("no-http").await;
    let long = format!("GET /callback?{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(10_000));
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        &[0; 4096],
        b"\r\n\r\n\r\n",
        b"GET\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ] {
        let answer = login.says(bytes).await;
        let is_refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(is_refused, "{answer}");
    }
    login.completes().await;
}

#[tokio::test]
async fn c6_silent_and_slow_connections_hold_nothing_up() {
    let login = Waiting::begin("silent").await;
    let mut held = Vec::new();
    for _ in 0..32 {
        held.push(login.connects().await);
        let mut slow = login.connects().await;
        slow.write_all(b"GET /callback?state=").await.unwrap();
        held.push(slow);
        let mut body = login.connects().await;
        let head = format!("POST /callback HTTP/1.1\r\nHost: {}\r\n", login.address());
        body.write_all(head.as_bytes()).await.unwrap();
        body.write_all(b"Content-Length: 1000000\r\n\r\na")
            .await
            .unwrap();
        held.push(body);
    }
    // A silent one is hung up on: it does not stay for as long as it likes.
    let mut buffer = [0; 1];
    let hung_up = timeout(Duration::from_secs(30), held[0].read(&mut buffer)).await;
    assert!(matches!(hung_up, Ok(Ok(0) | Err(_))), "{hung_up:?}");
    login.completes().await;
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c6_a_flood_of_connections_does_not_keep_the_browser_out() {
    let login = Waiting::begin("flood").await;
    let address = login.address();
    let mut flood = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let address = address.clone();
        flood.spawn(async move {
            let mut held = std::collections::VecDeque::new();
            loop {
                if let Ok(stream) = TcpStream::connect(&address).await {
                    held.push_back(stream);
                }
                if held.len() > 100 {
                    held.pop_front();
                }
            }
        });
    }
    // The flood is at its height: more than the listener holds at once.
    for _ in 0..500 {
        drop(login.connects().await);
    }
    login.completes().await;
    flood.abort_all();
}

#[tokio::test]
async fn c5_a_code_that_is_replayed_revokes_the_key_and_a_new_login_completes() {
    let app = App::shared().await;
    let login = Waiting::begin("code-replay").await;
    let person = app.sign_in(&login.person.email).await;
    let Waiting {
        machine,
        page,
        running,
        _browser: browser,
        ..
    } = login;
    let back = agree(&person, &page).await;
    visit(&back).await;
    running.ends().await.ok();
    let key = key_of(&machine, "default");
    // The listener is gone with its first answer.
    assert!(reqwest::get(back.clone()).await.is_err());
    let body = json!({
        "code": member(&back, "code"),
        "codeVerifier": "x".repeat(43),
        "redirectUri": member(&page, "redirect_uri"),
    });
    let replayed = app.anonymous(Method::POST, "/v1/auth/cli/exchange", Some(body));
    assert_eq!(replayed.await.refusal(400), "invalid_grant");
    machine.keon(&["whoami"]).fails(4);
    let again = Running::start(&machine, &["login", "--browser"]);
    let page = browser.page().await;
    visit(&agree(&person, &page).await).await;
    again.ends().await.ok();
    assert_ne!(key_of(&machine, "default"), key);
    machine.keon(&["whoami"]).ok();
}

/// Whoever can list processes sees the state in the arguments of the browser, but has no code that
/// belongs to the verifier.
#[tokio::test]
async fn c4_a_code_for_another_verifier_is_refused_and_the_login_goes_on() {
    let mut login = Waiting::begin("other-verifier").await;
    let attacker = App::shared().await.person("attacker").await;
    let consent = json!({
        "redirectUri": member(&login.page, "redirect_uri"),
        "codeChallenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "codeChallengeMethod": "S256",
        "label": "evil",
    });
    let foreign = attacker
        .post("/v1/auth/cli/authorize", consent)
        .await
        .expect(201);
    let state = member(&login.page, "state");
    for code in [foreign["code"].as_str().unwrap(), "invented"] {
        let answer = back(&login.page, &[("code", code), ("state", &state)]);
        let shown = visit(&answer).await;
        assert!(
            shown.text.contains("You are not signed in yet"),
            "{shown:?}"
        );
        assert!(login.running.runs());
    }
    let machine = login.completes().await;
    let me = machine.keon(&["whoami", "-o", "json"]).json();
    assert_ne!(me["user"]["email"], attacker.email.as_str());
}

/// Two answers at once: one signs in, the other is refused.
#[tokio::test]
async fn c3_a_second_answer_is_refused() {
    let login = Waiting::begin("second-answer").await;
    let (one, two) = (
        agree(&login.person, &login.page).await,
        agree(&login.person, &login.page).await,
    );
    let go = |url: Url| async move {
        let builder = reqwest::Client::builder().no_proxy();
        let client = builder
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        // It may also find that nobody listens any more.
        client
            .get(url)
            .send()
            .await
            .map(|answer| answer.status().as_u16())
            .ok()
    };
    let statuses = <[_; 2]>::from(tokio::join!(go(one), go(two)));
    let accepted = statuses.iter().filter(|status| **status == Some(303));
    assert_eq!(accepted.count(), 1, "{statuses:?}");
    let refused = |status: &Option<u16>| matches!(status, None | Some(400));
    assert!(statuses.iter().any(refused), "{statuses:?}");
    login.running.ends().await.ok();
    login.machine.keon(&["whoami"]).ok();
}
