//! What the API reads: Projects, Endpoints and the tenants' namespaces, as watches have shown them.
//!
//! No read of the API asks Kubernetes for a Project or an Endpoint. After a write of its own a
//! handler waits until the watch has shown it ([`Watches::until_seen`]), so that a client reads
//! what it wrote.

mod changes;
mod follow;
mod pulse;
mod shelf;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::Api;
use kube::core::PartialObjectMeta;
use kube::{Client, ResourceExt as _};
use tokio::sync::broadcast;
use tokio::task::JoinSet;

pub use self::changes::{Change, Told, What};
pub use self::follow::{Observer, follow, probe};
pub use self::pulse::Pulse;
pub use self::shelf::Shelved;

use self::changes::Changes;
use self::shelf::{Filler, Shelf};
use crate::crd::{Endpoint, Project, label};

pub(in crate::cluster) use self::follow::number;

/// How long a client waits at the most until it can read what it wrote.
const READ_YOUR_WRITE: Duration = Duration::from_secs(1);
/// A watch that has been broken for longer than this makes the process not ready.
const STALE: Duration = Duration::from_secs(15);

/// Readers share one.
#[derive(Clone)]
pub struct Watches {
    projects: Arc<Shelf<Project>>,
    endpoints: Arc<Shelf<Endpoint>>,
    tenants: Arc<Tenants>,
    changes: Arc<Changes>,
}

/// A kind that [`Watches`] can be asked for.
pub trait Watched: Shelved {
    #[doc(hidden)]
    fn shelf(watches: &Watches) -> &Shelf<Self>;
}

impl Watched for Project {
    fn shelf(watches: &Watches) -> &Shelf<Self> {
        &watches.projects
    }
}

impl Watched for Endpoint {
    fn shelf(watches: &Watches) -> &Shelf<Self> {
        &watches.endpoints
    }
}

impl Watches {
    /// Opens the watches, which end with the tasks.
    pub fn open(client: &Client, tasks: &mut JoinSet<()>) -> Self {
        let (projects, endpoints) = (Arc::new(Shelf::new()), Arc::new(Shelf::new()));
        let pulses = [projects.pulse.clone(), endpoints.pulse.clone()];
        let watches = Self {
            changes: Arc::new(Changes::new(pulses)),
            tenants: Arc::new(Tenants::new()),
            projects,
            endpoints,
        };
        let filler = Filler::new(Arc::clone(&watches.projects), Arc::clone(&watches.changes));
        let pulse = watches.projects.pulse.clone();
        tasks.spawn(follow(Api::all(client.clone()), "", pulse, filler));
        let filler = Filler::new(Arc::clone(&watches.endpoints), Arc::clone(&watches.changes));
        let pulse = watches.endpoints.pulse.clone();
        tasks.spawn(follow(Api::all(client.clone()), "", pulse, filler));
        let labels = TenantFiller {
            tenants: Arc::clone(&watches.tenants),
            listing: HashMap::new(),
        };
        let pulse = watches.tenants.pulse.clone();
        tasks.spawn(follow(
            Api::all(client.clone()),
            label::TENANT,
            pulse,
            labels,
        ));
        watches
    }

