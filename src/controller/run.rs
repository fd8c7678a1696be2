//! Starts the watches and the three controllers, and ends them together.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use jiff::Timestamp;
use kube::Client;
use kube::Resource;
use kube::runtime::controller::{Action, Config as ControllerConfig, Controller};
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::api_key::Keys;
use super::context::{Context, Stores};
use super::endpoint::probes::Probes;
use super::error::Error;
use super::object::event::{self, Events};
use super::object::status::Statuses;
use super::perimeter::Perimeters;
use super::watch::namespace::NamespaceWatches;
use super::watch::source::{self, Sources};
use super::{api_key, endpoint, project};
use crate::auth::certificate::Authority;
use crate::cluster::address::Addresses;
use crate::cluster::apply::Children;
use crate::config::Config;
use crate::health::{Liveness, Readiness};
use crate::metrics::{Metrics, Outcome};
use crate::telemetry::Chain;

/// Objects of one kind that are reconciled at the same time.
const CONCURRENCY: u16 = 32;
/// How long the events of an operator that ends may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the controllers are handed by the composition root.
pub struct Handles {
    /// Kubernetes.
    pub client: Client,
    /// Namespace of the operator.
    pub namespace: String,
    /// Name of this process in events.
    pub reporter: String,
    /// The operator's configuration.
    pub config: Config,
    /// Issuer of endpoint certificates.
    pub authority: Authority,
    /// Prometheus metrics.
    pub metrics: Metrics,
    /// Is told once the watches have shown everything.
    pub readiness: Readiness,
    /// Is told at every reconcile.
    pub liveness: Liveness,
    /// The clock.
    pub now: fn() -> Timestamp,
}

/// Runs until `stop`, then lets the reconciles under way come to their end.
pub async fn run(handles: Handles, stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    let children = Arc::new(Children::new(
        handles.client.clone(),
        handles.metrics.clone(),
    ));
    let Sources {
        stores,
        canary,
        triggers,
        project_queue,
        endpoint_queue,
        keys,
        key_queue,
    } = source::open(&handles.client, &handles.namespace, &children, &mut tasks);
    if !all_shown(&stores, &canary, &keys, &stop).await {
        return;
    }
    handles.readiness.set("watches", true);
    let projects = stores.projects.clone();
    let endpoints = stores.endpoints.clone();
    let reporter = Reporter {
        controller: "kisenon.com/operator".to_owned(),
        instance: Some(handles.reporter),
    };
    let recorder = Recorder::new(handles.client.clone(), reporter);
    let (events, notices) = Events::new();
    let publisher = AbortOnDropHandle::new(tokio::spawn(event::publish(recorder, notices)));
    let context = Arc::new(Context {
        events,
        watches: NamespaceWatches::new(
            handles.client.clone(),
            Arc::clone(&children),
            triggers.clone(),
        ),
        triggers,
        perimeters: Perimeters::default(),
        addresses: Addresses::new(
            handles.client.clone(),
            &handles.namespace,
            handles.config.address_pool.clone(),
            handles.config.quarantine,
        ),
        probes: Probes::default(),
        project_statuses: Statuses::default(),
        endpoint_statuses: Statuses::default(),
        client: handles.client,
        namespace: handles.namespace,
        config: handles.config,
        authority: handles.authority,
        metrics: handles.metrics,
        now: handles.now,
        stores,
        canary,
        keys,
        children,
    });
    let drive = |liveness: Liveness| Drive {
        context: Arc::clone(&context),
        stop: stop.clone(),
        liveness,
    };
    let liveness = handles.liveness;
    tokio::join!(
        drive(liveness.clone()).controller("Project", projects, project_queue, project::reconcile),
        drive(liveness.clone()).controller(
            "Endpoint",
            endpoints,
            endpoint_queue,
            endpoint::reconcile
        ),
        api_key::run(
            Arc::clone(&context),
            key_queue,
            liveness.clone(),
            stop.clone()
        ),
        beat(&liveness, &context, &stop),
    );
    drop(context);
    let _ = tokio::time::timeout(LAST_WORDS, publisher).await;
}

