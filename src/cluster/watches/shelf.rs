//! All objects of one kind as their watch has shown them, by namespace and id.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt as _;

use super::changes::{Change, Changes, What};
use super::follow::{Observer, number};
use super::pulse::Pulse;
use crate::cluster::intent::Intended;
use crate::crd::{Endpoint, Project};
use crate::domain::id;

type ByNamespace<K> = HashMap<String, Contents<K>>;

/// The objects of a namespace, by id.
struct Contents<K> {
    objects: BTreeMap<String, Arc<K>>,
    /// No other state of any namespace on this shelf has the same.
    edition: u64,
}

// Not derived: that would ask for `K: Clone` and `K: Default`.
impl<K> Clone for Contents<K> {
    fn clone(&self) -> Self {
        Self {
            objects: self.objects.clone(),
            edition: self.edition,
        }
    }
}

impl<K> Default for Contents<K> {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            edition: 0,
        }
    }
}

/// A kind that is kept on a shelf.
pub trait Shelved: Intended {
    /// The kind, as the events of clients name it.
    const KIND: &'static str;
    /// Its permanent id.
    fn id_of(meta: &ObjectMeta) -> Option<String>;
    /// As a change.
    fn changed(object: Arc<Self>) -> What;
}

impl Shelved for Project {
    const KIND: &'static str = "project";

    fn id_of(meta: &ObjectMeta) -> Option<String> {
        id::project_id(meta.uid.as_deref()?).ok()
    }

    fn changed(object: Arc<Self>) -> What {
        What::Project(object)
    }
}

impl Shelved for Endpoint {
    const KIND: &'static str = "endpoint";

    fn id_of(meta: &ObjectMeta) -> Option<String> {
        id::endpoint_id(meta.uid.as_deref()?).ok()
    }

    fn changed(object: Arc<Self>) -> What {
        What::Endpoint(object)
    }
}

/// What readers hold.
pub struct Shelf<K> {
    objects: RwLock<ByNamespace<K>>,
    editions: AtomicU64,
    /// How far the watch has come.
    pub pulse: Pulse,
}

impl<K: Shelved> Shelf<K> {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            objects: RwLock::default(),
            editions: AtomicU64::new(0),
            pulse: Pulse::new(false),
        }
    }

    /// All objects of a namespace, by id.
    pub fn of_namespace(&self, namespace: &str) -> Vec<Arc<K>> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        let found = objects.get(namespace);
        found.map_or_else(Vec::new, |found| found.objects.values().cloned().collect())
    }

    /// Which state of a namespace this is; none while it holds nothing.
    pub fn edition(&self, namespace: &str) -> Option<u64> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects.get(namespace).map(|found| found.edition)
    }

    /// The object of this id in this namespace.
    pub fn by_id(&self, namespace: &str, id: &str) -> Option<Arc<K>> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects.get(namespace)?.objects.get(id).cloned()
    }

    /// The object of this name in this namespace.
    pub fn by_name(&self, namespace: &str, name: &str) -> Option<Arc<K>> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        let mut of_namespace = objects.get(namespace)?.objects.values();
        of_namespace
            .find(|object| object.meta().name.as_deref() == Some(name))
            .cloned()
    }
}

/// The one who fills a shelf.
pub(super) struct Filler<K> {
    shelf: Arc<Shelf<K>>,
    changes: Arc<Changes>,
    listing: ByNamespace<K>,
    has_begun: bool,
}

impl<K: Shelved> Filler<K> {
    /// Of this shelf; changes are told of.
    pub(super) fn new(shelf: Arc<Shelf<K>>, changes: Arc<Changes>) -> Self {
        Self {
            shelf,
            changes,
            listing: HashMap::new(),
            has_begun: false,
        }
    }

    fn new_edition(&self) -> u64 {
        self.shelf.editions.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn tell_applied(&self, object: &Arc<K>, version: u64) {
        self.changes.tell(Change {
            namespace: object.namespace().unwrap_or_default().into(),
            version,
            what: K::changed(Arc::clone(object)),
        });
    }

    fn tell_gone(&self, meta: &ObjectMeta, id: &str, version: u64) {
        self.changes.tell(Change {
            namespace: meta.namespace.as_deref().unwrap_or_default().into(),
            version,
            what: What::Deleted {
                kind: K::KIND,
                id: id.into(),
                name: meta.name.as_deref().unwrap_or_default().into(),
            },
        });
    }
}

impl<K: Shelved> Observer<K> for Filler<K> {
    fn restart(&mut self) {
        self.listing.clear();
    }