    /// Whether everything has been seen once and no watch has been broken for long.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let pulses = [
            &self.projects.pulse,
            &self.endpoints.pulse,
            &self.tenants.pulse,
        ];
        pulses.iter().all(|pulse| !pulse.is_stale(STALE))
    }

    /// All objects of a kind in a namespace, by id.
    #[must_use]
    pub fn list<K: Watched>(&self, namespace: &str) -> Vec<Arc<K>> {
        K::shelf(self).of_namespace(namespace)
    }

    /// Which state of a namespace [`Self::list`] would answer: it changes with every object. None
    /// while the namespace holds nothing.
    #[must_use]
    pub fn edition<K: Watched>(&self, namespace: &str) -> Option<u64> {
        K::shelf(self).edition(namespace)
    }

    /// The object of this id in this namespace.
    #[must_use]
    pub fn by_id<K: Watched>(&self, namespace: &str, id: &str) -> Option<Arc<K>> {
        K::shelf(self).by_id(namespace, id)
    }

    /// The object of this name in this namespace.
    #[must_use]
    pub fn by_name<K: Watched>(&self, namespace: &str, name: &str) -> Option<Arc<K>> {
        K::shelf(self).by_name(namespace, name)
    }

    /// Waits until the watch has shown this version of an object that was just written. A watch
    /// that lags is not waited for without end: the write stands all the same.
    pub async fn until_seen<K: Watched>(&self, written: &K) {
        self.until_version::<K>(&written.resource_version().unwrap_or_default())
            .await;
    }

    /// Waits until the watch of a kind has shown this version.
    pub async fn until_version<K: Watched>(&self, version: &str) {
        let version = number(version);
        let pulse = &K::shelf(self).pulse;
        if !pulse.until(version, READ_YOUR_WRITE).await {
            tracing::debug!(k8s.kind = K::KIND, version, "a watch lags behind a write");
        }
    }

    /// Waits until the watch has shown that an object is gone.
    pub async fn until_gone<K: Watched>(&self, object: &K) {
        let namespace = object.namespace().unwrap_or_default();
        let Some(id) = K::id_of(object.meta()) else {
            return;
        };
        let mut versions = K::shelf(self).pulse.subscribe();
        let gone = versions.wait_for(|_| self.by_id::<K>(&namespace, &id).is_none());
        if tokio::time::timeout(READ_YOUR_WRITE, gone).await.is_err() {
            tracing::debug!(k8s.kind = K::KIND, "a watch lags behind a deletion");
        }
    }

    /// The tenant that a namespace belongs to.
    #[must_use]
    pub fn tenant_of(&self, namespace: &str) -> Option<Arc<str>> {
        self.tenants.of(namespace)
    }

    /// Waits until the watch has shown a namespace as a tenant's, which was just made: its keys are
    /// refused before.
    pub async fn until_tenant(&self, namespace: &str) {
        let mut versions = self.tenants.pulse.subscribe();
        let known = versions.wait_for(|_| self.tenant_of(namespace).is_some());
        if tokio::time::timeout(READ_YOUR_WRITE, known).await.is_err() {
            tracing::debug!("the watch of namespaces lags behind a new one");
        }
    }

    /// Changes from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Told> {
        self.changes.subscribe()
    }

    /// Every change of any kind up to this version has been told.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.changes.safe()
    }

    /// What is gone since this version; none where that is not known any more.
    #[must_use]
    pub fn gone_since(&self, namespace: &str, version: u64) -> Option<Vec<Change>> {
        self.changes.gone_since(namespace, version)
    }
}

/// Which namespaces are tenants'.
struct Tenants {
    labels: RwLock<HashMap<String, Arc<str>>>,
    pulse: Pulse,
}

impl Tenants {
    fn new() -> Self {
        Self {
            labels: RwLock::default(),
            pulse: Pulse::new(false),
        }
    }

    fn of(&self, namespace: &str) -> Option<Arc<str>> {
        let labels = self.labels.read().unwrap_or_else(PoisonError::into_inner);
        labels.get(namespace).cloned()
    }
}

struct TenantFiller {
    tenants: Arc<Tenants>,
    listing: HashMap<String, Arc<str>>,
}

type NamespaceMeta = PartialObjectMeta<Namespace>;

/// A namespace that loses the label leaves the selection, which the watch shows as its end.
impl Observer<NamespaceMeta> for TenantFiller {
    fn restart(&mut self) {
        self.listing.clear();
    }

    fn listed(&mut self, namespace: NamespaceMeta) {
        let entry = labelled(&namespace);
        self.listing.extend(entry);
    }

    fn complete(&mut self, _: u64) {
        let mut labels = self
            .tenants
            .labels
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *labels = std::mem::take(&mut self.listing);
    }

    fn applied(&mut self, namespace: NamespaceMeta, _: u64) {
        let mut labels = self
            .tenants
            .labels
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        labels.extend(labelled(&namespace));
    }

    fn gone(&mut self, meta: &ObjectMeta, _: u64) {
        let mut labels = self
            .tenants
            .labels
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        labels.remove(meta.name.as_deref().unwrap_or_default());
    }
}

fn labelled(namespace: &NamespaceMeta) -> Option<(String, Arc<str>)> {
    let tenant = namespace.labels().get(label::TENANT)?;
    Some((namespace.name_any(), tenant.as_str().into()))
}
