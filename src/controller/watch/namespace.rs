//! Watches inside single namespaces, for kinds that the operator may not list everywhere:
//! Secrets and ConfigMaps. The grant is a RoleBinding in each namespace, so is the watch.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::ExponentialBuilder;
use futures::Stream;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::Api;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::{Config, Event, ExponentialBackoff};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Client, Resource, ResourceExt as _};
use tokio_util::task::AbortOnDropHandle;

use super::trigger::Triggers;
use super::{Follower, follow_all};
use crate::cluster::apply::{Child, Children};
use crate::controller::object::meta;

/// Waits before a broken watch is opened again. The first is short: the grant of a fresh
/// namespace takes a moment to come into force.
const REOPEN_FIRST: Duration = Duration::from_millis(50);
const REOPEN_LAST: Duration = Duration::from_secs(5);

type Bodies = Arc<Mutex<HashMap<(String, String), Arc<Secret>>>>;

/// Watches of single namespaces, opened when first needed.
pub struct NamespaceWatches {
    client: Client,
    children: Arc<Children>,
    triggers: Triggers,
    bodies: Bodies,
    listed: Arc<Mutex<HashSet<String>>>,
    open: Mutex<HashMap<String, Vec<AbortOnDropHandle<()>>>>,
}

impl NamespaceWatches {
    /// Without any open watch.
    #[must_use]
    pub fn new(client: Client, children: Arc<Children>, triggers: Triggers) -> Self {
        Self {
            client,
            children,
            triggers,
            bodies: Bodies::default(),
            listed: Arc::default(),
            open: Mutex::default(),
        }
    }

    /// Watches the Secrets and ConfigMaps of a workload namespace.
    pub fn open_workload(&self, namespace: &str) {
        self.open(namespace, || {
            let config = Config::default().labels(meta::MANAGED);
            let secrets = watcher(
                Api::<Secret>::namespaced(self.client.clone(), namespace),
                config.clone(),
            );
            let config_maps = watcher(self.metadata::<ConfigMap>(namespace), config);
            vec![
                self.spawn(namespace, Secret::NAME, secrets, |secret| {
                    Some(secret.clone())
                }),
                self.spawn(namespace, ConfigMap::NAME, config_maps, |_| None),
            ]
        });
    }

    /// Watches the Secrets of a tenant's namespace, without their content.
    pub fn open_tenant(&self, namespace: &str) {
        self.open(namespace, || {
            let secrets = watcher(self.metadata::<Secret>(namespace), Config::default());
            vec![self.spawn(namespace, Secret::NAME, secrets, |_| None)]
        });
    }

    /// Whether the Secrets of a workload namespace have been listed.
    #[must_use]
    pub fn has_listed(&self, namespace: &str) -> bool {
        self.listed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(namespace)
    }

    /// Takes note of a Secret that was just written: its watch may lag.
    pub fn remember(&self, secret: Secret) {
        let key = (secret.namespace().unwrap_or_default(), secret.name_any());
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        bodies.entry(key).or_insert_with(|| Arc::new(secret));
    }

    /// Ends the watches of a namespace that is gone.
    pub fn close(&self, namespace: &str) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(namespace);
        self.listed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(namespace);
        self.bodies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(of, _), _| of != namespace);
    }

    /// A Secret of a workload namespace, as its watch has shown it.
    #[must_use]
    pub fn secret(&self, namespace: &str, name: &str) -> Option<Arc<Secret>> {
        self.bodies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&(namespace.to_owned(), name.to_owned()))
            .cloned()
    }

    fn metadata<K: Child>(&self, namespace: &str) -> Api<PartialObjectMeta<K>> {
        Api::namespaced(self.client.clone(), namespace)
    }

    fn open(&self, namespace: &str, start: impl FnOnce() -> Vec<AbortOnDropHandle<()>>) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(namespace.to_owned())
            .or_insert_with(start);
    }

    fn spawn<K, S>(
        &self,
        namespace: &str,
        kind: &'static str,
        stream: S,
        body: fn(&K) -> Option<Secret>,
    ) -> AbortOnDropHandle<()>
    where
        K: Resource<DynamicType = ()> + Clone + Send + Sync + 'static,
        S: Stream<Item = Result<Event<K>, watcher::Error>> + Send + 'static,
    {
        let namespace = namespace.to_owned();
        let mut follower = Follower::new(kind, Some(namespace.clone()), Arc::clone(&self.children));
        let triggers = self.triggers.clone();
        let bodies = Arc::clone(&self.bodies);
        let listed = Arc::clone(&self.listed);
        let stream = stream.backoff(reopen_backoff());
        AbortOnDropHandle::new(tokio::spawn(async move {
            follow_all(kind, stream, |event| {
                {
                    let mut bodies = bodies.lock().unwrap_or_else(PoisonError::into_inner);
                    match event {
                        Event::Apply(object) | Event::InitApply(object) => {
                            if let Some(secret) = body(object) {
                                let key = (namespace.clone(), object.name_any());
                                bodies.insert(key, Arc::new(secret));
                            }
                        }
                        Event::Delete(object) if kind == Secret::NAME => {
                            bodies.remove(&(namespace.clone(), object.name_any()));
                        }
                        Event::InitDone if kind == Secret::NAME => {
                            let mut listed = listed.lock().unwrap_or_else(PoisonError::into_inner);
                            listed.insert(namespace.clone());
                        }
                        Event::Delete(_) | Event::Init | Event::InitDone => {}
                    }
                }
                follower.follow(event, |_| None, |meta| triggers.secret(meta));
            })
            .await;
        }))
    }
}

fn reopen_backoff() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(REOPEN_FIRST)
        .with_max_delay(REOPEN_LAST)
        .with_jitter()
        .without_max_times()
        .into()
}
