//! Watches inside single namespaces, for kinds that the operator may not list everywhere:
//! Secrets and ConfigMaps. The grant is a RoleBinding in each namespace, so is the watch.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::ExponentialBuilder;
use futures::{FutureExt as _, Stream, StreamExt as _, future};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::Api;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::{Config, Event, ExponentialBackoff};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use super::trigger::Triggers;
use super::{Follower, follow_all, of};
use crate::cluster::apply::{Child, Children};
use crate::crd::label;

/// Waits before a broken watch is opened again. The first is short: the grant of a fresh
/// namespace takes a moment to come into force.
const REOPEN_FIRST: Duration = Duration::from_millis(50);
const REOPEN_LAST: Duration = Duration::from_secs(5);

/// Watches of new namespaces that are opened at the same time. What is new in them comes first:
/// the busier the API server, the later it is asked for news.
const OPENED_AT_ONCE: usize = 2;

type Bodies = Arc<Mutex<HashMap<(String, String), Arc<Secret>>>>;

/// Watches of single namespaces, opened when first needed.
pub struct NamespaceWatches {
    client: Client,
    children: Arc<Children>,
    triggers: Triggers,
    bodies: Bodies,
    listed: Arc<Mutex<HashSet<String>>>,
    open: Mutex<HashMap<String, Vec<AbortOnDropHandle<()>>>>,
    opening: Arc<Semaphore>,
    /// Whether the API server is known to send no list on a watch.
    lists_only: Arc<AtomicBool>,
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
            opening: Arc::new(Semaphore::new(OPENED_AT_ONCE)),
            lists_only: Arc::default(),
        }
    }

    /// Watches the Secrets and ConfigMaps of a workload namespace, one that `is_new` in its turn.
    pub fn open_workload(&self, namespace: &str, is_new: bool) {
        self.open(namespace, || {
            let config = Config::default().labels(label::MANAGED);
            let secrets = Api::<Secret>::namespaced(self.client.clone(), namespace);
            let secrets = self.watch(secrets, config.clone(), is_new);
            let config_maps = self.watch(self.metadata::<ConfigMap>(namespace), config, is_new);
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
            let secrets = self.metadata::<Secret>(namespace);
            let secrets = self.watch(secrets, Config::default(), false);
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

    /// A watch that begins with a list on the same request (Kubernetes, "Streaming lists"), which
    /// is half the requests, or after one of its own where the API server does not do that. That
    /// of a new namespace waits for its turn.
    fn watch<K>(
        &self,
        api: Api<K>,
        config: Config,
        is_new: bool,
    ) -> impl Stream<Item = watcher::Result<Event<K>>> + Send + use<K>
    where
        K: Resource + Clone + Debug + DeserializeOwned + Send + 'static,
    {
        let lists_only = Arc::clone(&self.lists_only);
        let streamed = watcher(api.clone(), config.clone().streaming_lists());
        let streamed = streamed.take_while(move |event| {
            let is_unknown = event.as_ref().is_err_and(is_unknown);
            lists_only.fetch_or(is_unknown, Ordering::Relaxed);
            future::ready(!is_unknown)
        });
        let listed = watcher(api, config);
        let stream = if self.lists_only.load(Ordering::Relaxed) {
            listed.boxed()
        } else {
            streamed.chain(listed).boxed()
        };
        if !is_new {
            return stream;
        }
        let opening = Arc::clone(&self.opening);
        let opened = async move {
            let mut turn = opening.acquire_owned().await.ok();
            stream.inspect(move |_| drop(turn.take()))
        };
        opened.flatten_stream().boxed()
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
                    match &event {
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
                if let (true, Some(object)) = (follower.follow(&event, |_| None), of(&event)) {
                    triggers.secret(object.meta());
                }
            })
            .await;
        }))
    }
}

/// Whether the API server refuses to send a list on a watch: without the feature that is a field
/// that may not be set.
fn is_unknown(error: &watcher::Error) -> bool {
    matches!(
        error,
        watcher::Error::WatchStartFailed(kube::Error::Api(status)) if status.code == 422
    )
}

fn reopen_backoff() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(REOPEN_FIRST)
        .with_max_delay(REOPEN_LAST)
        .with_jitter()
        .without_max_times()
        .into()
}

#[cfg(test)]
mod tests {
    use http::{Request, Response};
    use kube::client::Body;
    use kube::runtime::reflector;
    use serde_json::{Value, json};
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::controller::api_key::Keys;
    use crate::metrics::Metrics;

    /// Does what an API server does without the feature: a list on a watch is a field that may
    /// not be set. Notes what it was asked for.
    fn old_server(asked: Arc<Mutex<Vec<String>>>) -> Client {
        let service = tower::service_fn(move |request: Request<Body>| {
            let question = request.uri().to_string();
            asked.lock().unwrap().push(question.clone());
            async move {
                let (code, answer) = match &question {
                    all if all.contains("sendInitialEvents") => (422, refusal()),
                    watch if watch.contains("watch=true") => std::future::pending().await,
                    _ => (
                        200,
                        json!({ "metadata": { "resourceVersion": "1" }, "items": [] }),
                    ),
                };
                let body = Body::from(answer.to_string().into_bytes());
                Response::builder().status(code).body(body)
            }
        });
        Client::new(service, "default")
    }

    fn refusal() -> Value {
        json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid",
            "message": "sendInitialEvents is forbidden for watch", "code": 422,
        })
    }

    fn triggers() -> Triggers {
        Triggers {
            projects: unbounded_channel().0,
            endpoints: unbounded_channel().0,
            keys: Arc::new(Keys::new().0),
            project_store: reflector::store().0,
            endpoint_store: reflector::store().0,
        }
    }

    async fn until_listed(watches: &NamespaceWatches, namespace: &str) {
        let listed = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(5));
            while !watches.has_listed(namespace) {
                ticks.tick().await;
            }
        };
        let limit = Duration::from_secs(10);
        tokio::time::timeout(limit, listed).await.unwrap();
    }

    #[tokio::test]
    async fn an_api_server_that_sends_no_list_on_a_watch_is_asked_for_one() {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let client = old_server(Arc::clone(&asked));
        let metrics = Metrics::new("0.0.0", "test");
        let children = Arc::new(Children::new(client.clone(), metrics));
        let watches = NamespaceWatches::new(client, children, triggers());
        watches.open_workload("first", true);
        until_listed(&watches, "first").await;
        watches.open_workload("second", false);
        until_listed(&watches, "second").await;
        let asked = asked.lock().unwrap();
        let in_vain = asked.iter().filter(|q| q.contains("sendInitialEvents"));
        assert!(in_vain.clone().count() > 0);
        assert!(in_vain.clone().all(|q| q.contains("/first/")), "{asked:?}");
    }
}
