//! People as they were read last, for a minute: who asks who they are with a key need not make
//! the store answer each time.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};

use crate::wire::auth::UserView;

const LIFE: SignedDuration = SignedDuration::from_mins(1);
const MOST: usize = 10_000;

/// People by id.
#[derive(Default)]
pub struct KnownUsers(RwLock<HashMap<String, (UserView, Timestamp)>>);

impl KnownUsers {
    /// A person who was read within the last minute.
    #[must_use]
    pub fn get(&self, id: &str, now: Timestamp) -> Option<UserView> {
        let users = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (view, at) = users.get(id)?;
        (now.duration_since(*at) < LIFE).then(|| view.clone())
    }

    /// Keeps a person.
    pub fn insert(&self, view: UserView, now: Timestamp) {
        let mut users = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if users.len() >= MOST {
            users.retain(|_, (_, at)| now.duration_since(*at) < LIFE);
        }
        users.insert(view.id.clone(), (view, now));
    }
}
