//! What a passed gate leaves behind, and how the operator reads it.
//!
//! The gate writes it to its termination message; the operator trusts a message only as far
//! as it shows denials, so an empty or open one is an error here too.

use std::collections::BTreeSet;
use std::error::Error as _;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::address::Family;
use super::dial::Dial;
use super::gate::GateError;
use super::round::{Egress, Ingress, Round};

/// Kubernetes keeps this much of a termination message.
pub const MAX_TERMINATION_MESSAGE: usize = 4096;

/// Isolation as the gate observed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Good rounds in a row.
    pub rounds: u32,
    /// Rounds made in all.
    pub attempts: u32,
    /// From the first dial to the last, in milliseconds.
    pub elapsed_ms: u64,
    /// How long the perimeter was seen open before, in milliseconds.
    pub open_window_ms: u64,
    /// The canary's forbidden port.
    pub forbidden_port: u16,
    /// The Postgres port.
    pub postgres_port: u16,
    /// The families isolation was observed over.
    pub families: BTreeSet<Family>,
    /// What left the pod in the last round.
    pub egress: Egress,
    /// What entered the pod in the last round.
    pub ingress: Ingress,
}

/// Why a termination message is no evidence.
#[derive(Debug, Error)]
pub enum EvidenceError {
    /// The gate did not pass.
    #[error("the gate did not pass: {0}")]
    Refused(String),
    /// The message is not one of the gate's.
    #[error("failed to read the message of the gate")]
    Malformed(#[from] serde_json::Error),
    /// The message claims success without showing it.
    #[error("the message of the gate shows no isolation")]
    Vacuous,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Refused { error: String },
    Passed(Box<Evidence>),
}

#[derive(Serialize)]
struct Failure<'a> {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<&'a Round>,
}

impl Evidence {
    /// Reads what [`termination_message`] wrote.
    ///
    /// # Errors
    /// When the gate failed, or the message does not show denials.
    pub fn from_termination_message(message: &str) -> Result<Self, EvidenceError> {
        match serde_json::from_str(message)? {
            Message::Refused { error } => Err(EvidenceError::Refused(error)),
            Message::Passed(evidence) if evidence.shows_isolation() => Ok(*evidence),
            Message::Passed(_) => Err(EvidenceError::Vacuous),
        }
    }

    fn shows_isolation(&self) -> bool {
        let denied =
            |dials: &[Dial]| !dials.is_empty() && dials.iter().all(|dial| dial.outcome.is_denied());
        self.rounds > 0
            && !self.families.is_empty()
            && denied(&self.egress.forbidden)
            && denied(&self.ingress.forbidden)
            && self.ingress.accepted.is_empty()
    }

    /// One line for a condition, an event or a person.
    #[must_use]
    pub fn summary(&self) -> String {
        let egress: Vec<_> = self
            .egress
            .forbidden
            .iter()
            .map(|dial| {
                let target = std::net::SocketAddr::new(dial.address, self.forbidden_port);
                format!("{target} {}", dial.outcome.word())
            })
            .collect();
        let ingress: BTreeSet<_> = self
            .ingress
            .forbidden
            .iter()
            .map(|dial| dial.outcome.word())
            .collect();
        let families: Vec<_> = self.families.iter().map(ToString::to_string).collect();
        format!(
            "egress to {}, ingress to port {} {}, control ports answered, \
             {} rounds in a row over {}; open for {} ms before",
            egress.join(" and "),
            self.postgres_port,
            ingress.into_iter().collect::<Vec<_>>().join(" and "),
            self.rounds,
            families.join(", "),
            self.open_window_ms,
        )
    }
}

/// What the gate leaves in its termination log: the evidence, or the error and the last round.
#[must_use]
pub fn termination_message(result: &Result<Evidence, GateError>) -> String {
    let message = match result {
        Ok(evidence) => serde_json::to_string(evidence),
        Err(error) => failure(error, error.last_round()),
    };
    match message {
        Ok(message) if message.len() <= MAX_TERMINATION_MESSAGE => message,
        // Too long: the sentence alone, cut, is worth more than half a document.
        _ => shortened(result),
    }
}

