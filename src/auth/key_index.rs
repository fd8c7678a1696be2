//! All `ApiKey` objects of the cluster, found by any of their names without asking anybody.
//!
//! Made for a hundred thousand keys in a small process, so a key is kept in one piece of text with
//! the places where its parts end, and the orders below hold pointers to it only. A lock is held
//! for the few steps of one look-up or change; a whole new list is taken in key by key.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use thiserror::Error;

use crate::domain::api_key::{KeyRecord, LOOKUP_ID_LENGTH};

mod entry;
mod order;

pub use entry::IndexedKey;
use order::{ByLookup, ByNamespace, ByParent, ByUid, ByUser, Ordered};

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
    /// The one key of each lookup id that counts.
    winners: HashSet<Winner>,
    by_lookup: Ordered<ByLookup>,
    by_uid: Ordered<ByUid>,
    by_namespace: Ordered<ByNamespace>,
    by_user: Ordered<ByUser>,
    by_parent: Ordered<ByParent>,
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
        let known = self.read().by_uid.all().map(|key| key.uid()).collect::<Vec<_>>();
        for uid in known.into_iter().filter(|uid| !relist.seen.contains(uid)) {
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
        inner.winners.get(&lookup_id).map(|winner| Arc::clone(&winner.0))
    }

    /// The key of this id (`key-…`) in a namespace.
    #[must_use]
    pub fn by_id(&self, namespace: &str, id: &str) -> Option<Arc<IndexedKey>> {
        let (first, last) = entry::uids_of_id(id)?;
        let inner = self.read();
        let mut found = inner.by_namespace.range((namespace, 0, first), (namespace, 0, last));
        found.next().map(Arc::clone)
    }

    /// All keys of a namespace, by UID.
    #[must_use]
    pub fn of_namespace(&self, namespace: &str) -> Vec<Arc<IndexedKey>> {
        self.read().by_namespace.group(namespace)
    }

    /// The keys of a namespace that a key (`key-…`) or session (`ses-…`) minted. Only of that
    /// namespace: what other tenants write into their objects is no concern of this one's.
    #[must_use]
    pub fn children_of(&self, namespace: &str, parent: &str) -> Vec<Arc<IndexedKey>> {
        let mut keys = self.read().by_parent.group(parent);
        keys.retain(|key| key.namespace() == namespace);
        keys
    }

    /// The keys that act for a user, in one namespace or in all.
    #[must_use]
    pub fn of_user(&self, namespace: Option<&str>, user: &str) -> Vec<Arc<IndexedKey>> {
        let mut keys = self.read().by_user.group(user);
        keys.retain(|key| namespace.is_none_or(|name| key.namespace() == name));
        keys
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
        if self.by_uid.first("", key.uid()).is_some_and(|known| **known == key) {
            return;
        }
        self.take(key.uid());
        let key = Arc::new(key);
        self.by_lookup.insert(&key);
        self.by_uid.insert(&key);
        self.by_namespace.insert(&key);
        if key.user().is_some() {
            self.by_user.insert(&key);
        }
        if key.parent().is_some() {
            self.by_parent.insert(&key);
        }
        self.choose(&key);
    }

    fn take(&mut self, uid: Uid) {
        let Some(key) = self.by_uid.first("", uid).map(Arc::clone) else {
            return;
        };
        self.by_lookup.remove(&key);
        self.by_uid.remove(&key);
        self.by_namespace.remove(&key);
        self.by_user.remove(&key);
        self.by_parent.remove(&key);
        self.choose(&key);
    }

    /// Finds out anew which key counts for the lookup id of `key`.
    fn choose(&mut self, key: &IndexedKey) {
        let oldest = self.by_lookup.oldest(key.lookup_id()).map(Arc::clone);
        match oldest {
            Some(oldest) => {
                self.winners.replace(Winner(oldest));
            }
            None => {
                self.winners.remove(key.lookup_bytes());
            }
        }
    }
}

/// A key that is told apart by its lookup id.
#[derive(Debug)]
struct Winner(Arc<IndexedKey>);

impl Borrow<[u8; LOOKUP_ID_LENGTH]> for Winner {
    fn borrow(&self) -> &[u8; LOOKUP_ID_LENGTH] {
        self.0.lookup_bytes()
    }
}

impl Hash for Winner {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.lookup_bytes().hash(state);
    }
}

impl PartialEq for Winner {
    fn eq(&self, other: &Self) -> bool {
        self.0.lookup_bytes() == other.0.lookup_bytes()
    }
}

impl Eq for Winner {}

#[cfg(test)]
mod tests;
