//! Changes as they happen, for those who follow them, and what is gone, for those who come back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use super::pulse::Pulse;
use crate::crd::{Endpoint, Project};

/// Changes that a slow follower may lag behind by before it has to look at everything again.
const BACKLOG: usize = 1_024;
/// Deletions that are remembered.
const GRAVES: usize = 1_024;

/// One object has changed.
#[derive(Clone, Debug)]
pub struct Change {
    /// Namespace of the object.
    pub namespace: Arc<str>,
    /// Resource version of the change.
    pub version: u64,
    /// Which object, and how.
    pub what: What,
}

/// How an object has changed.
#[derive(Clone, Debug)]
pub enum What {
    /// Made or changed.
    Project(Arc<Project>),
    /// Made or changed.
    Endpoint(Arc<Endpoint>),
    /// Gone.
    Deleted {
        /// `project` or `endpoint`.
        kind: &'static str,
        /// Its permanent id.
        id: Arc<str>,
        /// Its name.
        name: Arc<str>,
    },
}

/// A change as followers get it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The change.
    pub change: Change,
    /// Every change of any kind up to this version was told before. Two watches are never equally
    /// far, so this may be less than the version of the change.
    pub safe: u64,
}

/// Tells followers.
pub(super) struct Changes {
    sender: broadcast::Sender<Told>,
    graves: Mutex<Graves>,
    pulses: [Pulse; 2],
}

#[derive(Default)]
struct Graves {
    changes: VecDeque<Change>,
    /// Deletions up to this version are not known, or not any more.
    forgotten: u64,
}

impl Changes {
    /// Of watches with these pulses.
    pub(super) fn new(pulses: [Pulse; 2]) -> Self {
        Self {
            sender: broadcast::Sender::new(BACKLOG),
            graves: Mutex::default(),
            pulses,
        }
    }

    /// From now on.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Told> {
        self.sender.subscribe()
    }

    /// Every change of any kind up to this version is told.
    pub(super) fn safe(&self) -> u64 {
        self.pulses.iter().map(Pulse::version).min().unwrap_or(0)
    }

    pub(super) fn tell(&self, change: Change) {
        if matches!(change.what, What::Deleted { .. }) {
            self.bury(change.clone());
        }
        let safe = self.safe();
        // Nobody may be following.
        let _ = self.sender.send(Told { change, safe });
    }

    /// What is gone since this version; none where that is not known any more.
    pub(super) fn gone_since(&self, namespace: &str, version: u64) -> Option<Vec<Change>> {
        let graves = self.graves.lock().unwrap_or_else(PoisonError::into_inner);
        if self.safe() == 0 || version < graves.forgotten {
            return None;
        }
        let gone = graves.changes.iter();
        let since = gone.filter(|c| c.version > version && &*c.namespace == namespace);
        Some(since.cloned().collect())
    }

    /// One of the watches knows nothing of what went before this version.
    pub(super) fn begin(&self, version: u64) {
        let mut graves = self.graves.lock().unwrap_or_else(PoisonError::into_inner);
        graves.forgotten = graves.forgotten.max(version);
    }

    fn bury(&self, change: Change) {
        let mut graves = self.graves.lock().unwrap_or_else(PoisonError::into_inner);
        graves.changes.push_back(change);
        if graves.changes.len() > GRAVES
            && let Some(oldest) = graves.changes.pop_front()
        {
            graves.forgotten = graves.forgotten.max(oldest.version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(version: u64) -> Change {
        Change {
            namespace: "acme".into(),
            version,
            what: What::Deleted {
                kind: "endpoint",
                id: "ep-1".into(),
                name: "one".into(),
            },
        }
    }

    fn watched(versions: [u64; 2]) -> Changes {
        let pulses = [Pulse::new(false), Pulse::new(false)];
        let changes = Changes::new(pulses.clone());
        for (pulse, version) in pulses.iter().zip(versions) {
            pulse.listed(version);
            changes.begin(version);
        }
        changes
    }

    #[test]
    fn a_change_is_safe_only_up_to_the_slower_watch() {
        let changes = watched([10, 7]);
        let mut told = changes.subscribe();
        changes.tell(gone(12));
        assert_eq!(told.try_recv().unwrap().safe, 7);
    }

    #[test]
    fn what_went_is_told_to_who_comes_back() {
        let changes = watched([10, 7]);
        changes.tell(gone(12));
        changes.tell(gone(14));
        assert_eq!(changes.gone_since("acme", 12).unwrap().len(), 1);
        assert_eq!(changes.gone_since("other", 12).unwrap().len(), 0);
        // What went before the first listing is not known.
        assert!(changes.gone_since("acme", 9).is_none());
    }

    #[test]
    fn what_is_forgotten_is_not_passed_over() {
        let changes = watched([1, 1]);
        for version in 2..=(GRAVES as u64 + 3) {
            changes.tell(gone(version));
        }
        assert!(changes.gone_since("acme", 2).is_none());
        assert_eq!(changes.gone_since("acme", 3).unwrap().len(), GRAVES);
    }
}
