//! Requests with one credential over two replicas, as many as are wanted, while it is ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::super::app::{App, client, somebodys_address};

/// Who send at once, half of them to each replica.
const SENDERS: usize = 12;
/// Longest that a credential may still be accepted after its end was asked for: a second on a
/// machine that keeps up, more on one where every test has a queue before it.
pub(super) const REACH: Duration = Duration::from_secs(4);

/// One request.
#[derive(Clone, Copy, Debug)]
struct Sent {
    replica: usize,
    began: Instant,
    status: u16,
}

/// How it went.
#[derive(Debug)]
pub(super) struct Race {
    sent: Vec<Sent>,
    /// When the end was asked for.
    asked: Instant,
    /// When it was said to be done.
    done: Instant,
}

/// Sends `count` requests; ends the credential when about a third has been sent.
pub(super) async fn race<F: Future<Output = ()>>(
    replicas: [&App; 2],
    token: &str,
    count: usize,
    end: impl FnOnce() -> F,
) -> Race {
    let next = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let replica = sender % 2;
        let url = format!("{}/v1/projects", replicas[replica].base);
        let (next, token) = (Arc::clone(&next), token.to_owned());
        senders.spawn(async move {
            let http = client();
            let mut sent = Vec::new();
            while next.fetch_add(1, Ordering::Relaxed) < count {
                // From an address of its own: how many bad credentials one may send is another
                // test's matter.
                let request = http.get(&url).bearer_auth(&token);
                let request = request.header("x-forwarded-for", somebodys_address());
                let began = Instant::now();
                let status = request.send().await.unwrap().status().as_u16();
                sent.push(Sent {
                    replica,
                    began,
                    status,
                });
            }
            sent
        });
    }
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    while next.load(Ordering::Relaxed) < count / 3 {
        ticks.tick().await;
    }
    let asked = Instant::now();
    end().await;
    let done = Instant::now();
    let sent = senders.join_all().await.concat();
    assert_eq!(sent.len(), count);
    Race { sent, asked, done }
}

impl Race {
    /// Nothing that began after the end was said to be done has succeeded, and the last success
    /// began soon after it was asked for.
    #[track_caller]
    pub(super) fn is_clean(&self) {
        let after = self.sent.iter().filter(|sent| sent.began > self.done);
        let (mut refused, mut late) = ([0, 0], Vec::new());
        for sent in after {
            refused[sent.replica] += 1;
            if sent.status != 401 {
                late.push((sent.replica, sent.status, sent.began - self.done));
            }
        }
        assert!(late.is_empty(), "accepted after the end: {late:?}");
        assert!(
            refused.iter().all(|count| *count > 50),
            "{refused:?}: no race"
        );
        self.is_reached();
    }

    /// The same for an end that nobody says is done.
    #[track_caller]
    pub(super) fn is_reached(&self) {
        let accepted = self.sent.iter().filter(|sent| sent.status == 200);
        let last = accepted.map(|sent| sent.began).max().unwrap();
        let reach = last.saturating_duration_since(self.asked);
        assert!(reach <= REACH, "accepted for {reach:?}");
        let is_known = |sent: &Sent| matches!(sent.status, 200 | 401);
        let strange = self.sent.iter().find(|sent| !is_known(sent));
        assert!(strange.is_none(), "{strange:?}");
        for replica in [0, 1] {
            let of = |status| move |sent: &&Sent| (sent.replica, sent.status) == (replica, status);
            for status in [200, 401] {
                let count = self.sent.iter().filter(of(status)).count();
                assert!(
                    count > 50,
                    "replica {replica} answered {status} {count} times"
                );
            }
        }
    }
}