fn failure(error: &GateError, round: Option<&Round>) -> serde_json::Result<String> {
    serde_json::to_string(&Failure {
        error: sentence(error),
        round,
    })
}

/// The error with its causes; the log is all the operator gets to see.
fn sentence(error: &GateError) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        said = format!("{said}: {inner}");
        cause = inner.source();
    }
    said
}

fn shortened(result: &Result<Evidence, GateError>) -> String {
    let sentence = match result {
        Ok(_) => "the evidence is too long to report".to_owned(),
        Err(error) => sentence(error),
    };
    // Escaping at worst makes six bytes of one.
    let error = sentence.chars().take(512).collect();
    serde_json::to_string(&Failure { error, round: None }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::dial::Outcome;
    use crate::probe::judge::Refusal;
    use crate::probe::round::ControlDial;

    fn dial(address: &str, outcome: Outcome) -> Dial {
        Dial {
            address: address.parse().unwrap(),
            outcome,
        }
    }

    fn evidence() -> Evidence {
        Evidence {
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
        }
    }

    #[test]
    fn the_summary_is_one_sentence() {
        assert_eq!(
            evidence().summary(),
            "egress to 10.244.0.5:7432 refused, ingress to port 5432 refused, control ports \
             answered, 3 rounds in a row over IPv4; open for 84 ms before"
        );
    }

    #[test]
    fn evidence_survives_the_termination_log() {
        let message = termination_message(&Ok(evidence()));
        let read = Evidence::from_termination_message(&message).unwrap();
        assert_eq!(read, evidence());
        assert!(message.contains(r#""openWindowMs":84"#), "{message}");
    }

    #[test]
    fn a_message_that_shows_nothing_is_no_evidence() {
        for change in [
            (|e| e.rounds = 0) as fn(&mut Evidence),
            |e| e.families.clear(),
            |e| e.egress.forbidden.clear(),
            |e| e.ingress.forbidden.clear(),
            |e| e.egress.forbidden[0].outcome = Outcome::Reached,
            |e| e.ingress.forbidden[0].outcome = Outcome::Failed,
        ] {
            let mut evidence = evidence();
            change(&mut evidence);
            let message = termination_message(&Ok(evidence));
            let read = Evidence::from_termination_message(&message);
            assert!(matches!(read, Err(EvidenceError::Vacuous)), "{message}");
        }
        for text in ["", "{}", "null", "[]", "passed", r#"{"rounds":3}"#] {
            let read = Evidence::from_termination_message(text);
            assert!(matches!(read, Err(EvidenceError::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn a_failure_tells_its_cause() {
        let message = termination_message(&Err(GateError::Listen {
            port: 5432,
            source: std::io::ErrorKind::AddrInUse.into(),
        }));
        assert!(message.contains("port 5432: address in use"), "{message}");
    }

    #[test]
    fn a_failure_fits_into_the_log_and_keeps_its_reason() {
        let accepted = crate::probe::round::Accepted {
            from: "2001:db8:1111:2222:3333:4444:5555:6666".parse().unwrap(),
            to: "2001:db8:1111:2222:3333:4444:5555:7777".parse().unwrap(),
        };
        let mut round = Round::default();
        round.ingress.accepted = vec![accepted; 100];
        let message = termination_message(&Err(GateError::Unproven {
            refusal: Refusal::Unanswered {
                family: Family::Ipv4,
                reason: "\u{1}".repeat(6000),
            },
            round: Box::new(round),
            attempts: 9,
            elapsed_ms: 20_000,
            open_window_ms: 0,
        }));
        assert!(message.len() <= MAX_TERMINATION_MESSAGE);
        let read = Evidence::from_termination_message(&message);
        assert!(matches!(read, Err(EvidenceError::Refused(_))));
    }
}
