//! Gate and canary against real packets and real packet filters.
//!
//! Each test owns two network namespaces joined by a pair of interfaces, so they run side by
//! side. They need root on Linux; without it see `net::may_run`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests fail the test they help"
)]

use kisenon::probe::evidence::refusal;
use kisenon::probe::{Evidence, GATE_CONTROL_PORT, POSTGRES_PORT};

use net::{Direction, Family, Net, Target, Version};
use program::Outcome;

mod net;
mod program;

const EGRESS: Direction = Direction::Egress;
const INGRESS: Direction = Direction::Ingress;

/// The evidence of a gate that must have passed.
fn passed(outcome: Outcome) -> Evidence {
    match outcome {
        Outcome::Passed(_, evidence) => Evidence::parse(&evidence).expect("readable evidence"),
        Outcome::Refused(message) => panic!("the gate failed: {message}"),
    }
}

/// The error of a gate that must not have passed.
fn refused(outcome: Outcome) -> String {
    match outcome {
        Outcome::Passed(_, evidence) => panic!("the gate passed: {evidence}"),
        Outcome::Refused(message) => {
            assert!(message.len() <= 4096);
            refusal(&message).expect("its reason")
        }
    }
}

#[test]
fn an_enforced_policy_that_rejects_passes() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    net.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    let _canary = net.start_canary();
    let evidence = passed(net.run_gate(20));
    assert_eq!(evidence.rounds, 3);
    assert_eq!(evidence.open_window_ms, 0);
    let summary = evidence.summary();
    let egress = format!("egress to {}:7432 refused", net::CANARY);
    assert!(summary.contains(&egress), "{summary}");
    assert!(summary.contains("over IPv4;"), "{summary}");
    eprintln!("REJECT: {} ms: {summary}", evidence.elapsed_ms);
}

#[test]
fn an_enforced_policy_that_drops_passes() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    net.police(Version::V4, &[EGRESS, INGRESS], Target::Drop);
    let _canary = net.start_canary();
    let evidence = passed(net.run_gate(20));
    let summary = evidence.summary();
    assert!(summary.contains("ingress to port 5432 timed out"));
    eprintln!("DROP: {} ms: {summary}", evidence.elapsed_ms);
}

#[test]
fn the_gate_needs_no_privilege() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    net.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    let _canary = net.start_canary();
    passed(net.run_gate_as(999, 20));
}

#[test]
fn a_gate_that_has_passed_leaves_its_ports_and_stays_until_told() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    net.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    let _canary = net.start_canary();
    let error = net.ask_gate().unwrap_err();
    assert!(error.contains("has not passed yet"), "{error}");
    let Outcome::Passed(gate, evidence) = net.run_gate(20) else {
        panic!("the gate failed");
    };
    for port in [POSTGRES_PORT, GATE_CONTROL_PORT] {
        assert!(!net::listens(gate.id(), port), "{port} is the server's");
    }
    assert_eq!(net.ask_gate().unwrap(), evidence);
    let ended = gate.terminate();
    assert!(ended.status.success(), "{}", ended.status);
    assert!(ended.took.as_millis() < 1000, "{:?}", ended.took);

    // Another container of the same sandbox needs no proof, and could make none: the server has
    // the port by now.
    let _server = net.listen_as_the_server();
    let Outcome::Passed(again, kept) = net.run_gate(0) else {
        panic!("the gate did not find its pass");
    };
    assert_eq!(kept, evidence);
    assert!(is_parked(again.id()));
    assert!(again.terminate().status.success());
}

/// Whether the process has one thread, and the runtime of the proof is gone.
fn is_parked(id: u32) -> bool {
    let list = |name: &str| std::fs::read_dir(format!("/proc/{id}/{name}")).unwrap();
    let polls = list("fd").flatten().any(|entry| {
        let target = std::fs::read_link(entry.path()).unwrap_or_default();
        target.to_string_lossy().contains("eventpoll")
    });
    list("task").count() == 1 && !polls
}

