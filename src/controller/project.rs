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

use self::observe::Observed;
use self::validate::ValidProject;
use super::context::Context;
use super::error::Error;
use crate::crd::Project;

/// How often an object is looked at without any event.
const RESYNC: Duration = Duration::from_secs(300);
/// How often a stalled object is looked at without any event.
const RETRY_STALLED: Duration = Duration::from_secs(30);
/// How long the first status of a Project waits for that of its Endpoints, which it counts.
const FIRST_STATUS: Duration = Duration::from_secs(3);

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
            context.perimeters.forget(&observed.uid);
            status::write(&project, &context, &observed, Err(&stall)).await?;
            return Ok(Action::requeue(RETRY_STALLED));
        }
    };
    let desired = build::build(&project, &valid);
    match apply::apply(&context, &project, &observed, &valid, &desired).await {
        Ok(()) => {
            if let Some(wait) = closed(&project, &context, &observed, &valid) {
                return Ok(Action::requeue(wait));
            }
            status::write(&project, &context, &observed, Ok(&valid)).await?;
            Ok(Action::requeue(RESYNC))
        }
        Err(error) => {
            if let Some(stall) = error.as_stall() {
                context.perimeters.forget(&observed.uid);
                status::write(&project, &context, &observed, Err(&stall)).await?;
            }
            Err(error)
        }
    }
}

/// Lets the Endpoints of a new Project start. Answers how long its first status may wait for
/// theirs, so that it need not be written twice.
fn closed(
    project: &Project,
    context: &Context,
    observed: &Observed,
    valid: &ValidProject,
) -> Option<Duration> {
    if project.status.is_some() {
        return None;
    }
    let is_news = !context.perimeters.is_closed(&valid.uid);
    let now = (context.now)();
    let waited = now.duration_since(context.perimeters.close(&valid.uid, now));
    if is_news {
        let triggers = &context.triggers;
        triggers.endpoints_of(&valid.tenant_namespace, &valid.name);
    }
    let left = FIRST_STATUS.checked_sub(waited.unsigned_abs())?;
    observed.awaits_endpoints(valid).then_some(left)
}
