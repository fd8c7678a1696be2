use super::*;
use crate::probe::evidence::termination_message;
use crate::probe::gate::GateError;
use serde_json::Value;

const ID: &str = "containerd://c1";

fn evidence() -> Value {
    let dial = |address: &str, outcome: &str| json!({ "address": address, "outcome": outcome });
    json!({
        "rounds": 3, "attempts": 7, "elapsedMs": 91, "openWindowMs": 84,
        "forbiddenPort": 7432, "postgresPort": 5432, "families": ["IPv4"],
        "egress": {
            "control": [{ "address": "10.244.0.5" }],
            "forbidden": [dial("10.244.0.5", "Refused")],
        },
        "ingress": {
            "control": [dial("10.244.0.7", "Reached")],
            "forbidden": [dial("10.244.0.7", "Refused")],
        },
    })
}

fn pod(record: Option<Value>) -> Pod {
    let annotations = match record {
        Some(record) => json!({ GATE_EVIDENCE: record.to_string() }),
        None => json!({}),
    };
    let pod = json!({ "metadata": { "name": "ep-0", "uid": "u", "annotations": annotations } });
    serde_json::from_value(pod).unwrap()
}

fn recorded_as(pod_uid: &str, container: &str, evidence: Value) -> Pod {
    pod(Some(json!({
        "podUid": pod_uid, "containerId": container, "evidence": evidence,
    })))
}

fn status(state: Value, last: Value) -> ContainerStatus {
    serde_json::from_value(json!({
        "name": "gate", "image": "", "imageID": "", "ready": true, "restartCount": 0,
        "containerID": ID, "state": state, "lastState": last,
    }))
    .unwrap()
}

fn running() -> Value {
    json!({ "running": {} })
}

fn ended(code: i32, message: &str) -> Value {
    json!({ "terminated": { "exitCode": code, "message": message } })
}

#[test]
fn a_gate_has_passed_when_its_own_evidence_stands_on_the_pod() {
    let pod = recorded_as("u", ID, evidence());
    let status = status(running(), json!({}));
    assert!(matches!(read(&pod, &status, false), Gate::Passed(_)));
    assert_eq!(unheard(&pod, &status), None);
}

#[test]
fn what_is_not_evidence_of_this_gate_counts_for_nothing() {
    let mut vacuous = evidence();
    vacuous["rounds"] = json!(0);
    let mut open = evidence();
    open["egress"]["forbidden"][0]["outcome"] = json!("Reached");
    for pod in [
        pod(None),
        pod(Some(json!({}))),
        pod(Some(json!("passed"))),
        recorded_as("another", ID, evidence()),
        recorded_as("u", "containerd://c0", evidence()),
        recorded_as("u", ID, vacuous),
        recorded_as("u", ID, open),
        recorded_as("u", ID, json!({ "error": "egress connected" })),
    ] {
        let status = status(running(), json!({}));
        assert_eq!(read(&pod, &status, true), Gate::Pending, "{pod:?}");
        assert_eq!(unheard(&pod, &status).as_deref(), Some(ID), "asked for it");
    }
}

#[test]
fn a_refusal_is_told_until_the_next_gate_passes() {
    let refusal = termination_message(&GateError::NoTime);
    let said = Gate::Failed("the gate did not pass: the deadline left no time for a round".into());
    let ended = ended(1, &refusal);
    assert_eq!(
        read(&pod(None), &status(ended.clone(), json!({})), false),
        said
    );
    let again = status(running(), ended.clone());
    assert_eq!(read(&pod(None), &again, false), said);
    assert_eq!(unheard(&pod(None), &again).as_deref(), Some(ID));
    let passed = recorded_as("u", ID, evidence());
    assert!(matches!(read(&passed, &again, false), Gate::Passed(_)));
}

#[test]
fn a_gate_that_dies_without_a_word_has_not_passed() {
    for (code, message) in [(137, ""), (0, ""), (0, "passed"), (2, "{}")] {
        let status = status(ended(code, message), json!({}));
        assert_eq!(
            read(&pod(None), &status, false),
            Gate::Failed(format!(
                "the gate ended with code {code} and left no evidence"
            ))
        );
        assert_eq!(unheard(&pod(None), &status), None);
    }
}

#[test]
fn a_gate_that_is_killed_takes_nothing_from_a_server_that_listens() {
    let killed = status(ended(137, ""), json!({}));
    let waits = status(
        json!({ "waiting": { "reason": "CrashLoopBackOff" } }),
        ended(137, ""),
    );
    let heard = recorded_as("u", ID, evidence());
    for status in [&killed, &waits] {
        assert!(matches!(read(&heard, status, true), Gate::Passed(_)));
        assert_eq!(read(&pod(None), status, true), Gate::Pending);
        // Without a server that listens, the network may be another one by now.
        assert_eq!(read(&heard, status, false), Gate::Pending);
    }
}
