//! The status of a Project, from what was observed and applied.

use std::sync::Arc;

use jiff::Timestamp;
use kube::{Resource as _, ResourceExt as _};

use super::observe::Observed;
use super::validate::ValidProject;
use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::controller::object::condition::{self, Conditions, Outcome, Stall};
use crate::crd::condition::{ConditionType, Reason};
use crate::crd::{Endpoint, EndpointCounts, Project, ProjectStatus};

/// Writes the status if it differs from the stored one, and an event when the reason changed.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached.
pub(super) async fn write(
    project: &Project,
    context: &Context,
    observed: &Observed,
    outcome: Result<&ValidProject, &Stall>,
) -> Result<(), Error> {
    let previous = project.status.clone().unwrap_or_default();
    let made = make(project, observed, outcome, (context.now)());
    if made == previous {
        return Ok(());
    }
    let reference = project.object_ref(&());
    context
        .project_statuses
        .write(&context.client, project, &made)
        .await?;
    context
        .events
        .on_change(&reference, &previous.conditions, &made.conditions);
    Ok(())
}

fn make(
    project: &Project,
    observed: &Observed,
    outcome: Result<&ValidProject, &Stall>,
    now: Timestamp,
) -> ProjectStatus {
    let previous = project.status.clone().unwrap_or_default();
    let conditions = Conditions::new(&previous.conditions, project.metadata.generation, now);
    let conditions = match outcome {
        Ok(valid) => {
            let done = |message: String| Outcome::done(Reason::Succeeded, message);
            conditions
                .with(
                    ConditionType::NamespaceReady,
                    &done(format!("namespace {} is in place", valid.namespace)),
                )
                .with(
                    ConditionType::PerimeterReady,
                    &done("ingress and egress are denied by default".into()),
                )
                .with(
                    ConditionType::QuotaReady,
                    &done("quota and limits are in place".into()),
                )
                .summary(&done("endpoints can be made".into()), false)
        }
        Err(stall) => {
            let waiting = Outcome::not(stall.reason, stall.message.clone());
            conditions
                .with(ConditionType::NamespaceReady, &waiting)
                .with(ConditionType::PerimeterReady, &waiting)
                .with(ConditionType::QuotaReady, &waiting)
                .summary(&waiting, true)
        }
    };
    let mine = observed
        .endpoints
        .iter()
        .filter(|e| e.spec.project == project.name_any())
        .collect::<Vec<_>>();
    ProjectStatus {
        observed_generation: project.metadata.generation,
        id: outcome.ok().map(|v| v.id.clone()).or(previous.id),
        namespace: outcome
            .ok()
            .map(|v| v.namespace.clone())
            .or(previous.namespace),
        endpoints: Some(EndpointCounts {
            ready: count(mine.iter().filter(|e| is_ready(e)).count()),
            total: count(mine.len()),
        }),
        conditions: conditions.into_vec(),
    }
}

fn is_ready(endpoint: &Arc<Endpoint>) -> bool {
    endpoint.status.as_ref().is_some_and(|status| {
        condition::find(&status.conditions, ConditionType::Ready)
            .is_some_and(|c| c.status == "True")
    })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
