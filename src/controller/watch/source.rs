//! Which watches there are, and whom a change concerns.

use std::collections::HashMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{
    LimitRange, Namespace, Node, PersistentVolumeClaim, Pod, ResourceQuota, Service, ServiceAccount,
};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::Api;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::{Config, Event};
use kube::runtime::{reflector, watcher};
use kube::{Client, ResourceExt as _};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use super::trigger::Triggers;
use super::{Follower, Watches, follow_all, guarded, of, slim};
use crate::cluster::address::ADDRESS_LABEL;
use crate::cluster::apply::{Child, Children, NAMESPACE};
use crate::controller::api_key::{KeyName, Keys};
use crate::controller::context::Stores;
use crate::controller::object::condition::find;
use crate::crd::condition::ConditionType;
use crate::crd::{ApiKey, Endpoint, Project, label};

/// What the watches feed.
pub struct Sources {
    /// What they have shown.
    pub stores: Stores,
    /// The canary's Service.
    pub canary: Store<Service>,
    /// Asks for reconciles.
    pub triggers: Triggers,
    /// Projects to reconcile.
    pub project_queue: UnboundedReceiver<ObjectRef<Project>>,
    /// Endpoints to reconcile.
    pub endpoint_queue: UnboundedReceiver<ObjectRef<Endpoint>>,
    /// All keys, a row each.
    pub keys: Arc<Keys>,
    /// Keys to reconcile.
    pub key_queue: UnboundedReceiver<KeyName>,
}

/// Opens every cluster-wide watch.
pub fn open(
    client: &Client,
    namespace: &str,
    children: &Arc<Children>,
    tasks: &mut JoinSet<()>,
) -> Sources {
    let (projects, project_queue) = unbounded_channel();
    let (endpoints, endpoint_queue) = unbounded_channel();
    let (endpoint_store, endpoint_writer) = reflector::store();
    let (project_store, project_writer) = reflector::store();
    let (keys, key_queue) = Keys::new();
    let keys = Arc::new(keys);
    let triggers = Triggers {
        projects,
        endpoints,
        keys: Arc::clone(&keys),
        endpoint_store: endpoint_store.clone(),
        project_store: project_store.clone(),
    };
    watch_projects(client, &triggers, project_writer, tasks);
    watch_endpoints(client, children, &triggers, endpoint_writer, tasks);
    watch_keys(client, &keys, tasks);
    let mut watches = Watches {
        tasks,
        children,
        triggers: &triggers,
    };
    watch_metadata(client, &mut watches);
    let canary = watch_canary(client, namespace, &mut watches);
    let stores = Stores {
        endpoints: endpoint_store,
        projects: project_store,
        namespaces: watch_namespaces(client, children, &mut watches),
        nodes: watch_nodes(client, &mut watches),
        leases: watch_leases(client, namespace, &mut watches),
        policies: watch_policies(client, &mut watches),
        // How a pod is doing is in its status, which is nobody's field of ours.
        pods: watches.child(
            Api::<Pod>::all(client.clone()),
            managed(),
            |triggers, pod: &Pod, _| triggers.child(&pod.metadata),
        ),
        services: watches.child(
            Api::<Service>::all(client.clone()),
            Config::default().fields("spec.type=LoadBalancer"),
            |triggers, service: &Service, _| {
                triggers.child(&service.metadata);
                triggers.claimed(service);
            },
        ),
        volume_claims: watches.child(
            Api::<PersistentVolumeClaim>::all(client.clone()),
            managed(),
            |triggers, claim: &PersistentVolumeClaim, is_news| {
                if is_news {
                    triggers.child(&claim.metadata);
                }
            },
        ),
    };
    Sources {
        stores,
        canary,
        triggers,
        project_queue,
        endpoint_queue,
        keys,
        key_queue,
    }
}

fn managed() -> Config {
    Config::default().labels(label::MANAGED)
}

