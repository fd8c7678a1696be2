//! All `ApiKey` objects of the cluster, found by any of their names without asking anybody.
//!
//! Made for a hundred thousand keys in a small process, so a key is kept in one piece of text with
//! the places where its parts end, and the orders below hold pointers to it only. A lock is held
//! for the few steps of one look-up or change; a whole new list is taken in key by key.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use thiserror::Error;

use crate::domain::api_key::{KeyRecord, LOOKUP_ID_LENGTH};

mod entry;
mod order;

pub use entry::{IndexedKey, parse_uid};
use order::{ByNamespace, OfLookupId, OfUid};

/// A record that cannot be kept, and so is no key. Kubernetes and the schema let none through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unindexable {
    /// The UID is no UUID, or the id is not the one of the UID.
    #[error("the ApiKey has no usable UID")]
    Uid,
    /// The lookup id has another length.
    #[error("the ApiKey has no usable lookup id")]
    LookupId,
    /// The texts are longer than the schema allows.
    #[error("the ApiKey holds too much text")]
    TooLong,
}

/// A UID, as a number.
type Uid = u128;

/// The index.
#[derive(Debug, Default)]
pub struct KeyIndex {
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    by_uid: HashSet<OfUid>,
    by_namespace: ByNamespace,
    /// The one key of each lookup id that counts.
    by_lookup_id: HashSet<OfLookupId>,
    /// The others of the same lookup id, where somebody made such.
    later: HashMap<[u8; LOOKUP_ID_LENGTH], Vec<Arc<IndexedKey>>>,
}

/// A new list of all keys, of which some have been taken in. Keys that are not in it are dropped
/// when it ends.
#[derive(Debug, Default)]
pub struct Relist {
    seen: HashSet<Uid>,
}

impl KeyIndex {
    /// Takes in a key, or what has become of it.
    ///
    /// # Errors
    /// When it cannot be kept. What was kept under its UID before is dropped.
    pub fn upsert(&self, record: &KeyRecord) -> Result<(), Unindexable> {
        match IndexedKey::new(record) {
            Ok(key) => {
                self.write().put(key);
                Ok(())
            }
            Err(reason) => {
                self.remove(&record.uid);
                Err(reason)
            }
        }
    }

    /// Drops the key of this UID.
    pub fn remove(&self, uid: &str) {
        if let Some(uid) = entry::parse_uid(uid) {
            self.write().take(uid);
        }
    }

    /// Takes in a key of a new list.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn keep(&self, relist: &mut Relist, record: &KeyRecord) -> Result<(), Unindexable> {
        self.upsert(record)?;
        relist.seen.extend(entry::parse_uid(&record.uid));
        Ok(())
    }

    /// Ends a new list: drops every key that was not in it.
    pub fn finish(&self, relist: &Relist) {
        let is_gone = |known: &OfUid| !relist.seen.contains(&known.0.uid());
        let known = self.read();
        let gone = known.by_uid.iter().filter(|known| is_gone(known));
        let gone = gone.map(|known| known.0.uid()).collect::<Vec<_>>();
        drop(known);
        for uid in gone {
            self.write().take(uid);
        }
    }

    /// Takes in a whole list. Gives back how many of its records could not be kept.
    pub fn replace_all(&self, records: impl IntoIterator<Item = KeyRecord>) -> usize {
        let mut relist = Relist::default();
        let kept = |record: KeyRecord| self.keep(&mut relist, &record);
        let refused = records.into_iter().map(kept).filter(Result::is_err).count();
        self.finish(&relist);
        refused
    }

    /// The key of this lookup id; of several the oldest, which nobody can come before later.
    #[must_use]
    pub fn find(&self, lookup_id: &str) -> Option<Arc<IndexedKey>> {
        let lookup_id = entry::parse_lookup_id(lookup_id)?;
        let inner = self.read();
        let found = inner.by_lookup_id.get(&lookup_id);
        found.map(|found| Arc::clone(&found.0))
    }

    /// The key of this id (`key-…`) in a namespace.
    #[must_use]
    pub fn by_id(&self, namespace: &str, id: &str) -> Option<Arc<IndexedKey>> {
        let range = entry::uids_of_id(id)?;
        let inner = self.read();
        inner
            .by_namespace
            .range(namespace, range)
            .next()
            .map(Arc::clone)
    }

    /// All keys of a namespace, by UID.
    #[must_use]
    pub fn of_namespace(&self, namespace: &str) -> Vec<Arc<IndexedKey>> {
        self.in_namespace(namespace, |_| true)
    }

    /// The keys of a namespace that a key (`key-…`) or session (`ses-…`) minted. Only of that
    /// namespace: what other tenants write into their objects is no concern of this one's.
    #[must_use]
    pub fn children_of(&self, namespace: &str, parent: &str) -> Vec<Arc<IndexedKey>> {
        self.in_namespace(namespace, |key| key.parent() == Some(parent))
    }

    /// The keys that act for a user, in one namespace or in all. In all means a look at every
    /// key, for the rare time that a person is shut out.
    #[must_use]
    pub fn of_user(&self, namespace: Option<&str>, user: &str) -> Vec<Arc<IndexedKey>> {
        let is_theirs = |key: &IndexedKey| key.user() == Some(user);
        if let Some(namespace) = namespace {
            return self.in_namespace(namespace, is_theirs);
        }
        let inner = self.read();
        let keys = inner.by_namespace.all().filter(|key| is_theirs(key));
        keys.map(Arc::clone).collect()
    }

    fn in_namespace(
        &self,
        namespace: &str,
        wanted: impl Fn(&IndexedKey) -> bool,
    ) -> Vec<Arc<IndexedKey>> {
        let inner = self.read();
        let keys = inner.by_namespace.range(namespace, (Uid::MIN, Uid::MAX));
        keys.filter(|key| wanted(key)).map(Arc::clone).collect()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read().by_uid.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    // Each change is whole before its lock is given back, so a panic elsewhere spoils nothing.

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn put(&mut self, key: IndexedKey) {
        let known = self.by_uid.get(key.uid_bytes());
        if known.is_some_and(|known| *known.0 == key) {
            return;
        }
        self.take(key.uid());
        let key = Arc::new(key);
        self.by_uid.insert(OfUid(Arc::clone(&key)));
        self.by_namespace.insert(&key);
        let lookup_id = *key.lookup_bytes();
        match self.by_lookup_id.take(&lookup_id) {
            None => {
                self.by_lookup_id.insert(OfLookupId(key));
            }
            Some(OfLookupId(other)) => {
                let (first, second) = if key.age() < other.age() {
                    (key, other)
                } else {
                    (other, key)
                };
                self.by_lookup_id.insert(OfLookupId(first));
                self.later.entry(lookup_id).or_default().push(second);
            }
        }
    }

    fn take(&mut self, uid: Uid) {
        let Some(OfUid(key)) = self.by_uid.take(&uid.to_be_bytes()) else {
            return;
        };
        self.by_namespace.remove(&key);
        let lookup_id = key.lookup_bytes();
        let counted = self.by_lookup_id.take(lookup_id);
        let mut rest = self.later.remove(lookup_id).unwrap_or_default();
        rest.extend(counted.map(|counted| counted.0));
        rest.retain(|other| other.uid() != uid);
        // The oldest last, from where it is taken.
        rest.sort_by_key(|other| std::cmp::Reverse(other.age()));
        if let Some(oldest) = rest.pop() {
            self.by_lookup_id.insert(OfLookupId(oldest));
        }
        if !rest.is_empty() {
            self.later.insert(*lookup_id, rest);
        }
    }
}

#[cfg(test)]
mod tests;
