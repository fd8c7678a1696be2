//! Reconciles an Endpoint: its perimeter, its server, and only then its address.

mod apply;
mod build;
mod finalize;
mod gate;
mod live;
mod materials;
mod observe;
pub mod probes;
mod progress;
mod status;
mod validate;

use std::sync::Arc;
use std::time::Duration;

use kube::runtime::controller::Action;

pub(super) use build::{GATE_CPU, GATE_MEMORY};

use super::context::Context;
use super::error::Error;
use crate::crd::Endpoint;

/// How often an object is looked at without any event. The operator's own ingress probe is
/// repeated with it.
const RESYNC: Duration = Duration::from_secs(300);
/// How often a stalled or unfinished object is looked at without any event.
const RETRY: Duration = Duration::from_secs(15);

/// How long an Endpoint made together with its Project waits for it without saying so.
const RETRY_NEW: Duration = Duration::from_secs(3);
/// How often a server that has started and is not ready yet is looked at, and a gate that runs
/// and has not passed yet.
const RETRY_STARTING: Duration = Duration::from_secs(1);

/// The five stages.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached; the caller tries again.
pub async fn reconcile(endpoint: Arc<Endpoint>, context: Arc<Context>) -> Result<Action, Error> {
    let endpoint = context
        .endpoint_statuses
        .freshen(endpoint, |endpoint| &mut endpoint.status);
    if endpoint.metadata.deletion_timestamp.is_some() {
        return finalize::finalize(&endpoint, &context).await;
    }
    let observed = observe::observe(&endpoint, &context).await?;
    if observed.project_is_new && endpoint.status.is_none() {
        // Both were just made: the Project's first status asks for this again.
        return Ok(Action::requeue(RETRY_NEW));
    }
    let valid = match validate::validate(&endpoint, &observed, &context.config) {
        Ok(valid) => valid,
        Err(stall) => {
            status::write(&endpoint, &context, &observed, Err(&stall)).await?;
            return Ok(Action::requeue(RETRY));
        }
    };
    match apply::apply(&context, &endpoint, &valid, &observed).await {
        Ok(applied) => {
            let settled = status::write(&endpoint, &context, &observed, Ok(&applied)).await?;
            if let Some(error) = applied.unserved {
                return Err(error);
            }
            let progress = &applied.progress;
            let starting = progress.is_running() || progress.unheard_gate.is_some();
            let again = match (settled, starting) {
                (true, _) => RESYNC,
                (false, true) => RETRY_STARTING,
                (false, false) => RETRY,
            };
            Ok(Action::requeue(again))
        }
        Err(error) => {
            if let Some(stall) = error.as_stall() {
                status::write(&endpoint, &context, &observed, Err(&stall)).await?;
            }
            Err(error)
        }
    }
}
