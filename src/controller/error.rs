//! Why a reconcile did not finish, when to try again, and under which metric label.

use std::time::Duration;

use thiserror::Error;

use super::object::condition::Stall;
use crate::auth::certificate::PkiError;
use crate::auth::password::PasswordError;
use crate::cluster::address::AddressError;
use crate::cluster::apply::WriteError;
use crate::cluster::exec::ExecError;
use crate::crd::condition::Reason;
use crate::domain::id::InvalidUid;

/// How often an endpoint without an address looks whether one has become free.
const EXHAUSTED: Duration = Duration::from_secs(15);

/// Why a reconcile did not finish.
#[derive(Debug, Error)]
pub enum Error {
    /// An object lacks what the API server always sets.
    #[error("the object lacks its {0}")]
    Incomplete(&'static str),
    /// The UID gives no id.
    #[error(transparent)]
    Uid(#[from] InvalidUid),
    /// A read failed.
    #[error("failed to read {0}")]
    Observe(&'static str, #[source] kube::Error),
    /// A child could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// An address could not be claimed or released.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A password or verifier could not be made.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A certificate could not be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// A running server could not be given its settings.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// The status could not be written.
    #[error("failed to write the status")]
    Status(#[source] kube::Error),
    /// The finalizer could not be written.
    #[error("failed to write the finalizer")]
    Finalizer(#[source] kube::Error),
    /// Somebody wrote the same object in between: what was read is outdated.
    #[error("what was read of {0} is outdated")]
    Outdated(&'static str),
}

impl Error {
    /// Fixed label of the metric.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Incomplete(_) | Self::Uid(_) => "invalid",
            Self::Observe(..) => "observe",
            Self::Write(_) => "write",
            Self::Address(_) => "address",
            Self::Password(_) | Self::Pki(_) => "credential",
            Self::Exec(_) => "exec",
            Self::Status(_) => "status",
            Self::Finalizer(_) => "finalizer",
            Self::Outdated(_) => "outdated",
        }
    }

    /// What the API server refused, for the conditions: its own words say why.
    #[must_use]
    pub fn as_stall(&self) -> Option<Stall> {
        match self {
            Self::Write(error) => error
                .refusal()
                .filter(|_| error.code() != Some(409))
                .map(|words| Stall::new(Reason::ApplyFailed, format!("{error}: {words}"))),
            Self::Address(error @ AddressError::Exhausted(_)) => {
                Some(Stall::new(Reason::PoolExhausted, error.to_string()))
            }
            _ => None,
        }
    }

    /// When to try again: soon after a lost race, else with growing patience.
    #[must_use]
    pub fn retry_after(&self, failures: u32) -> Duration {
        match self {
            Self::Outdated(_) => Duration::from_millis(100),
            // Its quarantine ends without any event.
            Self::Address(AddressError::Exhausted(_)) => EXHAUSTED,
            _ => Duration::from_millis(200 << failures.min(8)),
        }
    }
}
