//! A server that has too much to do: it is asked again when it says, and not for ever.
//!
//! The stand-in stands for the overload alone: it answers 429 or 503 as often as it is told, then
//! passes requests on to the real API.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::machine::Machine;
use crate::api::app::App;

/// What stands before the API.
struct Gate {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Gate {
    /// Answers so many requests with this head and body before it lets one through.
    fn before(base: &str, refusals: usize, refusal: &'static str) -> Self {
        let api = base.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, count) = (stream.unwrap(), Arc::clone(&count));
                std::thread::spawn(move || serve(stream, api, &count, refusals, refusal));
            }
        });
        Self { address, requests }
    }

    fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// One connection, of one request: the stand-in closes it after its answer.
fn serve(
    mut client: TcpStream,
    api: SocketAddr,
    count: &AtomicUsize,
    refusals: usize,
    refusal: &str,
) -> Option<()> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = client.read(&mut chunk).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&chunk[..read]);
    }
    if count.fetch_add(1, Ordering::SeqCst) < refusals {
        client.write_all(refusal.as_bytes()).ok()?;
        return client.shutdown(std::net::Shutdown::Write).ok();
    }
    let mut server = TcpStream::connect(api).ok()?;
    server.write_all(&request).ok()?;
    let (mut back, mut forth) = (server.try_clone().ok()?, client.try_clone().ok()?);
    std::thread::spawn(move || std::io::copy(&mut back, &mut forth));
    std::io::copy(&mut client, &mut server).ok().map(drop)
}

const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\
    Content-Type: application/problem+json\r\nContent-Length: 91\r\n\r\n\
    {\"type\":\"about:blank\",\"title\":\"The server is busy\",\"status\":503,\"code\":\"busy\",\"detail\":\"x\"}\n\n";
const LIMITED: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nConnection: close\r\n\
    Content-Length: 0\r\n\r\n";
const NOT_NOW: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3600\r\nConnection: close\r\n\
    Content-Type: application/problem+json\r\nContent-Length: 98\r\n\r\n\
    {\"type\":\"about:blank\",\"title\":\"x\",\"status\":429,\"code\":\"rate_limited\",\"detail\":\"too many requests\"}";
const HTML: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n\
    Content-Length: 15\r\n\r\n<html>hi</html>";
const REDIRECT: &str = "HTTP/1.1 302 Found\r\nConnection: close\r\n\
    Location: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n";

#[tokio::test]
async fn a_busy_server_is_asked_again_as_soon_as_it_says() {
    let app = App::shared().await;
    let machine = Machine::of(&app.person("busy").await).await;
    for refusal in [BUSY, LIMITED] {
        let gate = Gate::before(&app.base, 2, refusal);
        let machine = machine.again().with("KISENON_API_URL", &gate.base());
        let begun = Instant::now();
        let outcome = machine.keon(&["projects", "list", "-o", "json"]);
        assert_eq!(outcome.stderr, "");
        assert_eq!(outcome.ok(), "[]\n");
        assert_eq!(gate.requests(), 3);
        assert!(
            begun.elapsed() >= Duration::from_secs(2),
            "it did not wait as told"
        );
    }
}

#[tokio::test]
async fn what_is_made_is_made_once_however_often_it_is_asked_for() {
    let app = App::shared().await;
    let machine = Machine::of(&app.person("once").await).await;
    let gate = Gate::before(&app.base, 1, BUSY);
    let through = machine.again().with("KISENON_API_URL", &gate.base());
    through
        .keon(&["projects", "create", "shop", "--no-wait"])
        .ok();
    assert_eq!(
        machine.keon(&["projects", "list", "-o", "name"]).ok(),
        "project/shop\n"
    );
    // What cannot be told from its repetition is not repeated.
    machine
        .line("endpoints create main --project shop --no-wait")
        .ok();
    let gate = Gate::before(&app.base, 9, BUSY);
    let id = machine
        .keon(&["endpoints", "get", "main", "-o", "json"])
        .json()["id"]
        .clone();
    assert!(id.is_string());
    let through = machine.again().with("KISENON_API_URL", &gate.base());
    through.keon(&["api-keys", "create", "x"]).fails(1);
    assert_eq!(gate.requests(), 6);
}

#[tokio::test]
async fn patience_is_bounded_and_a_long_wait_is_told_at_once() {
    let app = App::shared().await;
    let machine = Machine::of(&app.person("notnow").await).await;
    let gate = Gate::before(&app.base, usize::MAX, NOT_NOW);
    let machine = machine.again().with("KISENON_API_URL", &gate.base());
    let begun = Instant::now();
    let said = machine.keon(&["projects", "list"]).fails(1);
    assert!(
        said.starts_with("error: too many requests\nhint: "),
        "{said}"
    );
    assert_eq!(gate.requests(), 1);
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_terminal_says_why_nothing_happens() {
    let app = App::shared().await;
    let machine = Machine::of(&app.person("told").await).await;
    let gate = Gate::before(&app.base, 2, LIMITED);
    let machine = machine.again().with("KISENON_API_URL", &gate.base());
    let mut terminal = machine.terminal(&["projects", "list"]);
    terminal.shows("the server is busy; asking again in 1 s");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("no projects") && !screen.contains("busy"),
        "{screen}"
    );
}

/// C8: the key goes to the server that was named, and to no other.
#[tokio::test]
async fn c8_a_server_that_is_not_the_api_gets_no_second_word() {
    let app = App::shared().await;
    let machine = Machine::of(&app.person("other").await).await;
    for (answer, cause) in [
        (HTML, "caused by: expected value"),
        (REDIRECT, "caused by: it has answered 302 Found"),
    ] {
        let gate = Gate::before(&app.base, usize::MAX, answer);
        let machine = machine.again().with("KISENON_API_URL", &gate.base());
        let said = machine.keon(&["projects", "list"]).fails(1);
        assert!(
            said.contains("does not answer as the Kisenon API does"),
            "{said}"
        );
        assert!(
            said.contains(cause) && said.contains("hint: check --api-url"),
            "{said}"
        );
        assert_eq!(gate.requests(), 1);
    }
}