#[test]
fn the_pass_of_another_network_is_taken_back_and_earned_anew() {
    let (Some(first), Some(second)) = (Net::new(Family::V4), Net::new(Family::V4)) else {
        return;
    };
    first.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    let _canary = first.start_canary();
    passed(first.run_gate(20));
    let copy = |name: &str| {
        std::fs::copy(first.folder().join(name), second.folder().join(name)).unwrap();
    };
    // As a volume that outlives the sandbox does.
    copy("pass");
    copy("evidence.json");
    let error = second.ask_gate().unwrap_err();
    assert!(error.contains("has not passed yet"), "{error}");
    // Nobody answers in the second network.
    refused(second.run_gate(1));
    assert!(!second.folder().join("evidence.json").exists());

    second.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    let _canary = second.start_canary();
    passed(second.run_gate(20));
    let pass = |net: &Net| std::fs::read(net.folder().join("pass")).unwrap();
    assert_ne!(pass(&first), pass(&second));
}

#[test]
fn a_gate_ends_at_once_when_told_during_the_proof() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    let gate = net.start_gate(20);
    net.wait_for(|| net::listens(gate.id(), POSTGRES_PORT));
    let ended = gate.terminate();
    assert!(!ended.status.success(), "{}", ended.status);
    assert!(ended.took.as_millis() < 1000, "{:?}", ended.took);
    assert!(!net.folder().join("pass").exists());
}

#[test]
fn without_a_policy_the_gate_names_what_connected() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    let _canary = net.start_canary();
    let error = refused(net.run_gate(1));
    let egress = format!("egress to the forbidden port of {}", net::CANARY);
    let ingress = format!("ingress to Postgres at {}", net::GATE);
    assert!(error.contains(&egress), "{error}");
    assert!(error.contains(&ingress), "{error}");
}

#[test]
fn a_dead_canary_never_passes() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    net.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    let error = refused(net.run_gate(1));
    assert!(error.contains("did not answer over IPv4"), "{error}");
}

#[test]
fn a_canary_that_is_not_admitted_never_passes() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    net.block(Version::V4, INGRESS, GATE_CONTROL_PORT, Target::Drop);
    net.block(Version::V4, INGRESS, POSTGRES_PORT, Target::Drop);
    net.block(Version::V4, EGRESS, 7432, Target::Drop);
    let _canary = net.start_canary();
    let error = refused(net.run_gate(1));
    assert!(error.contains("could not reach the control port"));
}

#[test]
fn a_policy_that_comes_late_passes_and_the_window_is_told() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    let _canary = net.start_canary();
    let seen = net.count_forbidden_dials();
    let gate = net.start_gate(20);
    // Rounds are 20 ms apart while they fail, so eight of them are the 150 ms for which
    // kube-router leaves a new pod open.
    net.wait_for(|| seen() >= 8);
    net.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    let evidence = passed(gate.wait());
    assert!(evidence.open_window_ms >= 100, "{}", evidence.summary());
    assert!(evidence.attempts > evidence.rounds);
    eprintln!("late: {} ms: {}", evidence.elapsed_ms, evidence.summary());
}

#[test]
fn egress_alone_fails_naming_ingress() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    net.police(Version::V4, &[EGRESS], Target::Reject);
    let _canary = net.start_canary();
    let error = refused(net.run_gate(1));
    assert!(error.contains("ingress to Postgres at"), "{error}");
    assert!(!error.contains("egress"), "{error}");
}

#[test]
fn ingress_alone_fails_naming_egress() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    net.police(Version::V4, &[INGRESS], Target::Drop);
    let _canary = net.start_canary();
    let error = refused(net.run_gate(1));
    assert!(error.contains("egress to the forbidden port"), "{error}");
    assert!(!error.contains("ingress"), "{error}");
}

