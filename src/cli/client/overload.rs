//! When to ask a busy server again: as soon as it says, else later each time, and not for ever.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{self, HeaderMap};

/// How often a request is sent at the most.
const ATTEMPTS: usize = 6;
/// The longest that one request waits in all; a refusal that asks for more is told.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is left of the patience with one request.
#[derive(Debug)]
pub(super) struct Patience {
    own: ExponentialBackoff,
    left: Duration,
}

impl Patience {
    /// All of it.
    pub(super) fn new() -> Self {
        Self {
            own: ExponentialBuilder::default()
                .with_min_delay(Duration::from_millis(250))
                .with_max_delay(Duration::from_secs(8))
                .with_jitter()
                .with_max_times(ATTEMPTS - 1)
                .build(),
            left: PATIENCE,
        }
    }

    /// How long to wait after an answer with these header fields; not at all once it is used up.
    pub(super) fn next(&mut self, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
        let own = self.own.next()?;
        let wait = retry_after(headers, now).unwrap_or(own);
        self.left = self.left.checked_sub(wait)?;
        Some(wait)
    }
}

/// How long the server asks to wait (RFC 9110 section 10.2.3): in seconds, or until a time.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = rfc2822::parse(text).ok()?.timestamp();
    // What has passed already is no time to wait.
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(retry_after: &str) -> HeaderMap {
        [(header::RETRY_AFTER, retry_after.parse().unwrap())]
            .into_iter()
            .collect()
    }

    fn now() -> Timestamp {
        "2026-11-27T06:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_server_says_when_to_come_back() {
        for (text, seconds) in [
            ("3", 3),
            ("Fri, 27 Nov 2026 06:00:20 GMT", 20),
            ("Fri, 27 Nov 2026 05:00:00 GMT", 0),
        ] {
            let wait = Patience::new().next(&headers(text), now());
            assert_eq!(wait, Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["soon", "-1"] {
            let wait = Patience::new().next(&headers(text), now()).unwrap();
            assert!(wait < Duration::from_secs(1), "{text}: {wait:?}");
        }
    }

    #[test]
    fn patience_ends() {
        assert_eq!(Patience::new().next(&headers("61"), now()), None);
        let mut patience = Patience::new();
        let waits = std::iter::from_fn(|| patience.next(&headers("25"), now()));
        assert_eq!(waits.count(), 2);
        let mut patience = Patience::new();
        let waits = std::iter::from_fn(|| patience.next(&HeaderMap::new(), now()));
        assert_eq!(waits.count(), ATTEMPTS - 1);
    }
}
