//! What the kubelet and Prometheus ask: `/livez`, `/readyz`, `/metrics`.
//!
//! Answers come from flags and figures that others set; no request reaches the cluster or
//! anything else, so that a slow dependency can never get this process killed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::metrics::{self, Metrics};

/// The probes' server cannot work.
#[derive(Debug, Error)]
pub enum HealthError {
    /// The address is taken or not ours.
    #[error("failed to listen for probes on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The listener broke.
    #[error("failed to serve probes")]
    Serve(#[source] io::Error),
}

/// Whether this process can do its work: named checks, each good or not. Clones share them.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<RwLock<BTreeMap<&'static str, bool>>>);

impl Readiness {
    /// These checks, none of them good yet.
    #[must_use]
    pub fn new(checks: &[&'static str]) -> Self {
        let checks = checks.iter().map(|name| (*name, false)).collect();
        Self(Arc::new(RwLock::new(checks)))
    }

    /// Sets a check; one not named before is added.
    pub fn set(&self, check: &'static str, good: bool) {
        let mut checks = self.0.write().unwrap_or_else(PoisonError::into_inner);
        checks.insert(check, good);
    }

    /// Whether every check is good.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.checks().values().all(|good| *good)
    }

    fn checks(&self) -> BTreeMap<&'static str, bool> {
        let checks = self.0.read().unwrap_or_else(PoisonError::into_inner);
        checks.clone()
    }
}

/// Whether this process still moves: a heartbeat no older than a bound. Clones share it.
#[derive(Clone, Debug)]
pub struct Liveness {
    last: Arc<RwLock<Instant>>,
    bound: Duration,
}

impl Liveness {
    /// A heart that has just beaten.
    #[must_use]
    pub fn new(bound: Duration, now: Instant) -> Self {
        Self {
            last: Arc::new(RwLock::new(now)),
            bound,
        }
    }

    /// Beats.
    pub fn beat(&self, now: Instant) {
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        *last = now.max(*last);
    }

    /// Whether the last beat is recent enough.
    #[must_use]
    pub fn is_alive(&self, now: Instant) -> bool {
        let last = *self.last.read().unwrap_or_else(PoisonError::into_inner);
        now.saturating_duration_since(last) <= self.bound
    }
}

/// What the server answers from.
#[derive(Clone, Debug)]
pub struct Health {
    /// For `/readyz`.
    pub readiness: Readiness,
    /// For `/livez`.
    pub liveness: Liveness,
    /// For `/metrics`.
    pub metrics: Metrics,
}

impl Health {
    /// The three routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/livez", get(livez))
            .route("/readyz", get(readyz))
            .route("/metrics", get(scrape))
            .with_state(self)
    }
}

/// Opens the listener of [`serve`].
///
/// # Errors
/// When the address is taken or not ours.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, HealthError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| HealthError::Listen { address, source })
}

/// Answers until `shutdown`, then finishes the requests it has begun.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(
    listener: TcpListener,
    health: Health,
    shutdown: CancellationToken,
) -> Result<(), HealthError> {
    axum::serve(listener, health.router())
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
        .map_err(HealthError::Serve)
}

async fn livez(State(health): State<Health>) -> impl IntoResponse {
    let alive = health.liveness.is_alive(Instant::now());
    verbose("livez", &BTreeMap::from([("heartbeat", alive)]))
}

async fn readyz(State(health): State<Health>) -> impl IntoResponse {
    verbose("readyz", &health.readiness.checks())
}

async fn scrape(State(health): State<Health>) -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, metrics::CONTENT_TYPE)];
    (headers, health.metrics.encode())
}

/// One line a check and a verdict, like the verbose probes of the Kubernetes API server.
fn verbose(probe: &str, checks: &BTreeMap<&'static str, bool>) -> (StatusCode, String) {
    let mut text = String::new();
    for (name, good) in checks {
        let line = if *good { ("+", "ok") } else { ("-", "failed") };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "[{}]{name} {}", line.0, line.1);
    }
    let passed = checks.values().all(|good| *good);
    let (status, verdict) = if passed {
        (StatusCode::OK, "passed")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "failed")
    };
    let _ = writeln!(text, "{probe} check {verdict}");
    (status, text)
}

#[cfg(test)]
mod tests;
