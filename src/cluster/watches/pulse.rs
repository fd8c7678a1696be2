//! How far a watch has come, and whether it still comes along.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Shared between one watch and all who rely on it.
#[derive(Clone)]
pub struct Pulse(Arc<Inner>);

struct Inner {
    origin: Instant,
    /// Milliseconds after `origin` at which the watch was last known to be up to date.
    good: AtomicU64,
    is_listed: AtomicBool,
    is_open: AtomicBool,
    is_probed: bool,
    version: watch::Sender<u64>,
}

impl Pulse {
    /// Of a watch that has shown nothing yet. One that is probed is good only as long as the probe
    /// says so: that it was opened again, or shows something, does not mean that it has caught up.
    /// Another is good as long as it is open.
    #[must_use]
    pub fn new(is_probed: bool) -> Self {
        Self(Arc::new(Inner {
            origin: Instant::now(),
            good: AtomicU64::new(0),
            is_listed: AtomicBool::new(false),
            is_open: AtomicBool::new(false),
            is_probed,
            version: watch::Sender::new(0),
        }))
    }

    /// The highest resource version that was seen. Nothing older is still to come.
    #[must_use]
    pub fn version(&self) -> u64 {
        *self.0.version.borrow()
    }

    /// Told of every new version.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.version.subscribe()
    }

    /// Whether everything was listed once.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.0.is_listed.load(Ordering::Acquire)
    }

    /// Whether what was seen may be older than `limit`.
    #[must_use]
    pub fn is_stale(&self, limit: Duration) -> bool {
        self.is_stale_at(Instant::now(), limit)
    }

    /// Waits until this version was seen; answers whether it was within `limit`.
    pub async fn until(&self, version: u64, limit: Duration) -> bool {
        let mut versions = self.subscribe();
        let reached = versions.wait_for(|seen| *seen >= version);
        tokio::time::timeout(limit, reached).await.is_ok()
    }

    pub(super) fn open(&self) {
        self.0.is_open.store(true, Ordering::Release);
        if !self.0.is_probed {
            self.beat();
        }
    }

    pub(super) fn close(&self) {
        self.0.is_open.store(false, Ordering::Release);
    }

    pub(super) fn is_open(&self) -> bool {
        self.0.is_open.load(Ordering::Acquire)
    }

    pub(super) fn beat(&self) {
        let now = u64::try_from(self.0.origin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.good.fetch_max(now, Ordering::AcqRel);
    }

    /// Called once all who are told of an object know of it.
    pub(super) fn reach(&self, version: u64) {
        if !self.0.is_probed {
            self.beat();
        }
        self.0.version.send_if_modified(|seen| {
            let is_news = version > *seen;
            *seen = version.max(*seen);
            is_news
        });
    }

    pub(super) fn listed(&self, version: u64) {
        self.0.is_listed.store(true, Ordering::Release);
        self.reach(version);
        self.beat();
    }

    fn is_stale_at(&self, now: Instant, limit: Duration) -> bool {
        let is_good_by_itself = !self.0.is_probed && self.is_open();
        let good = self.0.origin + Duration::from_millis(self.0.good.load(Ordering::Acquire));
        let is_old = now.saturating_duration_since(good) > limit;
        !self.is_listed() || (!is_good_by_itself && is_old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);

    fn later(times: u32) -> Instant {
        Instant::now() + LIMIT * times
    }

    #[tokio::test]
    async fn a_probed_watch_is_stale_without_a_beat() {
        let pulse = Pulse::new(true);
        assert!(pulse.is_stale(LIMIT));
        pulse.listed(5);
        pulse.open();
        assert!(!pulse.is_stale(LIMIT));
        assert!(pulse.is_stale_at(later(2), LIMIT));
    }

    #[tokio::test]
    async fn any_other_is_stale_once_it_has_been_closed_for_a_while() {
        let pulse = Pulse::new(false);
        pulse.listed(5);
        pulse.open();
        assert!(!pulse.is_stale_at(later(100), LIMIT));
        pulse.close();
        assert!(!pulse.is_stale(LIMIT));
        assert!(pulse.is_stale_at(later(2), LIMIT));
    }

    #[tokio::test]
    async fn a_version_is_waited_for() {
        let pulse = Pulse::new(false);
        pulse.listed(5);
        assert!(pulse.until(4, LIMIT).await);
        assert!(!pulse.until(6, Duration::from_millis(1)).await);
        let waiter = tokio::spawn({
            let pulse = pulse.clone();
            async move { pulse.until(7, LIMIT * 30).await }
        });
        pulse.reach(9);
        assert!(waiter.await.unwrap());
    }
}
