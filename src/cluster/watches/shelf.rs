//! All objects of one kind as their watch has shown them, by namespace and id.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt as _;

use super::changes::{Change, Changes, What};
use super::follow::{Observer, number};
use super::pulse::Pulse;
use crate::cluster::intent::Intended;
use crate::crd::{Endpoint, Project};
use crate::domain::id;

type ByNamespace<K> = HashMap<String, BTreeMap<String, Arc<K>>>;

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
    /// How far the watch has come.
    pub pulse: Pulse,
}

impl<K: Shelved> Shelf<K> {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            objects: RwLock::default(),
            pulse: Pulse::new(false),
        }
    }

    /// All objects of a namespace, by id.
    pub fn of_namespace(&self, namespace: &str) -> Vec<Arc<K>> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        let found = objects.get(namespace);
        found.map_or_else(Vec::new, |found| found.values().cloned().collect())
    }

    /// The object of this id in this namespace.
    pub fn by_id(&self, namespace: &str, id: &str) -> Option<Arc<K>> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects.get(namespace)?.get(id).cloned()
    }

    /// The object of this name in this namespace.
    pub fn by_name(&self, namespace: &str, name: &str) -> Option<Arc<K>> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        let mut of_namespace = objects.get(namespace)?.values();
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
        put(&mut self.listing, &Arc::new(lean(object)));
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
            all.get(namespace).and_then(|of| of.get(id)).cloned()
        };
        for (namespace, objects) in &listed {
            for (id, object) in objects {
                let old = find(&before, namespace, id);
                if old.is_none_or(|old| old.resource_version() != object.resource_version()) {
                    let own = number(&object.resource_version().unwrap_or_default());
                    self.tell_applied(object, own);
                }
            }
        }
        for (namespace, objects) in &before {
            for (id, object) in objects {
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
            put(&mut objects, &object);
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
                of_namespace.remove(&id);
                if of_namespace.is_empty() {
                    objects.remove(namespace);
                }
            }
        }
        self.tell_gone(meta, &id, version);
    }
}

fn put<K: Shelved>(objects: &mut ByNamespace<K>, object: &Arc<K>) {
    if let Some(id) = K::id_of(object.meta()) {
        let namespace = object.namespace().unwrap_or_default();
        let of_namespace = objects.entry(namespace).or_default();
        of_namespace.insert(id, Arc::clone(object));
    }
}

/// Without what nobody reads, which is about half of an object.
fn lean<K: Shelved>(mut object: K) -> K {
    object.meta_mut().managed_fields = None;
    object
}
