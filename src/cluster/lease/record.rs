//! What is written into the Lease. Pure; its times are for people, nobody decides by them.

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};

use super::timing::Timing;

/// Who holds the lock, and since when.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Name of the Lease.
    pub name: &'a str,
    /// Who writes it.
    pub identity: &'a str,
    /// Wall-clock time of the write.
    pub now: Timestamp,
    /// Source of the duration that others see.
    pub timing: &'a Timing,
}

impl Record<'_> {
    /// The Lease with us as its holder. It keeps the resource version of `current`, so that
    /// the API server refuses it if anyone wrote in between.
    #[must_use]
    pub fn hold(&self, current: Option<&Lease>) -> Lease {
        let mut lease = current.cloned().unwrap_or_else(|| Lease {
            metadata: ObjectMeta {
                name: Some(self.name.to_owned()),
                ..ObjectMeta::default()
            },
            spec: None,
        });
        let now = Some(MicroTime(self.now));
        let spec = lease.spec.get_or_insert_with(LeaseSpec::default);
        if spec.holder_identity.as_deref() != Some(self.identity) {
            spec.holder_identity = Some(self.identity.to_owned());
            spec.acquire_time.clone_from(&now);
            // Counted as client-go does: the first holder is no transition.
            if current.is_some() {
                let transitions = spec.lease_transitions.unwrap_or_default();
                spec.lease_transitions = Some(transitions.saturating_add(1));
            }
        }
        spec.renew_time = now;
        spec.lease_duration_seconds = i32::try_from(self.timing.lease().as_secs()).ok();
        lease
    }
}

/// The Lease without a holder, under the same resource version.
#[must_use]
pub(super) fn release(current: &Lease) -> Lease {
    let mut lease = current.clone();
    if let Some(spec) = &mut lease.spec {
        spec.holder_identity = None;
    }
    lease
}
