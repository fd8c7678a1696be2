//! How far a server has come, read from its pod. Pure.

use std::net::IpAddr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodStatus};
use kube::ResourceExt as _;

use super::gate::{self, GATE, Gate};
use crate::controller::object::meta::{LIVE_SETTINGS, TEMPLATE_DIGEST};
use crate::crd::condition::Reason;

/// Name of the server's container.
pub(super) const SERVER: &str = "postgres";

/// How far a server has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// The pod that is to stay, if there is one.
    pub pod: Option<Arc<Pod>>,
    /// Whether a pod is on its way out.
    pub stopping: bool,
    /// What the gate has found.
    pub gate: Gate,
    /// The container of a running gate whose evidence has not been recorded.
    pub unheard_gate: Option<String>,
    /// Whether the server's container runs; its entrypoint may still wait for the gate.
    pub started: bool,
    /// Whether it listens, as its socket has shown to kubelet.
    pub listening: bool,
    /// Why it cannot come up.
    pub failure: Option<(Reason, String)>,
}

impl Progress {
    /// Reads the pods of one endpoint.
    pub(super) fn read(pods: &[Arc<Pod>]) -> Self {
        let (leaving, staying): (Vec<_>, Vec<_>) = pods
            .iter()
            .partition(|pod| pod.metadata.deletion_timestamp.is_some());
        let pod = staying
            .into_iter()
            .max_by_key(|pod| pod.metadata.creation_timestamp.clone().map(|t| t.0))
            .cloned();
        let status = pod
            .as_ref()
            .and_then(|pod| pod.status.clone())
            .unwrap_or_default();
        let statuses = status.container_statuses.as_ref();
        let (gate, server) = (container(statuses, GATE), container(statuses, SERVER));
        let listening = server.is_some_and(|s| s.started == Some(true));
        let of_gate = pod.as_ref().zip(gate);
        Self {
            stopping: !leaving.is_empty(),
            gate: of_gate
                .map(|(pod, gate)| gate::read(pod, gate, listening))
                .unwrap_or_default(),
            unheard_gate: of_gate.and_then(|(pod, gate)| gate::unheard(pod, gate)),
            started: server.is_some_and(|s| s.state.as_ref().is_some_and(|s| s.running.is_some())),
            listening,
            failure: unschedulable(&status)
                .or_else(|| gate.and_then(start_failure))
                .or_else(|| server.and_then(start_failure))
                .or_else(|| server.and_then(crash)),
            pod,
        }
    }

    /// Whether the server's process runs; it may not listen yet.
    pub(super) fn is_running(&self) -> bool {
        self.started && (self.listening || matches!(self.gate, Gate::Passed(_)))
    }

    /// Address of the pod.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.pod
            .as_ref()?
            .status
            .as_ref()?
            .pod_ip
            .as_ref()?
            .parse()
            .ok()
    }

    /// Digest of the settings that the running server was given.
    pub(super) fn live_settings(&self) -> Option<&str> {
        let annotation = self.pod.as_ref()?.annotations().get(LIVE_SETTINGS)?;
        Some(annotation)
    }

    /// Whether the pod was made from another template than this one.
    pub(super) fn is_outdated(&self, template_digest: Option<&String>) -> bool {
        self.pod
            .as_ref()
            .is_some_and(|pod| pod.annotations().get(TEMPLATE_DIGEST) != template_digest)
    }
}

fn container<'a>(
    statuses: Option<&'a Vec<ContainerStatus>>,
    name: &str,
) -> Option<&'a ContainerStatus> {
    statuses?.iter().find(|status| status.name == name)
}

fn unschedulable(status: &PodStatus) -> Option<(Reason, String)> {
    let condition = status
        .conditions
        .iter()
        .flatten()
        .find(|c| c.type_ == "PodScheduled" && c.status == "False")?;
    let message = condition.message.clone().unwrap_or_default();
    // A volume that is bound when its first pod is scheduled shows as this for a moment.
    (condition.reason.as_deref() == Some("Unschedulable") && !message.contains("unbound immediate"))
        .then_some((Reason::Unschedulable, message))
}

/// Reasons of kubelet for a container that cannot start.
fn start_failure(status: &ContainerStatus) -> Option<(Reason, String)> {
    let waiting = status.state.as_ref()?.waiting.as_ref()?;
    let reason = waiting.reason.as_deref()?;
    let fatal = [
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    ];
    fatal.contains(&reason).then(|| {
        let message = waiting.message.as_deref().unwrap_or_default();
        (
            Reason::ServerFailed,
            format!("container {}: {reason}: {message}", status.name),
        )
    })
}

fn crash(status: &ContainerStatus) -> Option<(Reason, String)> {
    let state = status.state.as_ref()?;
    let waiting =
        state.waiting.as_ref().and_then(|w| w.reason.as_deref()) == Some("CrashLoopBackOff");
    let end = state.terminated.as_ref().or_else(|| {
        status
            .last_state
            .as_ref()?
            .terminated
            .as_ref()
            .filter(|_| waiting)
    })?;
    let words = end.message.as_deref().unwrap_or_default().trim();
    Some((
        Reason::ServerFailed,
        format!(
            "the server ended with code {}: {}",
            end.exit_code,
            last_lines(words)
        ),
    ))
}

fn last_lines(text: &str) -> String {
    let lines = text.lines().rev().take(3).collect::<Vec<_>>();
    lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(status: serde_json::Value) -> Vec<Arc<Pod>> {
        let pod = json!({ "metadata": { "name": "ep-0", "uid": "u" }, "status": status });
        vec![Arc::new(serde_json::from_value(pod).unwrap())]
    }

    #[test]
    fn no_pod_is_no_progress() {
        let progress = Progress::read(&[]);
        assert_eq!(progress.gate, Gate::Pending);
        assert!(!progress.is_running() && !progress.stopping && progress.failure.is_none());
    }

    #[test]
    fn a_server_whose_entrypoint_waits_does_not_run() {
        let status = |started| {
            json!({ "containerStatuses": [{
                "name": "postgres", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                "started": started, "state": { "running": {} },
            }] })
        };
        assert!(!Progress::read(&pod(status(false))).is_running());
        assert!(Progress::read(&pod(status(true))).is_running());
    }

    #[test]
    fn a_crash_is_told_with_its_last_words() {
        let progress = Progress::read(&pod(json!({ "containerStatuses": [{
            "name": "postgres", "image": "", "imageID": "", "ready": false, "restartCount": 2,
            "state": { "waiting": { "reason": "CrashLoopBackOff" } },
            "lastState": { "terminated": { "exitCode": 1, "message": "a\nb\nc\nFATAL: no" } },
        }] })));
        let (reason, message) = progress.failure.unwrap();
        assert_eq!(reason, Reason::ServerFailed);
        assert_eq!(message, "the server ended with code 1: b / c / FATAL: no");
    }
}