#[test]
fn open_link_local_fails_naming_the_address() {
    let Some(net) = Net::new(Family::LinkLocal) else {
        return;
    };
    net.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    let _canary = net.start_canary();
    let error = refused(net.run_gate(4));
    assert!(error.contains("egress to the forbidden port of fe80::"));
    assert!(error.contains("ingress from fe80::"), "{error}");
    assert!(!error.contains(net::CANARY), "{error}");
}

#[test]
fn link_local_open_inwards_only_is_seen_by_the_gate_itself() {
    let Some(net) = Net::new(Family::LinkLocal) else {
        return;
    };
    net.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    net.block(Version::V6, EGRESS, 7432, Target::Drop);
    let _canary = net.start_canary();
    let error = refused(net.run_gate(4));
    assert!(error.contains("ingress from fe80::"), "{error}");
    assert!(!error.contains("egress to"), "{error}");
}

#[test]
fn policed_link_local_passes_once_its_addresses_are_usable() {
    let Some(net) = Net::new(Family::LinkLocal) else {
        return;
    };
    net.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    net.police(Version::V6, &[EGRESS, INGRESS], Target::Drop);
    let _canary = net.start_canary();
    let evidence = passed(net.run_gate(20));
    let summary = evidence.summary();
    assert!(summary.contains("IPv4, IPv6 link-local"), "{summary}");
    eprintln!("link-local: {} ms: {summary}", evidence.elapsed_ms);
}

#[test]
fn two_policed_stacks_pass_over_both() {
    let Some(net) = Net::new(Family::Dual) else {
        return;
    };
    net.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    net.police(Version::V6, &[EGRESS, INGRESS], Target::Reject);
    let _canary = net.start_canary();
    let evidence = passed(net.run_gate(20));
    let summary = evidence.summary();
    assert!(summary.contains("IPv4, IPv6, IPv6 link-local"), "{summary}");
    assert_eq!(evidence.ingress.control.len(), 2);
    eprintln!("two stacks: {} ms: {summary}", evidence.elapsed_ms);
}

#[test]
fn an_open_second_stack_fails() {
    let Some(net) = Net::new(Family::Dual) else {
        return;
    };
    net.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    let _canary = net.start_canary();
    let error = refused(net.run_gate(4));
    assert!(error.contains("forbidden port of fd00:99::2"), "{error}");
    assert!(error.contains("Postgres at fd00:99::1"), "{error}");
}

#[test]
fn a_second_stack_the_canary_lacks_fails() {
    let Some(net) = Net::new(Family::DualGateOnly) else {
        return;
    };
    net.police(Version::V4, &[EGRESS, INGRESS], Target::Reject);
    net.police(Version::V6, &[EGRESS, INGRESS], Target::Reject);
    let _canary = net.start_canary();
    let error = refused(net.run_gate(4));
    assert!(error.contains("IPv6 cannot be verified"), "{error}");
}

#[test]
fn the_canary_tells_a_stranger_nothing_of_others() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    let _canary = net.start_canary();
    // Somebody else's address, the canary's own and one with a port: none is dialled.
    let asked = r#"{"version":1,"addresses":["10.99.0.2","10.99.0.3","127.0.0.1"]}"#;
    let answer = net.ask_canary(asked);
    assert_eq!(answer["peer"], net::GATE);
    assert_eq!(answer["forbidden"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["forbidden"][0]["address"], net::GATE);
    assert_eq!(answer["blind"].as_array().map(Vec::len), Some(0));
    for bad in [
        r#"{"version":1,"addresses":[],"forbiddenPort":22}"#,
        r#"{"version":2,"addresses":[]}"#,
        "not JSON",
    ] {
        assert!(net.ask_canary(bad)["error"].is_string(), "{bad}");
    }
}

#[test]
fn the_canary_stops_when_told() {
    let Some(net) = Net::new(Family::V4) else {
        return;
    };
    let ended = net.start_canary().terminate();
    assert!(ended.status.success(), "{}", ended.status);
    assert!(ended.took.as_millis() < 1000, "{:?}", ended.took);
}
