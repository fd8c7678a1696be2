//! All keys of the cluster as the watch has shown them: by name, and by lookup id in the order of
//! precedence. Decides whom a change concerns, and asks for their reconciles.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kube::ResourceExt as _;
use kube::runtime::watcher::Event;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use super::row::{Claim, KeyName, LookupId, Row};
use crate::crd::ApiKey;

/// All keys of the cluster, a row each.
pub struct Keys {
    index: Mutex<Index>,
    queue: UnboundedSender<KeyName>,
    is_listed: watch::Sender<bool>,
}

impl Keys {
    /// Without any key; and where the names of those to reconcile come out.
    #[must_use]
    pub fn new() -> (Self, UnboundedReceiver<KeyName>) {
        let (queue, names) = unbounded_channel();
        let keys = Self {
            index: Mutex::default(),
            queue,
            is_listed: watch::Sender::new(false),
        };
        (keys, names)
    }

    /// Takes note of what the watch shows.
    pub fn follow(&self, event: &Event<ApiKey>) {
        let concerned = match event {
            Event::Apply(key) | Event::InitApply(key) => match Row::of(key) {
                Some((name, row)) => self.lock().put(name, row),
                None => {
                    tracing::error!(
                        k8s.namespace = key.namespace(),
                        k8s.name = key.name_any(),
                        "an ApiKey lacks what the API server always sets, and is left alone"
                    );
                    return;
                }
            },
            Event::Delete(key) => {
                let namespace = key.namespace().unwrap_or_default();
                self.lock()
                    .remove(&KeyName::new(&namespace, &key.name_any()))
            }
            Event::Init => {
                self.lock().begin_listing();
                return;
            }
            Event::InitDone => {
                let concerned = self.lock().end_listing();
                self.is_listed.send_replace(true);
                concerned
            }
        };
        self.ask(concerned);
    }

    /// A namespace has changed: the keys in it.
    pub fn ask_namespace(&self, namespace: &str) {
        let concerned = self.lock().of_namespace(namespace);
        self.ask(concerned);
    }

    /// All keys.
    pub fn ask_all(&self) {
        let concerned = self.lock().rows.keys().cloned().collect();
        self.ask(concerned);
    }

    /// Waits until the watch has shown every key.
    pub async fn wait_until_listed(&self) {
        let mut is_listed = self.is_listed.subscribe();
        // The sender lives as long as `self`.
        let _ = is_listed.wait_for(|listed| *listed).await;
    }

    pub(super) fn get(&self, name: &KeyName) -> Option<Row> {
        self.lock().rows.get(name).map(|(_, row)| *row)
    }

    /// Whether nobody has an earlier claim on the same lookup id.
    pub(super) fn is_first(&self, claim: &Claim) -> bool {
        let index = self.lock();
        let mut claims = index.claims.range(Claim::all_on(claim.lookup_id));
        claims.next().is_none_or(|(first, _)| first >= claim)
    }

