//! Every way a round can fail to prove isolation.

use proptest::prelude::*;

use super::*;
use crate::probe::round::{ControlDial, Egress, Ingress};

const OWN: &str = "10.244.0.7";
const CANARY: &str = "10.244.0.5";
const SERVICE: &str = "10.96.0.5";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn dial(address: &str, outcome: Outcome) -> Dial {
    Dial {
        address: ip(address),
        outcome,
    }
}

/// A round over IPv4 that proves isolation.
fn good() -> Round {
    Round {
        own: vec![ip(OWN)],
        tentative: Vec::new(),
        canary: vec![ip(CANARY)],
        egress: Egress {
            control: vec![ControlDial {
                address: ip(SERVICE),
                error: None,
            }],
            forbidden: vec![
                dial(SERVICE, Outcome::Refused),
                dial(CANARY, Outcome::TimedOut),
            ],
        },
        ingress: Ingress {
            control: vec![dial(OWN, Outcome::Reached)],
            forbidden: vec![dial(OWN, Outcome::Unreachable)],
            ..Ingress::default()
        },
    }
}

/// The same with link-local addresses on both sides.
fn good_with_link_local() -> Round {
    let mut round = good();
    round.own.push(ip("fe80::7"));
    round.canary.push(ip("fe80::5"));
    let denied = dial("fe80::5", Outcome::TimedOut);
    round.egress.forbidden.push(denied);
    round.ingress.blind.push(ip("fe80::7"));
    round
}

fn refusal(change: impl FnOnce(&mut Round)) -> String {
    let mut round = good();
    change(&mut round);
    judge(&round).unwrap_err().to_string()
}

#[test]
fn a_complete_round_passes() {
    judge(&good()).unwrap();
    judge(&good_with_link_local()).unwrap();
}

#[test]
fn an_empty_round_fails() {
    assert_eq!(judge(&Round::default()), Err(Refusal::NoAddress));
}

#[test]
fn whatever_connected_is_named() {
    let message = refusal(|round| {
        round.egress.forbidden[1].outcome = Outcome::Reached;
        round.ingress.forbidden[0].outcome = Outcome::Reached;
        round.ingress.accepted.push(Accepted {
            from: ip("10.244.0.9"),
            to: ip(OWN),
        });
    });
    for part in [
        "egress to the forbidden port of 10.244.0.5",
        "ingress to Postgres at 10.244.0.7",
        "ingress from 10.244.0.9",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn an_accepted_connection_fails_whatever_the_canary_says() {
    let message = refusal(|round| {
        round.ingress.accepted.push(Accepted {
            from: ip("fe80::5"),
            to: ip("fe80::7"),
        });
    });
    assert!(message.contains("fe80::5"), "{message}");
}

#[test]
fn a_dead_canary_fails() {
    let message = refusal(|round| {
        round.egress.control[0].error = Some("timed out".to_owned());
        round.canary.clear();
        round.ingress = Ingress::default();
    });
    assert!(message.contains("did not answer over IPv4: timed out"));
    let message = refusal(|round| round.egress.control.clear());
    assert!(message.contains("it was not asked"), "{message}");
}

#[test]
fn a_control_port_that_is_not_admitted_fails() {
    let message = refusal(|round| round.ingress.control[0].outcome = Outcome::TimedOut);
    assert!(message.contains("could not reach the control port"));
}

#[test]
fn a_translated_source_fails() {
    let message = refusal(|round| {
        round.ingress.control[0].address = ip("172.18.0.2");
        round.ingress.forbidden[0].address = ip("172.18.0.2");
    });
    assert!(message.contains("172.18.0.2"), "{message}");
}

#[test]
fn a_missing_or_failed_dial_fails() {
    assert!(refusal(|r| r.egress.forbidden.clear()).contains("egress at 10.244.0.5"));
    assert!(refusal(|r| r.ingress.forbidden.clear()).contains("ingress at 10.244.0.7"));
    assert!(refusal(|r| r.ingress.control.clear()).contains("IPv4 cannot be verified"));
    let failed = |r: &mut Round| r.egress.forbidden[0].outcome = Outcome::Failed;
    assert!(refusal(failed).contains("egress at 10.96.0.5"));
}

#[test]
fn a_canary_without_addresses_fails() {
    assert!(refusal(|r| r.canary.clear()).contains("IPv4 cannot be verified"));
}

#[test]
fn a_family_the_canary_lacks_fails() {
    for address in ["2001:db8::7", "fd00::7"] {
        let message = refusal(|round| round.own.push(ip(address)));
        assert!(message.contains("IPv6 cannot be verified"), "{message}");
    }
    let message = refusal(|round| round.own.push(ip("fe80::7")));
    assert!(message.contains("IPv6 link-local cannot"), "{message}");
}

#[test]
fn a_tentative_address_fails() {
    let message = refusal(|round| round.tentative.push("fe80::7".parse().unwrap()));
    assert!(message.contains("fe80::7 is not usable yet"), "{message}");
}

#[test]
fn a_link_local_address_the_canary_did_not_dial_fails() {
    let mut round = good_with_link_local();
    round.ingress.blind.clear();
    let message = judge(&round).unwrap_err().to_string();
    assert!(message.contains("ingress at fe80::7"), "{message}");
}

#[test]
fn only_link_local_is_not_enough() {
    let mut round = good_with_link_local();
    round.own.remove(0);
    assert_eq!(judge(&round), Err(Refusal::NoAddress));
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Reached),
        Just(Outcome::Refused),
        Just(Outcome::TimedOut),
        Just(Outcome::Unreachable),
        Just(Outcome::Failed),
    ]
}

proptest! {
    /// Over all outcomes of all dials, only "control reached, everything else denied" passes.
    #[test]
    fn nothing_but_denials_passes(
        egress in prop::collection::vec(any_outcome(), 3),
        ingress in any_outcome(),
        control in any_outcome(),
        accepted in any::<bool>(),
    ) {
        let mut round = good_with_link_local();
        for (dial, outcome) in round.egress.forbidden.iter_mut().zip(&egress) {
            dial.outcome = *outcome;
        }
        round.ingress.forbidden[0].outcome = ingress;
        round.ingress.control[0].outcome = control;
        if accepted {
            round.ingress.accepted.push(Accepted { from: ip(CANARY), to: ip(OWN) });
        }
        let denied = egress.iter().all(|o| o.is_denied()) && ingress.is_denied();
        let good = denied && control == Outcome::Reached && !accepted;
        prop_assert_eq!(judge(&round).is_ok(), good);
    }

    /// Taking any one observation out of a good round makes it fail.
    #[test]
    fn every_observation_is_needed(which in 0..5_usize) {
        let mut round = good_with_link_local();
        match which {
            0 => round.egress.control.clear(),
            1 => drop(round.egress.forbidden.remove(1)),
            2 => drop(round.egress.forbidden.remove(2)),
            3 => round.ingress.control.clear(),
            _ => round.ingress.forbidden.clear(),
        }
        prop_assert!(judge(&round).is_err());
    }
}
