//! The operator's own ingress probes: it dials the pod of a running server and must be refused.
//!
//! The gate has proved the perimeter before the server started. This keeps proving it while
//! the server runs, at each start and from time to time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use crate::probe::ingress::{self, IngressOutcome};

/// How long a probe's outcome is relied upon.
const PROBE_INTERVAL: SignedDuration = SignedDuration::from_mins(5);
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
        if let Some(outcome) = self.recall(pod_uid, now)
            && outcome.is_denied()
        {
            return outcome;
        }
        let _permit = self.permits.acquire().await;
        let outcome = ingress::probe(address, port, ATTEMPTS).await;
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        // Outcomes that nobody relies upon any more are those of pods that are gone, too.
        outcomes.retain(|_, (at, _)| is_recent(*at, now));
        outcomes.insert(pod_uid.to_owned(), (now, outcome.clone()));
        outcome
    }

    fn recall(&self, pod_uid: &str, now: Timestamp) -> Option<IngressOutcome> {
        let outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, outcome) = outcomes.get(pod_uid)?;
        is_recent(*at, now).then(|| outcome.clone())
    }
}

fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < PROBE_INTERVAL
}
