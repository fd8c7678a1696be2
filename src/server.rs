//! The composition root: configuration to handles to tasks, and their end in order.

pub mod admin;
pub mod api;

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use thiserror::Error;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use api::{ApiHandles, ApiOptions};

use crate::cluster::lease::{ElectionConfig, Leadership, Timing};
use crate::config::{Config, Identity};
use crate::controller::authority::{self, AuthorityError};
use crate::controller::run::{self, Handles};
use crate::health::{self, Health, HealthError, Liveness, Readiness};
use crate::metrics::Metrics;

/// Name of the Lease that the leader holds.
const LEADER_LEASE: &str = "kisenon-operator";
/// A process whose tasks have not run for this long is restarted.
const LIVENESS_BOUND: Duration = Duration::from_secs(60);

/// The server could not start, or had to stop.
#[derive(Debug, Error)]
pub enum ServerError {
    /// Kubernetes cannot be reached with what the environment gives.
    #[error("failed to make a client of Kubernetes")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The probes cannot be served.
    #[error(transparent)]
    Health(#[from] HealthError),
    /// No certificate can be issued.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The API cannot start.
    #[error(transparent)]
    Api(#[from] api::ApiStartError),
    /// Another process leads now: nothing may be written any more.
    #[error("leadership was lost to another replica or could not be renewed")]
    LeadershipLost,
}

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// The controllers, if this process runs them.
    pub controller: Option<ControllerOptions>,
    /// The HTTP API, if this process runs it.
    pub api: Option<ApiOptions>,
    /// Where probes and metrics are served.
    pub health_address: SocketAddr,
    /// Version of this program.
    pub version: &'static str,
    /// Commit of this program.
    pub commit: &'static str,
}

/// What the controllers are told.
#[derive(Clone, Debug)]
pub struct ControllerOptions {
    /// The configuration file's content.
    pub config: Config,
    /// Who this process is.
    pub identity: Identity,
}

/// Runs what the options name until `stop`: probes first, then the rest; the reverse on the way
/// down. Whatever ends by itself ends the process.
///
/// # Errors
/// When the process cannot start, or has lost leadership.
pub async fn run(options: Options, stop: CancellationToken) -> Result<(), ServerError> {
    let metrics = Metrics::new(options.version, options.commit);
    let readiness = Readiness::new(&["kubernetes"]);
    let liveness = Liveness::new(LIVENESS_BOUND, Instant::now());
    let health = Health {
        readiness: readiness.clone(),
        liveness: liveness.clone(),
        metrics: metrics.clone(),
    };
    let listener = health::listen(options.health_address).await?;
    let health_stop = CancellationToken::new();
    let serving = tokio::spawn(health::serve(listener, health, health_stop.clone()));
    let idle = tokio::spawn(keep_alive(liveness.clone(), stop.clone()));
    let shared = (metrics, readiness, liveness);
    let controller = async {
        match options.controller {
            Some(controller) => lead(controller, &stop, shared.clone()).await,
            None => stopped(&stop).await,
        }
    };
    let api = async {
        match options.api {
            Some(api) => serve_api(api, &stop, &shared).await,
            None => stopped(&stop).await,
        }
    };
    let ends = |outcome| {
        stop.cancel();
        outcome
    };
    let (controller, api) =
        tokio::join!(async { ends(controller.await) }, async { ends(api.await) });
    idle.abort();
    health_stop.cancel();
    if let Err(error) = serving.await {
        tracing::error!(%error, "the probes' server failed");
    }
    controller.and(api)
}

async fn stopped(stop: &CancellationToken) -> Result<(), ServerError> {
    stop.cancelled().await;
    Ok(())
}

async fn serve_api(
    options: ApiOptions,
    stop: &CancellationToken,
    (metrics, readiness, _): &(Metrics, Readiness, Liveness),
) -> Result<(), ServerError> {
    // Named before anything is called good: else the process would be ready without them.
    for check in api::CHECKS {
        readiness.set(check, false);
    }
    let handles = ApiHandles {
        client: client().await?,
        metrics: metrics.clone(),
        readiness: readiness.clone(),
        now: Timestamp::now,
    };
    readiness.set("kubernetes", true);
    let listening = |address: SocketAddr| tracing::info!(%address, "serves the API");
    api::run(options, handles, listening, stop.clone()).await?;
    Ok(())
}

/// A process that waits for leadership is alive too.
async fn keep_alive(liveness: Liveness, stop: CancellationToken) {
    let mut interval = tokio::time::interval(LIVENESS_BOUND / 6);
    while stop.run_until_cancelled(interval.tick()).await.is_some() {
        liveness.beat(Instant::now());
    }
}

async fn lead(
    options: ControllerOptions,
    stop: &CancellationToken,
    (metrics, readiness, liveness): (Metrics, Readiness, Liveness),
) -> Result<(), ServerError> {
    let client = client().await?;
    readiness.set("kubernetes", true);
    let pod_name = options.identity.pod_name().to_owned();
    let namespace = options.identity.namespace().to_owned();
    let leadership = Leadership::campaign(
        client.clone(),
        ElectionConfig {
            namespace: namespace.clone(),
            name: LEADER_LEASE.to_owned(),
            identity: pod_name.clone(),
            timing: Timing::default(),
        },
    );
    let lost = leadership.lost();
    let won = stop.run_until_cancelled(leadership.acquired()).await;
    if won != Some(true) {
        leadership.release().await;
        return if stop.is_cancelled() {
            Ok(())
        } else {
            Err(ServerError::LeadershipLost)
        };
    }
    tracing::info!(pod.name = pod_name, "leads");
    metrics.set_leader(true);
    let authority = authority::load_or_create(&client, &namespace, Timestamp::now()).await?;
    let handles = Handles {
        client,
        namespace,
        reporter: pod_name,
        config: options.config,
        authority,
        metrics: metrics.clone(),
        readiness,
        liveness,
        now: Timestamp::now,
    };
    let work = run::run(handles, stop.clone());
    let outcome = match lost.run_until_cancelled(work).await {
        Some(()) => Ok(()),
        None => Err(ServerError::LeadershipLost),
    };
    metrics.set_leader(false);
    leadership.release().await;
    outcome
}

async fn client() -> Result<Client, ServerError> {
    Client::try_default()
        .await
        .map_err(|error| ServerError::Client(Box::new(error)))
}
