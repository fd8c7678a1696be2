//! The kubelet, as far as the operator can tell: what a pod's status says.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use kisenon::probe::address::Family;
use kisenon::probe::dial::{Dial, Outcome};
use kisenon::probe::evidence::Evidence;
use kisenon::probe::round::{ControlDial, Egress, Ingress};

use super::tenant::{PATIENCE, until};
use crate::cluster::Namespace;

/// What a refused gate leaves in its termination log.
pub(super) const REFUSED: &str = r#"{"error":"egress to 10.244.0.5:7432 reached"}"#;

/// What a gate keeps that has seen the perimeter in force.
pub(super) fn evidence() -> Value {
    let dial = |address: &str, outcome| Dial {
        address: address.parse().unwrap(),
        outcome,
    };
    json!(Evidence {
        rounds: 3,
        attempts: 7,
        elapsed_ms: 91,
        open_window_ms: 84,
        forbidden_port: 7432,
        postgres_port: 5432,
        families: BTreeSet::from([Family::Ipv4]),
        egress: Egress {
            control: vec![ControlDial {
                address: "10.244.0.5".parse().unwrap(),
                error: None,
            }],
            forbidden: vec![dial("10.244.0.5", Outcome::Refused)],
        },
        ingress: Ingress {
            control: vec![dial("10.244.0.7", Outcome::Reached)],
            forbidden: vec![dial("10.244.0.7", Outcome::Refused)],
            ..Ingress::default()
        },
    })
}

/// The pod of an endpoint, once its StatefulSet has made one that is to stay.
pub(super) async fn pod(workload: &Namespace, id: &str) -> Pod {
    until(
        &workload.api(),
        &format!("{id}-0"),
        "exists",
        PATIENCE,
        |pod: &Pod| pod.metadata.deletion_timestamp.is_none(),
    )
    .await
}

/// Lets the gate of an endpoint run, as another container than before, without a word yet.
pub(super) async fn run(workload: &Namespace, id: &str) {
    let pod = pod(workload, id).await;
    let gate = gate(&next_container(), json!({"running": {}}));
    report(workload, &pod, json!({"containerStatuses": [gate]})).await;
}

/// Lets the gate of an endpoint run as this container, the one before having been refused.
pub(super) async fn run_after_refusal(workload: &Namespace, id: &str, container: &str) {
    let pod = pod(workload, id).await;
    let mut gate = gate(container, json!({"running": {}}));
    gate["lastState"] = json!({"terminated": {"exitCode": 1, "message": REFUSED}});
    report(workload, &pod, json!({"containerStatuses": [gate]})).await;
}

/// Lets the gate of an endpoint end with this code and message.
pub(super) async fn end(workload: &Namespace, id: &str, code: i32, message: &str) {
    let pod = pod(workload, id).await;
    let state = json!({"terminated": {"exitCode": code, "message": message}});
    let gate = gate(&next_container(), state);
    report(workload, &pod, json!({"containerStatuses": [gate]})).await;
}

/// Lets the gate of an endpoint pass and stay.
pub(crate) async fn pass(workload: &Namespace, id: &str) {
    let pod = pod(workload, id).await;
    pass_in(workload, &pod).await;
}

/// Lets the gate of this very pod pass and stay.
pub(super) async fn pass_in(workload: &Namespace, pod: &Pod) {
    let container = next_container();
    record(workload, pod, &container, &evidence()).await;
    let gate = gate(&container, json!({"running": {}}));
    report(workload, pod, json!({"containerStatuses": [gate]})).await;
}

/// Records what a gate's container is to have answered: no kubelet would run the program that
/// the operator asks it with.
pub(super) async fn record(workload: &Namespace, pod: &Pod, container: &str, evidence: &Value) {
    let record = json!({"podUid": pod.uid(), "containerId": container, "evidence": evidence});
    let annotations = json!({"kisenon.com/gate-evidence": record.to_string()});
    let patch = json!({"metadata": {"uid": pod.uid(), "annotations": annotations}});
    let pods = workload.api::<Pod>();
    let name = pod.name_any();
    let answer = pods
        .patch(&name, &PatchParams::default(), &Patch::Merge(patch))
        .await;
    unless_gone(answer);
}

/// Lets the server of an endpoint, whose gate has passed, listen at this address.
pub(super) async fn listen(workload: &Namespace, id: &str, address: &str) {
    let pod = pod(workload, id).await;
    let container = next_container();
    record(workload, &pod, &container, &evidence()).await;
    let server = json!({
        "name": "postgres", "image": "i", "imageID": "i", "ready": true, "restartCount": 0,
        "started": true, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
    });
    let status = json!({
        "podIP": address,
        "podIPs": [{"ip": address}],
        "containerStatuses": [gate(&container, json!({"running": {}})), server],
    });
    report(workload, &pod, status).await;
}

fn gate(container: &str, state: Value) -> Value {
    json!({
        "name": "gate", "image": "i", "imageID": "i", "ready": true, "restartCount": 0,
        "containerID": container, "state": state,
    })
}

/// An id that no container has had.
fn next_container() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("containerd://{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Says what has become of this very pod; one that is gone says nothing.
pub(super) async fn report(workload: &Namespace, pod: &Pod, status: Value) {
    let patch = json!({"metadata": {"uid": pod.uid()}, "status": status});
    let answer = workload
        .api::<Pod>()
        .patch_status(
            &pod.name_any(),
            &PatchParams::default(),
            &Patch::Merge(patch),
        )
        .await;
    unless_gone(answer);
}

fn unless_gone(answer: kube::Result<Pod>) {
    match answer {
        Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => {}
        answer => drop(answer.unwrap()),
    }
}
