//! The cluster-wide watches: what they show goes into stores, into [`Children`], and out as
//! triggers. Kinds whose body nobody needs are watched as metadata only.

pub mod namespace;
pub mod source;
pub mod trigger;

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use futures::{Stream, StreamExt as _, pin_mut};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::Api;
use kube::core::{DeserializeGuard, PartialObjectMeta};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, Config, Event};
use kube::{Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::task::JoinSet;

use self::trigger::Triggers;
use crate::cluster::apply::{Child, Children};
use crate::telemetry::Chain;

/// Follows the events of one watch of children.
pub struct Follower {
    kind: &'static str,
    namespace: Option<String>,
    children: Arc<Children>,
    listed: Vec<ObjectMeta>,
}

impl Follower {
    /// For a kind, in one namespace or in all.
    #[must_use]
    pub const fn new(
        kind: &'static str,
        namespace: Option<String>,
        children: Arc<Children>,
    ) -> Self {
        Self {
            kind,
            namespace,
            children,
            listed: Vec::new(),
        }
    }

    /// Takes note of an event. Answers whether it is news of an object.
    pub fn follow<K>(&mut self, event: &Event<K>, exact: impl Fn(&K) -> Option<Value>) -> bool
    where
        K: Resource<DynamicType = ()>,
    {
        match event {
            Event::Apply(object) | Event::InitApply(object) => {
                if matches!(event, Event::InitApply(_)) {
                    self.listed.push(ObjectMeta {
                        name: object.meta().name.clone(),
                        namespace: object.meta().namespace.clone(),
                        ..ObjectMeta::default()
                    });
                }
                let exact = exact(object);
                self.children.saw(self.kind, object.meta(), exact.as_ref())
            }
            Event::Delete(object) => {
                self.children.lost(self.kind, object.meta());
                true
            }
            Event::Init => {
                self.listed.clear();
                false
            }
            Event::InitDone => {
                self.children
                    .relisted(self.kind, self.namespace.as_deref(), &self.listed);
                self.listed = Vec::new();
                false
            }
        }
    }
}

/// Calls `each` with every event of a watch that reopens itself, until the task is aborted.
pub async fn follow_all<K>(
    kind: &'static str,
    stream: impl Stream<Item = Result<Event<K>, watcher::Error>>,
    mut each: impl FnMut(Event<K>),
) {
    pin_mut!(stream);
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => each(event),
            // The grant of a fresh namespace takes a moment to come into force.
            Err(error) if is_forbidden(&error) => {
                tracing::debug!(k8s.kind = kind, error = %Chain(&error), "a watch is not granted and is opened again");
            }
            Err(error) => {
                tracing::warn!(k8s.kind = kind, error = %Chain(&error), "a watch broke and is opened again");
            }
        }
    }
}

/// Watches all objects of a kind of ours. One that cannot be read is told of and left out: it
/// must not stop the others.
pub fn guarded<K>(
    client: &Client,
) -> impl Stream<Item = Result<Event<K>, watcher::Error>> + Send + use<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let api = Api::<DeserializeGuard<K>>::all(client.clone());
    let stream = kube::runtime::watcher(api, Config::default()).default_backoff();
    stream.filter_map(|event| {
        let event = event.map(|event| match event {
            Event::Apply(object) => readable(object).map(Event::Apply),
            Event::InitApply(object) => readable(object).map(Event::InitApply),
            Event::Delete(object) => readable(object).map(Event::Delete),
            Event::Init => Some(Event::Init),
            Event::InitDone => Some(Event::InitDone),
        });
        std::future::ready(event.transpose())
    })
}

fn readable<K: Resource<DynamicType = ()>>(object: DeserializeGuard<K>) -> Option<K> {
    object
        .0
        .inspect_err(|error| {
            tracing::error!(
                k8s.kind = %K::kind(&()),
                k8s.namespace = error.metadata.namespace,
                k8s.name = error.metadata.name,
                error = error.error,
                "an object cannot be read and is left alone: correct it",
            );
        })
        .ok()
}

fn is_forbidden(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status)) => status.code == 403,
        _ => false,
    }
}

/// The object that an event is about.
pub fn of<K>(event: &Event<K>) -> Option<&K> {
    match event {
        Event::Apply(object) | Event::InitApply(object) | Event::Delete(object) => Some(object),
        Event::Init | Event::InitDone => None,
    }
}

/// The event without what only [`Children`] reads, and what is often the larger half of an object.
#[must_use]
pub fn slim<K: Resource>(mut event: Event<K>) -> Event<K> {
    match &mut event {
        Event::Apply(object) | Event::InitApply(object) | Event::Delete(object) => {
            object.meta_mut().managed_fields = None;
        }
        Event::Init | Event::InitDone => {}
    }
    event
}

/// The tasks that keep the watches going, and what they feed.
pub struct Watches<'a> {
    /// The tasks; they end when this is dropped.
    pub tasks: &'a mut JoinSet<()>,
    /// Children as seen.
    pub children: &'a Arc<Children>,
    /// Reconciles to ask for.
    pub triggers: &'a Triggers,
}

impl Watches<'_> {
    /// Watches the metadata of a kind of child.
    pub fn metadata<K: Child>(&mut self, client: &Client, config: Config) {
        let mut follower = Follower::new(K::NAME, None, Arc::clone(self.children));
        let triggers = self.triggers.clone();
        let api = Api::<PartialObjectMeta<K>>::all(client.clone());
        let stream = kube::runtime::watcher(api, config).default_backoff();
        self.tasks.spawn(async move {
            follow_all(K::NAME, stream, |event| {
                if let (true, Some(object)) = (follower.follow(&event, |_| None), of(&event)) {
                    triggers.child(object.meta());
                }
            })
            .await;
        });
    }

    /// Watches a kind of child whole. `notify` decides what a change asks for, and is called once
    /// the store has it; it is told whether that is news of what we manage or of its end.
    pub fn child<K>(
        &mut self,
        api: Api<K>,
        config: Config,
        notify: impl Fn(&Triggers, &K, bool) + Send + Sync + 'static,
    ) -> Store<K>
    where
        K: Child,
    {
        let mut follower = Follower::new(K::NAME, None, Arc::clone(self.children));
        let triggers = self.triggers.clone();
        let (store, mut writer) = reflector::store();
        let stream = kube::runtime::watcher(api, config).default_backoff();
        self.tasks.spawn(async move {
            follow_all(K::NAME, stream, |event| {
                let is_news = follower.follow(&event, Child::exact);
                let event = slim(event);
                writer.apply_watcher_event(&event);
                if let Some(object) = of(&event) {
                    let ends = object.meta().deletion_timestamp.is_some();
                    notify(&triggers, object, is_news || ends);
                }
            })
            .await;
        });
        store
    }

    /// Watches a kind that is no child. `notify` is called after the store has the change.
    pub fn other<K>(
        &mut self,
        kind: &'static str,
        stream: impl Stream<Item = Result<Event<K>, watcher::Error>> + Send + 'static,
        mut notify: impl FnMut(&Triggers, &Event<K>) + Send + 'static,
    ) -> Store<K>
    where
        K: Resource<DynamicType = ()> + ResourceExt + Clone + Debug + Send + Sync + 'static,
        K: DeserializeOwned,
        K::DynamicType: Eq + Hash,
    {
        let triggers = self.triggers.clone();
        let (store, mut writer) = reflector::store();
        let stream = stream.default_backoff();
        self.tasks.spawn(async move {
            follow_all(kind, stream, |event| {
                writer.apply_watcher_event(&event);
                notify(&triggers, &event);
            })
            .await;
        });
        store
    }
}
