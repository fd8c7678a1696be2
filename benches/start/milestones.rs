//! When each step of a start was first seen: from watches, which show a change some milliseconds
//! after it was stored, and from the client itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures::{StreamExt as _, pin_mut};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::core::NamespaceResourceScope;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

/// The steps, in the order in which they are expected.
pub(crate) const STEPS: [&str; 13] = [
    "kubectl returned",
    "policy",
    "StatefulSet",
    "pod",
    "scheduled",
    "volume bound",
    "gate running",
    "server's container running",
    "evidence recorded",
    "Service",
    "address given",
    "dial accepted",
    "select 1",
];

/// Seconds from the start to each step.
#[derive(Clone)]
pub(crate) struct Milestones(Arc<Mutex<(Instant, BTreeMap<&'static str, f64>)>>);

impl Milestones {
    /// The clock starts now.
    pub(crate) fn start() -> Self {
        Self(Arc::new(Mutex::new((Instant::now(), BTreeMap::new()))))
    }

    /// The clock starts again, and nothing has been seen; the watches go on.
    pub(crate) fn restarted(&self) {
        let mut state = self.lock();
        state.0 = Instant::now();
        state.1.clear();
    }

    /// Keeps the first time of a step.
    pub(crate) fn saw(&self, step: &'static str) {
        let mut state = self.lock();
        let elapsed = state.0.elapsed().as_secs_f64();
        state.1.entry(step).or_insert(elapsed);
    }

    /// When a step was seen.
    pub(crate) fn get(&self, step: &str) -> Option<f64> {
        self.lock().1.get(step).copied()
    }

    fn lock(&self) -> MutexGuard<'_, (Instant, BTreeMap<&'static str, f64>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches the objects of `namespace` and those made for it, until the set is dropped.
    pub(crate) fn watch(&self, client: &Client, namespace: &str) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        self.follow(&mut tasks, client, namespace, |_: &NetworkPolicy, saw| {
            saw("policy")
        });
        self.follow(&mut tasks, client, namespace, |_: &StatefulSet, saw| {
            saw("StatefulSet")
        });
        self.follow(&mut tasks, client, namespace, service);
        self.follow(&mut tasks, client, namespace, volume_claim);
        self.follow(&mut tasks, client, namespace, pod);
        tasks
    }

    fn follow<K>(
        &self,
        tasks: &mut JoinSet<()>,
        client: &Client,
        namespace: &str,
        each: fn(&K, &dyn Fn(&'static str)),
    ) where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone,
        K: std::fmt::Debug + Send + 'static,
    {
        let milestones = self.clone();
        let namespace = namespace.to_owned();
        let stream = watcher(Api::<K>::all(client.clone()), watcher::Config::default());
        tasks.spawn(async move {
            let stream = stream.default_backoff().applied_objects();
            pin_mut!(stream);
            while let Some(event) = stream.next().await {
                let Ok(object) = event else { continue };
                let of_tenant = object.labels().get("kisenon.com/tenant-namespace");
                let is_mine = object.namespace().as_ref() == Some(&namespace)
                    || of_tenant == Some(&namespace);
                if is_mine && object.meta().deletion_timestamp.is_none() {
                    each(&object, &|step| milestones.saw(step));
                }
            }
        });
    }
}

fn service(service: &Service, saw: &dyn Fn(&'static str)) {
    saw("Service");
    let balancer = service
        .status
        .as_ref()
        .and_then(|s| s.load_balancer.as_ref());
    if balancer.is_some_and(|b| b.ingress.as_ref().is_some_and(|i| !i.is_empty())) {
        saw("address given");
    }
}

fn volume_claim(claim: &PersistentVolumeClaim, saw: &dyn Fn(&'static str)) {
    if claim.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Bound") {
        saw("volume bound");
    }
}

fn pod(pod: &Pod, saw: &dyn Fn(&'static str)) {
    saw("pod");
    if pod
        .spec
        .as_ref()
        .is_some_and(|spec| spec.node_name.is_some())
    {
        saw("scheduled");
    }
    if pod.annotations().contains_key("kisenon.com/gate-evidence") {
        saw("evidence recorded");
    }
    let containers = pod
        .status
        .as_ref()
        .and_then(|s| s.container_statuses.as_ref());
    for container in containers.into_iter().flatten() {
        let is_running = container
            .state
            .as_ref()
            .is_some_and(|s| s.running.is_some());
        match &*container.name {
            "gate" if is_running => saw("gate running"),
            "postgres" if is_running => saw("server's container running"),
            _ => {}
        }
    }
}
