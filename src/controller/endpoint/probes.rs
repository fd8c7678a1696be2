//! The operator's own ingress probes: it dials the pod of a running server and must be refused.
//!
//! The init gate has proved the perimeter before the server started. This keeps proving it while
//! the server runs, at each start and from time to time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use crate::probe::ingress::{self, IngressOutcome};

/// How long a probe's outcome is relied upon.
pub const PROBE_INTERVAL: Duration = Duration::from_secs(300);
const ATTEMPTS: u32 = 2;
const AT_ONCE: usize = 16;

/// Outcomes by the UID of the pod.
pub struct Probes {
    outcomes: Mutex<HashMap<String, (Timestamp, IngressOutcome)>>,
    permits: Semaphore,
}

impl Default for Probes {
    fn default() -> Self {
        Self {
            outcomes: Mutex::default(),
            permits: Semaphore::new(AT_ONCE),
        }
    }
}

impl Probes {
    /// The outcome for a pod that listens: a recent one, else of a new probe.
    pub async fn outcome(
        &self,
        pod_uid: &str,
        address: IpAddr,
        port: u16,
        now: Timestamp,
    ) -> IngressOutcome {
        if let Some((at, outcome)) = self.recall(pod_uid)
            && outcome.is_denied()
            && now.duration_since(at) < SignedDuration::try_from(PROBE_INTERVAL).unwrap_or_default()
        {
            return outcome;
        }
        let _permit = self.permits.acquire().await;
        let outcome = ingress::probe(address, port, ATTEMPTS).await;
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.insert(pod_uid.to_owned(), (now, outcome.clone()));
        outcome
    }

    /// Forgets pods that are gone.
    pub fn forget(&self, pod_uid: &str) {
        self.outcomes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(pod_uid);
    }

    fn recall(&self, pod_uid: &str) -> Option<(Timestamp, IngressOutcome)> {
        self.outcomes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(pod_uid)
            .cloned()
    }
}