    fn listed(&mut self, object: K) {
        let edition = self.new_edition();
        put(&mut self.listing, &Arc::new(lean(object)), edition);
    }

    fn complete(&mut self, version: u64) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.changes.begin(version);
        }
        let listed = std::mem::take(&mut self.listing);
        let before = {
            let mut objects = self
                .shelf
                .objects
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *objects, listed.clone())
        };
        let find = |all: &ByNamespace<K>, namespace: &str, id: &str| {
            let contents = all.get(namespace);
            contents.and_then(|of| of.objects.get(id)).cloned()
        };
        for (namespace, contents) in &listed {
            for (id, object) in &contents.objects {
                let old = find(&before, namespace, id);
                if old.is_none_or(|old| old.resource_version() != object.resource_version()) {
                    let own = number(&object.resource_version().unwrap_or_default());
                    self.tell_applied(object, own);
                }
            }
        }
        for (namespace, contents) in &before {
            for (id, object) in &contents.objects {
                if find(&listed, namespace, id).is_none() {
                    self.tell_gone(object.meta(), id, version);
                }
            }
        }
    }

    fn applied(&mut self, object: K, version: u64) {
        let object = Arc::new(lean(object));
        {
            let mut objects = self
                .shelf
                .objects
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            put(&mut objects, &object, self.new_edition());
        }
        self.tell_applied(&object, version);
    }

    fn gone(&mut self, meta: &ObjectMeta, version: u64) {
        let Some(id) = K::id_of(meta) else {
            return;
        };
        let namespace = meta.namespace.as_deref().unwrap_or_default();
        {
            let mut objects = self
                .shelf
                .objects
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(of_namespace) = objects.get_mut(namespace) {
                of_namespace.objects.remove(&id);
                of_namespace.edition = self.new_edition();
                if of_namespace.objects.is_empty() {
                    objects.remove(namespace);
                }
            }
        }
        self.tell_gone(meta, &id, version);
    }
}

fn put<K: Shelved>(objects: &mut ByNamespace<K>, object: &Arc<K>, edition: u64) {
    if let Some(id) = K::id_of(object.meta()) {
        let namespace = object.namespace().unwrap_or_default();
        let of_namespace = objects.entry(namespace).or_default();
        of_namespace.objects.insert(id, Arc::clone(object));
        of_namespace.edition = edition;
    }
}

/// Without what nobody reads, which is about half of an object.
fn lean<K: Shelved>(mut object: K) -> K {
    object.meta_mut().managed_fields = None;
    object
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use kube::Resource as _;

    use super::*;

    fn project(namespace: &str, number: u8) -> Project {
        serde_json::from_value(json!({
            "apiVersion": "kisenon.com/v1alpha1", "kind": "Project",
            "metadata": {
                "name": format!("shop-{number}"), "namespace": namespace, "resourceVersion": "1",
                "uid": format!("{number}a1b2c3d-4e5f-4789-9abc-def012345678"),
            },
            "spec": {},
        }))
        .unwrap()
    }

    #[test]
    fn each_change_of_a_namespace_is_another_edition_and_of_no_other() {
        let shelf = Arc::new(Shelf::<Project>::new());
        let pulses = [shelf.pulse.clone(), Pulse::new(false)];
        let mut filler = Filler::new(Arc::clone(&shelf), Arc::new(Changes::new(pulses)));
        filler.listed(project("acme", 1));
        filler.listed(project("other", 9));
        filler.complete(1);
        let other = shelf.edition("other");
        let mut seen = HashSet::new();
        for turn in 0..3 {
            assert!(seen.insert(shelf.edition("acme").unwrap()));
            filler.applied(project("acme", 2), 2 + turn);
            assert!(seen.insert(shelf.edition("acme").unwrap()));
            filler.gone(project("acme", 1).meta(), 3 + turn);
            assert!(seen.insert(shelf.edition("acme").unwrap()));
            filler.gone(project("acme", 2).meta(), 4 + turn);
            assert_eq!(shelf.edition("acme"), None);
            filler.applied(project("acme", 1), 5 + turn);
        }
        assert_eq!(shelf.edition("other"), other);
        filler.restart();
        filler.listed(project("acme", 1));
        filler.complete(10);
        assert!(seen.insert(shelf.edition("acme").unwrap()));
    }
}