    /// A closed receiver means that the process is ending.
    fn ask(&self, names: Vec<KeyName>) {
        for name in names {
            let _ = self.queue.send(name);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys, and how often they have been listed when each was seen last.
#[derive(Default)]
struct Index {
    rows: BTreeMap<KeyName, (u32, Row)>,
    claims: BTreeMap<Claim, KeyName>,
    listings: u32,
}

/// Each change answers whom it concerns.
impl Index {
    fn put(&mut self, name: KeyName, row: Row) -> Vec<KeyName> {
        let before = self.rows.insert(name.clone(), (self.listings, row));
        match before.map(|(_, before)| before) {
            Some(before) if before == row => Vec::new(),
            Some(before) if before.claim == row.claim => vec![name],
            before => {
                let mut concerned = before.map_or_else(Vec::new, |row| self.give_up(&row.claim));
                self.claims.insert(row.claim, name);
                concerned.extend(self.claimants(row.claim.lookup_id));
                concerned
            }
        }
    }

    fn remove(&mut self, name: &KeyName) -> Vec<KeyName> {
        let removed = self.rows.remove(name);
        removed.map_or_else(Vec::new, |(_, row)| self.give_up(&row.claim))
    }

    fn give_up(&mut self, claim: &Claim) -> Vec<KeyName> {
        self.claims.remove(claim);
        self.claimants(claim.lookup_id)
    }

    fn claimants(&self, lookup_id: LookupId) -> Vec<KeyName> {
        let claims = self.claims.range(Claim::all_on(lookup_id));
        claims.map(|(_, name)| name.clone()).collect()
    }

    fn of_namespace(&self, namespace: &str) -> Vec<KeyName> {
        let names = self.rows.range(KeyName::first_of(namespace)..);
        names
            .map(|(name, _)| name)
            .take_while(|name| name.namespace() == namespace)
            .cloned()
            .collect()
    }

    fn begin_listing(&mut self) {
        self.listings = self.listings.wrapping_add(1);
    }

    /// Whatever was not listed is gone.
    fn end_listing(&mut self) -> Vec<KeyName> {
        let listed = self.listings;
        let gone = self.rows.iter().filter(|(_, (seen, _))| *seen != listed);
        let gone = gone.map(|(name, _)| name.clone()).collect::<Vec<_>>();
        gone.iter().flat_map(|name| self.remove(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::row::tests::key;
    use super::*;

    const OLD: &str = "2030-01-01T00:00:00Z";
    const NEW: &str = "2030-01-01T00:00:05Z";

    fn claimant(namespace: &str, created: &str, digit: char) -> ApiKey {
        let uid = format!("{digit}0000000-0000-4000-8000-000000000000");
        let meta = json!({"namespace": namespace, "creationTimestamp": created, "uid": uid});
        key(&meta, &json!({}))
    }

    fn name(key: &ApiKey) -> KeyName {
        Row::of(key).unwrap().0
    }

    fn is_first(keys: &Keys, key: &ApiKey) -> bool {
        keys.is_first(&Row::of(key).unwrap().1.claim)
    }

    fn asked(queue: &mut UnboundedReceiver<KeyName>) -> Vec<String> {
        let mut names = Vec::new();
        while let Ok(name) = queue.try_recv() {
            names.push(name.to_string());
        }
        names.sort_unstable();
        names
    }

    #[test]
    fn the_oldest_claim_wins_whatever_is_shown_first_and_the_next_follows() {
        let (keys, mut queue) = Keys::new();
        let (old, new) = (claimant("b", OLD, '1'), claimant("a", NEW, '2'));
        keys.follow(&Event::Apply(new.clone()));
        assert!(is_first(&keys, &new));
        assert_eq!(asked(&mut queue), ["a/ci"]);
        keys.follow(&Event::Apply(old.clone()));
        assert!(is_first(&keys, &old) && !is_first(&keys, &new));
        assert_eq!(asked(&mut queue), ["a/ci", "b/ci"]);
        keys.follow(&Event::Delete(old));
        assert!(is_first(&keys, &new));
        assert_eq!(asked(&mut queue), ["a/ci"]);
    }

    #[test]
    fn a_change_that_means_nothing_asks_for_nothing() {
        let (keys, mut queue) = Keys::new();
        let before = claimant("a", OLD, '1');
        keys.follow(&Event::Apply(before.clone()));
        asked(&mut queue);
        let mut noise = before.clone();
        noise.metadata.resource_version = Some("9".into());
        keys.follow(&Event::Apply(noise));
        assert_eq!(asked(&mut queue), [""; 0]);
        let mut revoked = before;
        revoked.spec.revoked = true;
        keys.follow(&Event::Apply(revoked));
        assert_eq!(asked(&mut queue), ["a/ci"]);
    }

    #[test]
    fn a_key_made_anew_under_the_same_name_gives_up_its_old_claim() {
        let (keys, _queue) = Keys::new();
        let old = claimant("a", OLD, '1');
        let mut anew = claimant("a", NEW, '2');
        anew.spec.lookup_id = "ABCDEFGHIJ".into();
        let other = claimant("b", NEW, '3');
        keys.follow(&Event::Apply(old));
        keys.follow(&Event::Apply(other.clone()));
        assert!(!is_first(&keys, &other));
        keys.follow(&Event::Apply(anew));
        assert!(is_first(&keys, &other));
    }

    #[test]
    fn what_a_new_listing_does_not_hold_is_gone() {
        let (keys, mut queue) = Keys::new();
        let (old, new) = (claimant("b", OLD, '1'), claimant("a", NEW, '2'));
        for key in [&old, &new] {
            keys.follow(&Event::Apply(key.clone()));
        }
        keys.follow(&Event::Init);
        keys.follow(&Event::InitApply(new.clone()));
        assert!(keys.get(&name(&old)).is_some());
        asked(&mut queue);
        keys.follow(&Event::InitDone);
        assert_eq!(keys.get(&name(&old)), None);
        assert!(is_first(&keys, &new));
        assert_eq!(asked(&mut queue), ["a/ci"]);
    }

    #[test]
    fn a_namespace_asks_for_its_own_keys_alone() {
        let (keys, mut queue) = Keys::new();
        for (namespace, digit) in ["a", "a-b", "a.b", "aa", "b"].iter().zip('1'..) {
            keys.follow(&Event::Apply(claimant(namespace, OLD, digit)));
        }
        asked(&mut queue);
        keys.ask_namespace("a");
        assert_eq!(asked(&mut queue), ["a/ci"]);
        keys.ask_all();
        assert_eq!(asked(&mut queue).len(), 5);
    }

    #[tokio::test]
    async fn everything_is_shown_once_the_first_listing_has_ended() {
        let (keys, _queue) = Keys::new();
        keys.follow(&Event::Init);
        let waits = tokio::time::timeout(std::time::Duration::ZERO, keys.wait_until_listed());
        assert!(waits.await.is_err());
        keys.follow(&Event::InitDone);
        keys.wait_until_listed().await;
    }
}
