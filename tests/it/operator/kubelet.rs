//! The kubelet, as far as the operator can tell: what a pod's status says.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use kisenon::probe::address::Family;
use kisenon::probe::dial::{Dial, Outcome};
use kisenon::probe::evidence::{Evidence, termination_message};
use kisenon::probe::round::{ControlDial, Egress, Ingress};

use super::tenant::{PATIENCE, until};
use crate::cluster::Namespace;

/// What a gate leaves behind that has seen the perimeter in force.
pub(super) fn evidence() -> String {
    let dial = |address: &str, outcome| Dial {
        address: address.parse().unwrap(),
        outcome,
    };
    termination_message(&Ok(Evidence {
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
    }))
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

/// Lets the gate of an endpoint end with this code and message.
pub(super) async fn gate(workload: &Namespace, id: &str, code: i32, message: &str) {
    let pod = pod(workload, id).await;
    report(workload, &pod, gate_ended(code, message)).await;
}

/// Lets the gate of an endpoint pass.
pub(crate) async fn pass(workload: &Namespace, id: &str) {
    gate(workload, id, 0, &evidence()).await;
}

/// Lets the server of an endpoint, whose gate has passed, listen at this address.
pub(super) async fn listen(workload: &Namespace, id: &str, address: &str) {
    let pod = pod(workload, id).await;
    let mut status = gate_ended(0, &evidence());
    status["podIP"] = json!(address);
    status["podIPs"] = json!([{"ip": address}]);
    status["containerStatuses"] = json!([{
        "name": "postgres", "image": "i", "imageID": "i", "ready": true, "restartCount": 0,
        "started": true, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
    }]);
    report(workload, &pod, status).await;
}

/// The status of a pod whose gate has ended.
pub(super) fn gate_ended(code: i32, message: &str) -> Value {
    json!({"initContainerStatuses": [{
        "name": "gate", "image": "i", "imageID": "i", "ready": code == 0, "restartCount": 0,
        "state": {"terminated": {"exitCode": code, "message": message}},
    }]})
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
    match answer {
        Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => {}
        answer => drop(answer.unwrap()),
    }
}
