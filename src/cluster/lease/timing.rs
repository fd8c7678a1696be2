//! How long leadership lasts. Values only.

use std::time::Duration;

use thiserror::Error;

/// How long leadership lasts. Lease, deadline and renewal each leave the one before it time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    lease: Duration,
    deadline: Duration,
    renew: Duration,
}

/// Durations with which two could lead at once, or nobody for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("lease timing must be 0 < renew < deadline < lease, the lease in whole seconds")]
pub struct InvalidTiming;

impl Default for Timing {
    /// 15 s, 10 s, 5 s. The third between lease and deadline is what clocks may differ in speed.
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            deadline: Duration::from_secs(10),
            renew: Duration::from_secs(5),
        }
    }
}

impl Timing {
    /// Others wait `lease` after the last change they saw; the holder gives up `deadline`
    /// after its last good renewal, and renews every `renew`.
    ///
    /// # Errors
    /// Unless `0 < renew < deadline < lease` and the lease is of whole seconds.
    pub fn new(
        lease: Duration,
        deadline: Duration,
        renew: Duration,
    ) -> Result<Self, InvalidTiming> {
        let whole = lease.subsec_nanos() == 0 && i32::try_from(lease.as_secs()).is_ok();
        if whole && Duration::ZERO < renew && renew < deadline && deadline < lease {
            Ok(Self {
                lease,
                deadline,
                renew,
            })
        } else {
            Err(InvalidTiming)
        }
    }

    /// How long others wait after the last change they saw.
    #[must_use]
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// How long the holder leads after it sent its last good renewal.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Pause between renewals.
    #[must_use]
    pub fn renew(&self) -> Duration {
        self.renew
    }

    /// Pause between looks and after a failure, and the longest a request may take: two
    /// fifths of a renewal, so that several fit before the deadline.
    #[must_use]
    pub fn retry(&self) -> Duration {
        self.renew * 2 / 5
    }
}
