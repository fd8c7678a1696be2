//! The listener on this machine that the browser is sent back to (RFC 8252 section 7.3; C2, C3).
//!
//! Whoever runs a program on this machine can connect, so nobody can occupy it: a connection that
//! says nothing is dropped, and where there are too many, the oldest goes that has brought no
//! answer.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::page::Page;
use super::redirect::{self, Answer, Seen, State, Verdict};
use crate::cli::error::Error;
use crate::domain::grant::redirect::LoopbackRedirect;

/// Connections at once.
const CONNECTIONS: usize = 128;
/// How long a request's head may take to come.
const HEAD: Duration = Duration::from_secs(5);
/// Bytes of a request's head.
const HEAD_SIZE: usize = 16 * 1024;
/// How long a connection may last: longer than the server takes to make a key.
const CONNECTION: Duration = Duration::from_secs(60);
/// How long a connection is left in peace to say something, however many others come.
const PEACE: Duration = Duration::from_millis(20);
/// Pause where the system can give no connection.
const PAUSE: Duration = Duration::from_millis(100);

/// An answer, and where to say which page the browser is to see.
#[derive(Debug)]
pub(super) struct Attempt {
    /// What the person has decided.
    pub(super) answer: Answer,
    /// What came of it.
    pub(super) reply: oneshot::Sender<Page>,
}

/// Listens from its making on.
#[derive(Debug)]
pub(super) struct Loopback {
    listener: TcpListener,
    redirect: LoopbackRedirect,
}

impl Loopback {
    /// On a random port of `127.0.0.1`.
    ///
    /// # Errors
    /// When the system gives no port.
    pub(super) async fn open() -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(Error::Listen)?;
        let port = listener.local_addr().map_err(Error::Listen)?.port();
        let redirect = LoopbackRedirect::to_port(port)
            .map_err(|error| Error::Listen(std::io::Error::other(error)))?;
        Ok(Self { listener, redirect })
    }

    /// Where the browser is to be sent.
    pub(super) const fn redirect(&self) -> &LoopbackRedirect {
        &self.redirect
    }

    /// Passes on every answer that bears the state for as long as somebody takes them, and shows
    /// pages. Ends when it is dropped.
    pub(super) async fn serve(
        &self,
        state: State,
        attempts: mpsc::Sender<Attempt>,
        shown: &Arc<Notify>,
    ) -> Infallible {
        let desk = Arc::new(Desk {
            authority: format!("{}:{}", Ipv4Addr::LOCALHOST, self.redirect.port()),
            state,
            attempts,
            shown: Arc::clone(shown),
        });
        let (mut tasks, mut by_age) = (JoinSet::new(), VecDeque::<Guest>::new());
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            while tasks.try_join_next().is_some() {}
            by_age.retain(|guest| !guest.task.is_finished());
            if by_age.len() >= CONNECTIONS {
                make_room(&mut by_age).await;
            }
            let has_answered = Arc::new(AtomicBool::new(false));
            let attended = Arc::clone(&desk).attend(stream, Arc::clone(&has_answered));
            by_age.push_back(Guest {
                since: Instant::now(),
                has_answered,
                task: tasks.spawn(attended),
            });
            // A flood is not taken in before those who came earlier were heard.
            tokio::task::yield_now().await;
        }
    }
}

/// A connection.
#[derive(Debug)]
struct Guest {
    since: Instant,
    /// Whether it has brought an answer, and waits for the page.
    has_answered: Arc<AtomicBool>,
    task: AbortHandle,
}

/// Hangs up on the oldest that has brought no answer, once it had its time to.
async fn make_room(by_age: &mut VecDeque<Guest>) {
    let is_idle = |guest: &Guest| !guest.has_answered.load(Ordering::Relaxed);
    let Some(oldest) = by_age.iter().position(is_idle) else {
        return;
    };
    tokio::time::sleep_until(by_age[oldest].since + PEACE).await;
    if let Some(guest) = by_age.remove(oldest).filter(is_idle) {
        guest.task.abort();
    }
}

/// What every connection needs.
#[derive(Debug)]
struct Desk {
    authority: String,
    state: State,
    attempts: mpsc::Sender<Attempt>,
    shown: Arc<Notify>,
}

impl Desk {
    async fn attend(self: Arc<Self>, stream: TcpStream, has_answered: Arc<AtomicBool>) {
        let has_shown = AtomicBool::new(false);
        let service = service_fn(|request| async {
            let response = self.respond(request, &has_answered, &has_shown).await;
            Ok::<_, Infallible>(response)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_header_size(HEAD_SIZE)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        // Who hangs up early, or sends no HTTP, has had their answer.
        let _ = tokio::time::timeout(CONNECTION, connection).await;
        if has_shown.load(Ordering::Relaxed) {
            self.shown.notify_one();
        }
    }

    async fn respond(
        &self,
        request: Request<Incoming>,
        has_answered: &AtomicBool,
        has_shown: &AtomicBool,
    ) -> Response<String> {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().ok(),
            _ => None,
        };
        let seen = Seen {
            method: request.method().as_str(),
            host,
            path: request.uri().path(),
            query: request.uri().query().unwrap_or_default(),
        };
        match redirect::judge(seen, &self.authority, &self.state) {
            Verdict::Refuse(page) => page.response(),
            Verdict::Page(page) => {
                // Only what is shown after the last answer ends the wait for it.
                has_shown.store(self.attempts.is_closed(), Ordering::Relaxed);
                page.response()
            }
            Verdict::Answer(answer) => {
                has_answered.store(true, Ordering::Relaxed);
                match self.pass_on(answer).await {
                    Some(page) => page.redirect(),
                    None => Page::Invalid.response(),
                }
            }
        }
    }

    /// The page that the answer leads to; none where one was taken before.
    async fn pass_on(&self, answer: Answer) -> Option<Page> {
        let (reply, page) = oneshot::channel();
        self.attempts.send(Attempt { answer, reply }).await.ok()?;
        page.await.ok()
    }
}
