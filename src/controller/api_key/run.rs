//! Looks at keys as they change and as their times come.
//!
//! kube's `Controller` wants a store of whole objects, which is what must not be kept of 100,000
//! keys; this is the part of it that is needed here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::row::KeyName;
use super::schedule::Schedule;
use super::{KIND, reconcile};
use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::health::Liveness;
use crate::metrics::Outcome;
use crate::telemetry::Chain;

/// Keys that are reconciled at the same time.
const CONCURRENCY: usize = 16;
/// Longest wait for a time to come: a clock that is set is noticed within it.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);

/// Reconciles the keys that come through `queue`, and those whose time has come, until `stop`; then
/// lets those under way come to their end.
pub(in crate::controller) async fn run(
    context: Arc<Context>,
    mut queue: UnboundedReceiver<KeyName>,
    liveness: Liveness,
    stop: CancellationToken,
) {
    let mut schedule = Schedule::default();
    let mut failures = HashMap::<KeyName, u32>::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < CONCURRENCY
            && let Some(name) = schedule.take(Instant::now())
        {
            under_way.push(look(name, &context, &liveness));
        }
        let due = schedule.next().filter(|_| under_way.len() < CONCURRENCY);
        tokio::select! {
            () = stop.cancelled() => break,
            Some(name) = queue.recv() => schedule.plan(name, Instant::now()),
            Some((name, outcome)) = under_way.next() => {
                let wait = match outcome {
                    Ok(next) => {
                        failures.remove(&name);
                        next
                    }
                    Err(error) => {
                        let count = failures.entry(name.clone()).or_default();
                        *count += 1;
                        Some(error.retry_after(*count))
                    }
                };
                let next = wait.map(|wait| Instant::now() + wait.min(LONGEST_WAIT));
                schedule.done(name, next);
            }
            () = sleep_until(due) => {}
        }
    }
    while under_way.next().await.is_some() {}
}

/// One reconcile, counted.
async fn look(
    name: KeyName,
    context: &Context,
    liveness: &Liveness,
) -> (KeyName, Result<Option<Duration>, Error>) {
    let started = Instant::now();
    liveness.beat(started);
    let outcome = reconcile(&name, context).await;
    let result = match &outcome {
        Ok(_) => Outcome::Success,
        Err(error) => {
            context.metrics.record_error(KIND, error.label());
            tracing::warn!(object = %name, error = %Chain(error), "failed to reconcile a key, tried again");
            Outcome::Error
        }
    };
    let metrics = &context.metrics;
    metrics.record_reconcile(KIND, result, started.elapsed());
    (name, outcome)
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
