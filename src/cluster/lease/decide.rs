//! Whether to take the lock. Pure: time is an argument, and only differences of our own
//! monotonic clock count, as in client-go's leader election.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use tokio::time::Instant;

use super::timing::Timing;

/// The Lease as we last saw it, and since when it has looked so to us.
#[derive(Clone, Debug)]
pub struct Observation {
    lease: Option<Lease>,
    changed: Instant,
    /// It was there and is gone: its holder may not know yet.
    vanished: bool,
}

impl Observation {
    /// A first look.
    #[must_use]
    pub fn new(lease: Option<Lease>, now: Instant) -> Self {
        Self {
            lease,
            changed: now,
            vanished: false,
        }
    }

    /// Another look. `now` is when the answer came, never when it was asked for.
    pub fn see(&mut self, lease: Option<Lease>, now: Instant) {
        let spec = |lease: &Option<Lease>| lease.as_ref().map(|lease| lease.spec.clone());
        if spec(&self.lease) != spec(&lease) {
            self.changed = now;
            self.vanished = lease.is_none();
        }
        // The resource version may change without the record; writes need the newest.
        self.lease = lease;
    }

    /// The Lease as last seen.
    #[must_use]
    pub fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Who holds it; an empty name is nobody.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        let spec = self.lease.as_ref()?.spec.as_ref()?;
        spec.holder_identity.as_deref().filter(|h| !h.is_empty())
    }

    /// How long the record obliges others to wait; never less than we would grant.
    fn duration(&self, timing: &Timing) -> Duration {
        let seconds = self
            .lease
            .as_ref()
            .and_then(|lease| lease.spec.as_ref()?.lease_duration_seconds)
            .and_then(|seconds| u64::try_from(seconds).ok())
            .unwrap_or_default();
        timing.lease().max(Duration::from_secs(seconds))
    }
}

/// What to do with the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// There is no Lease: make it.
    Create,
    /// Nobody holds it, or its holder let it run out: take it over.
    Acquire,
    /// We hold it, in this life or an earlier one: write it anew.
    Renew,
    /// Another holds it, for at least so long.
    Wait(Duration),
}

/// Decides for `me` by what was observed.
#[must_use]
pub fn decide(observed: &Observation, me: &str, now: Instant, timing: &Timing) -> Decision {
    if me.is_empty() {
        // It would read as a Lease that nobody holds.
        return Decision::Wait(timing.lease());
    }
    let age = now.saturating_duration_since(observed.changed);
    let free = |decision, duration: Duration| match duration.saturating_sub(age) {
        Duration::ZERO => decision,
        rest => Decision::Wait(rest),
    };
    match (observed.lease(), observed.holder()) {
        (None, _) if observed.vanished => free(Decision::Create, timing.lease()),
        (None, _) => Decision::Create,
        (Some(_), None) => Decision::Acquire,
        (Some(_), Some(holder)) if holder == me => Decision::Renew,
        (Some(_), Some(_)) => free(Decision::Acquire, observed.duration(timing)),
    }
}