/// Kinds whose body nobody needs.
fn watch_metadata(client: &Client, watches: &mut Watches<'_>) {
    watches.metadata::<StatefulSet>(client, managed());
    watches.metadata::<ResourceQuota>(client, managed());
    watches.metadata::<LimitRange>(client, managed());
    watches.metadata::<ServiceAccount>(client, managed());
    watches.metadata::<RoleBinding>(client, managed());
}

/// An Endpoint concerns itself, its Project, and its younger siblings when it goes.
fn watch_endpoints(
    client: &Client,
    children: &Arc<Children>,
    triggers: &Triggers,
    mut writer: reflector::store::Writer<Endpoint>,
    tasks: &mut JoinSet<()>,
) {
    let stream = guarded::<Endpoint>(client);
    let triggers = triggers.clone();
    let mut follower = Follower::new(Endpoint::NAME, None, Arc::clone(children));
    tasks.spawn(async move {
        follow_all(Endpoint::NAME, stream, |event| {
            follower.follow(&event, |_| None);
            let event = slim(event);
            writer.apply_watcher_event(&event);
            if let Event::Apply(e) | Event::Delete(e) = &event {
                let namespace = e.namespace().unwrap_or_default();
                triggers.endpoint(&namespace, &e.name_any());
                triggers.project(&namespace, &e.spec.project);
            }
            if let Event::Delete(gone) = &event {
                triggers.endpoints_where(|e| {
                    e.spec.project == gone.spec.project && e.namespace() == gone.namespace()
                });
            }
            // The store answers for a listing only when it is whole.
            if matches!(event, Event::InitDone) {
                triggers.endpoints_where(|_| true);
            }
        })
        .await;
    });
}

/// A Project concerns itself and its Endpoints.
fn watch_projects(
    client: &Client,
    triggers: &Triggers,
    mut writer: reflector::store::Writer<Project>,
    tasks: &mut JoinSet<()>,
) {
    let stream = guarded::<Project>(client);
    let triggers = triggers.clone();
    let mut known = HashMap::new();
    tasks.spawn(async move {
        follow_all("Project", stream, |event| {
            let event = slim(event);
            writer.apply_watcher_event(&event);
            if let Event::Apply(p) | Event::Delete(p) = &event {
                let (namespace, name) = (p.namespace().unwrap_or_default(), p.name_any());
                triggers.project(&namespace, &name);
                let shown = matches!(event, Event::Apply(_)).then(|| Shown::of(p));
                let key = (namespace.clone(), name.clone());
                let before = match &shown {
                    Some(shown) => known.insert(key, shown.clone()),
                    None => known.remove(&key),
                };
                if shown.is_none() || before != shown {
                    triggers.endpoints_of(&namespace, &name);
                }
            }
            // The store answers for a listing only when it is whole.
            if matches!(event, Event::InitDone) {
                triggers.all_projects();
            }
        })
        .await;
    });
}

/// A key concerns itself and those that claim the same lookup id. None is kept whole.
fn watch_keys(client: &Client, keys: &Arc<Keys>, tasks: &mut JoinSet<()>) {
    let stream = guarded::<ApiKey>(client);
    let keys = Arc::clone(keys);
    tasks.spawn(follow_all(ApiKey::NAME, stream, move |event| {
        keys.follow(&event);
    }));
}

/// What Endpoints go by of their Project.
#[derive(Clone, PartialEq, Eq)]
struct Shown {
    uid: Option<String>,
    generation: Option<i64>,
    deleted: bool,
    /// Of the first status, whether it says that the namespace is closed.
    closed: Option<bool>,
}

impl Shown {
    fn of(project: &Project) -> Self {
        let meta = &project.metadata;
        let status = project.status.as_ref();
        Self {
            uid: meta.uid.clone(),
            generation: meta.generation,
            deleted: meta.deletion_timestamp.is_some(),
            closed: status.map(|status| {
                find(&status.conditions, ConditionType::PerimeterReady)
                    .is_some_and(|c| c.status == "True")
            }),
        }
    }
}

