//! Projects whose namespace this process has closed and whose first status does not say so yet.
//!
//! An Endpoint may start as soon as its Project's namespace is closed. Were that known from the
//! Project's status alone, every new Project would need a status of its own for it, and another
//! one right after that counts its Endpoints.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// When each perimeter was closed, by the UID of the Project.
#[derive(Default)]
pub struct Perimeters(Mutex<HashMap<String, Timestamp>>);

impl Perimeters {
    /// The namespace has been found closed. Answers since when that is known.
    pub fn close(&self, uid: &str, now: Timestamp) -> Timestamp {
        *self.lock().entry(uid.to_owned()).or_insert(now)
    }

    /// Whether this process has closed the namespace.
    #[must_use]
    pub fn is_closed(&self, uid: &str) -> bool {
        self.lock().contains_key(uid)
    }

    /// The Project stalls or goes: from now on its status alone counts.
    pub fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perimeter_is_closed_since_the_first_time_until_it_is_forgotten() {
        let perimeters = Perimeters::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(!perimeters.is_closed("u"));
        assert_eq!(perimeters.close("u", at(1)), at(1));
        assert_eq!(perimeters.close("u", at(2)), at(1));
        assert!(perimeters.is_closed("u"));
        perimeters.forget("u");
        assert!(!perimeters.is_closed("u"));
    }
}