/// Waits until every watch has listed: a reconcile that has not seen everything could act on a
/// past that is long gone.
async fn all_shown(
    stores: &Stores,
    canary: &Store<k8s_openapi::api::core::v1::Service>,
    keys: &Keys,
    stop: &CancellationToken,
) -> bool {
    let shown = async {
        keys.wait_until_listed().await;
        futures::try_join!(
            stores.projects.wait_until_ready(),
            stores.endpoints.wait_until_ready(),
            stores.namespaces.wait_until_ready(),
            stores.nodes.wait_until_ready(),
            stores.pods.wait_until_ready(),
            stores.services.wait_until_ready(),
            stores.volume_claims.wait_until_ready(),
            stores.leases.wait_until_ready(),
            stores.policies.wait_until_ready(),
            canary.wait_until_ready(),
        )
        .is_ok()
    };
    stop.run_until_cancelled(shown).await.unwrap_or(false)
}

/// Shows that the runtime still gets to run tasks, and counts what there is.
async fn beat(liveness: &Liveness, context: &Context, stop: &CancellationToken) {
    let mut interval = tokio::time::interval(Duration::from_secs(5));
    while stop.run_until_cancelled(interval.tick()).await.is_some() {
        liveness.beat(Instant::now());
        context.count();
    }
}

/// One controller.
struct Drive {
    context: Arc<Context>,
    stop: CancellationToken,
    liveness: Liveness,
}

impl Drive {
    async fn controller<K, F, Fut>(
        self,
        kind: &'static str,
        store: Store<K>,
        queue: UnboundedReceiver<ObjectRef<K>>,
        reconcile: F,
    ) where
        K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + Send + Sync + 'static,
        K: serde::de::DeserializeOwned,
        F: Fn(Arc<K>, Arc<Context>) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<Action, Error>> + Send + 'static,
    {
        let failures = Arc::new(Failures::default());
        let counted = Arc::clone(&failures);
        let liveness = self.liveness;
        let run = move |object: Arc<K>, context: Arc<Context>| {
            let failures = Arc::clone(&counted);
            let liveness = liveness.clone();
            async move {
                let started = Instant::now();
                liveness.beat(started);
                let reference = ObjectRef::from_obj(&*object);
                let outcome = reconcile(object, Arc::clone(&context)).await;
                let result = match &outcome {
                    Ok(_) => Outcome::Success,
                    Err(_) => Outcome::Error,
                };
                context
                    .metrics
                    .record_reconcile(kind, result, started.elapsed());
                if outcome.is_ok() {
                    failures.forget(&reference.to_string());
                }
                outcome
            }
        };
        let policy = move |object: Arc<K>, error: &Error, context: Arc<Context>| {
            let reference = ObjectRef::from_obj(&*object);
            context.metrics.record_error(kind, error.label());
            let count = failures.count(&reference.to_string());
            match error {
                Error::Outdated(_) => {
                    tracing::debug!(object = %reference, error = %Chain(error), "tried again")
                }
                _ => {
                    tracing::warn!(object = %reference, error = %Chain(error), "failed to reconcile, tried again")
                }
            }
            Action::requeue(error.retry_after(count))
        };
        // Objects come through the queue; the stream of the store itself stays silent.
        let silent = futures::stream::pending::<Result<K, watcher::Error>>();
        Controller::for_stream(silent, store)
            .with_config(ControllerConfig::default().concurrency(CONCURRENCY))
            .reconcile_on(receive(queue))
            .graceful_shutdown_on(self.stop.cancelled_owned())
            .run(run, policy, self.context)
            .for_each(|_| std::future::ready(()))
            .await;
    }
}

fn receive<T: Send + 'static>(queue: UnboundedReceiver<T>) -> impl Stream<Item = T> + Send {
    futures::stream::unfold(queue, |mut queue| async {
        queue.recv().await.map(|item| (item, queue))
    })
}

/// How often in a row each object has failed.
#[derive(Default)]
struct Failures(Mutex<HashMap<String, u32>>);

impl Failures {
    fn count(&self, object: &str) -> u32 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(object.to_owned()).or_default();
        *count += 1;
        *count
    }

    fn forget(&self, object: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(object);
    }
}
