//! Reconciles a Project: its workload namespace, perimeter and quota, and its inline endpoints.

mod apply;
mod build;
mod finalize;
mod observe;
mod status;
mod validate;

pub(super) use build::SERVICE_ACCOUNT;

use std::sync::Arc;
use std::time::Duration;

use kube::runtime::controller::Action;

use super::context::Context;
use super::error::Error;
use crate::crd::Project;

/// How often an object is looked at without any event.
const RESYNC: Duration = Duration::from_secs(300);
/// How often a stalled object is looked at without any event.
const RETRY_STALLED: Duration = Duration::from_secs(30);

/// The five stages.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached; the caller tries again.
pub async fn reconcile(project: Arc<Project>, context: Arc<Context>) -> Result<Action, Error> {
    let project = context
        .project_statuses
        .freshen(project, |project| &mut project.status);
    if project.metadata.deletion_timestamp.is_some() {
        return finalize::finalize(&project, &context).await;
    }
    let observed = observe::observe(&project, &context)?;
    let valid = match validate::validate(&project, &observed) {
        Ok(valid) => valid,
        Err(stall) => {
            status::write(&project, &context, &observed, Err(&stall)).await?;
            return Ok(Action::requeue(RETRY_STALLED));
        }
    };
    let desired = build::build(&project, &valid);
    match apply::apply(&context, &project, &observed, &valid, &desired).await {
        Ok(()) => {
            status::write(&project, &context, &observed, Ok(&valid)).await?;
            Ok(Action::requeue(RESYNC))
        }
        Err(error) => {
            if let Some(stall) = error.as_stall() {
                status::write(&project, &context, &observed, Err(&stall)).await?;
            }
            Err(error)
        }
    }
}
