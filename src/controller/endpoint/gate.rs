//! What the gate of a pod has found, from the pod's status and from the evidence recorded on it.
//!
//! A gate that passes stays, so its evidence cannot be the last word of a container that has
//! ended. The operator asks the gate's own container for it, once, and records it on the pod
//! together with that container's id: of any other container it is no evidence. The server's
//! container is never asked.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod};
use kube::ResourceExt as _;
use kube::api::{Api, Patch, PatchParams};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::validate::ValidEndpoint;
use crate::cluster::apply::FIELD_MANAGER;
use crate::cluster::exec::{Container, ExecError};
use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::controller::object::meta::GATE_EVIDENCE;
use crate::probe::evidence::{Evidence, refusal};
use crate::probe::pass::NOT_PASSED;
use crate::telemetry::Chain;

/// Name of the gate's container.
pub(super) const GATE: &str = "gate";
/// What is run in it, and how long that waits for the gate to pass.
const ASK: [&str; 3] = ["kisenon", "evidence", "--patience-ms=2000"];
/// Longest that the answer may take.
const LIMIT: Duration = Duration::from_secs(5);

/// What the gate has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Gate {
    /// No word yet.
    #[default]
    Pending,
    /// The perimeter is enforced; the evidence, for people.
    Passed(Box<Evidence>),
    /// It is not; what went where it must not.
    Failed(String),
}

/// Evidence as it is recorded on the pod.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    pod_uid: String,
    container_id: String,
    evidence: Evidence,
}

/// What the pod tells of its gate. `is_served` says that the server beside it listens, and so has
/// found the pass: a gate that is killed afterwards takes nothing back. Pure.
pub(super) fn read(pod: &Pod, status: &ContainerStatus, is_served: bool) -> Gate {
    let ended = |state: &Option<ContainerState>| state.as_ref().and_then(|s| s.terminated.clone());
    let end = ended(&status.state).or_else(|| ended(&status.last_state));
    let is_running = is_running(status);
    let evidence = recorded(pod, status);
    let had_passed = evidence.is_some();
    if let Some(evidence) = evidence
        && (is_running || is_served)
    {
        return Gate::Passed(Box::new(evidence));
    }
    let Some(end) = end else {
        return Gate::Pending;
    };
    match end.message.as_deref().and_then(refusal) {
        Some(why) => Gate::Failed(why),
        // It comes back, and finds its pass or has to prove a new network.
        None if is_running || is_served || had_passed => Gate::Pending,
        None => Gate::Failed(died(&end)),
    }
}

fn died(end: &ContainerStateTerminated) -> String {
    format!(
        "the gate ended with code {} and left no evidence",
        end.exit_code
    )
}

/// The evidence that this very container has given.
fn recorded(pod: &Pod, status: &ContainerStatus) -> Option<Evidence> {
    let text = pod.annotations().get(GATE_EVIDENCE)?;
    let record = serde_json::from_str::<Record>(text).ok()?;
    let is_its = pod.uid().as_ref() == Some(&record.pod_uid)
        && status.container_id.as_ref() == Some(&record.container_id);
    // Read with the same eyes as an answer: what shows no isolation is no evidence.
    let evidence = serde_json::to_string(&record.evidence).ok()?;
    Evidence::parse(&evidence).ok().filter(|_| is_its)
}

fn is_running(status: &ContainerStatus) -> bool {
    status.state.as_ref().is_some_and(|s| s.running.is_some())
}

/// The id of a running gate that has not been heard.
pub(super) fn unheard(pod: &Pod, status: &ContainerStatus) -> Option<String> {
    let id = status.container_id.clone()?;
    (is_running(status) && recorded(pod, status).is_none()).then_some(id)
}

/// Asks a running gate for its evidence and records it on the pod. `None` when the gate has not
/// passed or cannot be asked: it is asked again, and until then nothing is verified.
///
/// # Errors
/// When the pod cannot be told.
pub(super) async fn hear(
    context: &Context,
    valid: &ValidEndpoint,
    pod: &Pod,
    container_id: &str,
) -> Result<Option<Gate>, Error> {
    let name = pod.name_any();
    let container = Container {
        client: &context.client,
        namespace: &valid.namespace,
        pod: &name,
        name: GATE,
    };
    let answer = match container.ask(&ASK, LIMIT).await {
        Ok(answer) => answer,
        Err(ExecError::Program(_, words)) if words.contains(NOT_PASSED) => return Ok(None),
        Err(error) => {
            tracing::info!(pod = name, error = %Chain(&error), "the gate cannot be asked yet");
            return Ok(None);
        }
    };
    let evidence = match Evidence::parse(&answer) {
        Ok(evidence) => evidence,
        Err(error) => return Ok(Some(Gate::Failed(error.to_string()))),
    };
    record(context, valid, pod, container_id, &evidence).await?;
    Ok(Some(Gate::Passed(Box::new(evidence))))
}

async fn record(
    context: &Context,
    valid: &ValidEndpoint,
    pod: &Pod,
    container_id: &str,
    evidence: &Evidence,
) -> Result<(), Error> {
    let uid = pod.uid().unwrap_or_default();
    let record = json!(Record {
        pod_uid: uid.clone(),
        container_id: container_id.to_owned(),
        evidence: evidence.clone(),
    });
    annotate(context, valid, pod, GATE_EVIDENCE, &record.to_string()).await
}

/// Writes an annotation on this very pod.
///
/// # Errors
/// When the pod is gone or replaced, or Kubernetes refuses or cannot be reached.
pub(super) async fn annotate(
    context: &Context,
    valid: &ValidEndpoint,
    pod: &Pod,
    key: &str,
    value: &str,
) -> Result<(), Error> {
    let patch = json!({ "metadata": { "uid": pod.uid(), "annotations": { key: value } } });
    let params = PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    };
    let pods = Api::<Pod>::namespaced(context.client.clone(), &valid.namespace);
    match pods
        .patch(&pod.name_any(), &params, &Patch::Merge(&patch))
        .await
    {
        // The pod was replaced in between; its successor is told anew.
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409 | 422) => {
            Err(Error::Outdated("the pod"))
        }
        Err(error) => Err(Error::Observe("the pod", error)),
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