/// A namespace concerns the Project it was made for, and all that is in it.
fn watch_namespaces(
    client: &Client,
    children: &Arc<Children>,
    watches: &mut Watches<'_>,
) -> Store<PartialObjectMeta<Namespace>> {
    let stream = watcher(
        Api::<PartialObjectMeta<Namespace>>::all(client.clone()),
        Config::default(),
    );
    let mut follower = Follower::new(NAMESPACE, None, Arc::clone(children));
    watches.other(NAMESPACE, stream, move |triggers, event| {
        let is_news = follower.follow(event, |_| None);
        if let Some(namespace) = of(event) {
            if is_news {
                triggers.child(&namespace.metadata);
            }
            triggers.namespace(&namespace.name_any());
        }
        // The store answers for a listing only when it is whole.
        if matches!(event, Event::InitDone) {
            triggers.keys.ask_all();
        }
    })
}

/// Addresses of nodes are closed in every allow-list; heartbeats change nothing.
fn watch_nodes(client: &Client, watches: &mut Watches<'_>) -> Store<Node> {
    let stream = kube::runtime::WatchStreamExt::modify(
        watcher(Api::<Node>::all(client.clone()), Config::default()),
        |node| {
            node.metadata.managed_fields = None;
            node.spec = None;
            if let Some(status) = &mut node.status {
                *status = k8s_openapi::api::core::v1::NodeStatus {
                    addresses: status.addresses.take(),
                    ..Default::default()
                };
            }
        },
    );
    let mut known = HashMap::new();
    watches.other("Node", stream, move |triggers, event| {
        let changed = match event {
            Event::Apply(node) | Event::InitApply(node) => {
                let addresses = node.status.as_ref().and_then(|s| s.addresses.clone());
                known.insert(node.name_any(), addresses.clone()) != Some(addresses)
            }
            Event::Delete(node) => known.remove(&node.name_any()).is_some(),
            Event::Init | Event::InitDone => false,
        };
        if changed {
            triggers.endpoints_where(|_| true);
        }
    })
}

/// A Lease that is let go may be what others wait for.
fn watch_leases(client: &Client, namespace: &str, watches: &mut Watches<'_>) -> Store<Lease> {
    let api = Api::<Lease>::namespaced(client.clone(), namespace);
    let stream = watcher(api, Config::default().labels(ADDRESS_LABEL));
    watches.other("Lease", stream, |triggers, event| {
        let is_let_go = match event {
            Event::Apply(lease) => lease
                .spec
                .as_ref()
                .is_none_or(|spec| spec.holder_identity.is_none()),
            Event::Delete(_) => true,
            Event::Init | Event::InitApply(_) | Event::InitDone => false,
        };
        if is_let_go {
            triggers.endpoints_where(|e| e.status.as_ref().is_none_or(|s| s.address.is_none()));
        }
    })
}

/// All policies: one that somebody adds to a workload namespace concerns its Project, whatever its
/// labels claim.
fn watch_policies(client: &Client, watches: &mut Watches<'_>) -> Store<NetworkPolicy> {
    let api = Api::<NetworkPolicy>::all(client.clone());
    watches.child(
        api,
        Config::default(),
        |triggers, policy: &NetworkPolicy, is_news| {
            if !is_news {
                return;
            }
            triggers.child(&policy.metadata);
            let of = policy.labels().get(label::ENDPOINT_ID);
            if of.is_none_or(|id| *id != policy.name_any()) {
                triggers.workload(policy.metadata.namespace.as_deref().unwrap_or_default());
            }
        },
    )
}

fn watch_canary(client: &Client, namespace: &str, watches: &mut Watches<'_>) -> Store<Service> {
    let api = Api::<Service>::namespaced(client.clone(), namespace);
    let config = Config::default().fields("metadata.name=kisenon-canary");
    watches.other("Service", watcher(api, config), |triggers, event| {
        if !matches!(event, Event::Init | Event::InitDone) {
            triggers.endpoints_where(|_| true);
        }
    })
}
