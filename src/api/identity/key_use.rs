//! When API keys were used: kept in memory, written to each key's status at most once an hour,
//! never on the way of a request. What was not written yet is lost with the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::api::identity::mint::stored;
use crate::api::state::ApiState;
use crate::auth::key_index::{IndexedKey, parse_uid};
use crate::cluster::api_key;

/// How often what is due is looked for.
const ROUND: Duration = Duration::from_secs(30);
/// At most one write for each key in this time.
const WRITE_INTERVAL: SignedDuration = SignedDuration::from_hours(1);
/// Keys whose use is remembered at once.
const MOST: usize = 100_000;

#[derive(Clone, Debug)]
struct Use {
    record: Arc<IndexedKey>,
    last: Timestamp,
    written: Option<Timestamp>,
}

/// When keys were used, by the number of their UID.
#[derive(Default)]
pub struct KeyUses(Mutex<HashMap<u128, Use>>);

impl KeyUses {
    /// Takes note of a use.
    pub fn note(&self, record: &Arc<IndexedKey>, now: Timestamp) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = uses.get_mut(&record.uid()) {
            known.last = known.last.max(now);
        } else if uses.len() < MOST {
            let first = Use {
                record: Arc::clone(record),
                last: now,
                written: None,
            };
            uses.insert(record.uid(), first);
        }
    }

    /// The last use that this process knows of.
    #[must_use]
    pub fn last(&self, uid: &str) -> Option<Timestamp> {
        let uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        uses.get(&parse_uid(uid)?).map(|known| known.last)
    }

    /// What is to be written now; it counts as written.
    fn due(&self, now: Timestamp) -> Vec<(Arc<IndexedKey>, Timestamp)> {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        uses.retain(|_, known| now.duration_since(known.last) < WRITE_INTERVAL * 24);
        uses.values_mut()
            .filter(|known| {
                known
                    .written
                    .is_none_or(|at| known.last > at && now.duration_since(at) >= WRITE_INTERVAL)
            })
            .map(|known| {
                known.written = Some(now);
                (Arc::clone(&known.record), known.last)
            })
            .collect()
    }
}

/// Writes what is due until `stop`.
pub async fn write_until(state: &ApiState, stop: &CancellationToken) {
    let mut rounds = tokio::time::interval(ROUND);
    while stop.run_until_cancelled(rounds.tick()).await.is_some() {
        state.limits().forget_idle();
        for (record, last) in state.key_uses().due(state.now()) {
            let written = api_key::note_use(state.client(), &stored(&record), last).await;
            if let Err(error) = written {
                tracing::debug!(%error, api_key.id = record.id(), "could not note the use of a key");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::key_index::KeyIndex;
    use crate::domain::api_key::{KeyRecord, Scopes};

    fn key() -> Arc<IndexedKey> {
        let index = KeyIndex::default();
        let record = KeyRecord {
            uid: "0a1b2c3d-4e5f-4789-9abc-def012345678".to_owned(),
            id: "key-0a1b2c3d4e5f4789".to_owned(),
            namespace: "acme".into(),
            name: "ci".to_owned(),
            lookup_id: "0123456789".to_owned(),
            hash: "$argon2id$".into(),
            label: "ci".to_owned(),
            user: None,
            role: Some("ci".into()),
            created_at: at(0),
            expires_at: None,
            scopes: Scopes::ALL,
            project: None,
            parent: None,
            revoked: false,
            is_managed_elsewhere: false,
        };
        index.upsert(&record).unwrap();
        index.find("0123456789").unwrap()
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    #[test]
    fn a_busy_key_is_written_once_an_hour() {
        let uses = KeyUses::default();
        let record = key();
        let mut writes = 0;
        for minute in 0..180 {
            uses.note(&record, at(minute));
            writes += uses.due(at(minute)).len();
        }
        assert_eq!(writes, 3);
        assert_eq!(uses.last(&record.uid_text()), Some(at(179)));
    }

    #[test]
    fn time_never_goes_back() {
        let uses = KeyUses::default();
        let record = key();
        uses.note(&record, at(9));
        uses.note(&record, at(3));
        assert_eq!(uses.last(&record.uid_text()), Some(at(9)));
    }
}
