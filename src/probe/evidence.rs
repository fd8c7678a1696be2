//! What a passed gate leaves behind, and how the operator reads it.
//!
//! A gate that passes keeps its evidence beside the pass, and one that does not says why in its
//! termination message. The operator trusts evidence only as far as it shows denials, so an empty
//! or open one is an error here too.

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

/// Why a text is no evidence.
#[derive(Debug, Error)]
pub enum EvidenceError {
    /// The text is not the gate's.
    #[error("failed to read the evidence of the gate")]
    Malformed(#[from] serde_json::Error),
    /// It claims success without showing it.
    #[error("the evidence of the gate shows no isolation")]
    Vacuous,
}

/// What a gate that did not pass says.
#[derive(Serialize, Deserialize)]
struct Refused {
    error: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    round: Option<Round>,
}

impl Evidence {
    /// Reads what a gate has kept.
    ///
    /// # Errors
    /// When the text does not show denials.
    pub fn parse(text: &str) -> Result<Self, EvidenceError> {
        let evidence = serde_json::from_str::<Self>(text)?;
        if evidence.shows_isolation() {
            Ok(evidence)
        } else {
            Err(EvidenceError::Vacuous)
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

/// What a gate that did not pass leaves in its termination log: why, and the last round.
#[must_use]
pub fn termination_message(error: &GateError) -> String {
    let said = sentence(error);
    let whole = Refused {
        error: said.clone(),
        round: error.last_round().cloned(),
    };
    match serde_json::to_string(&whole) {
        Ok(message) if message.len() <= MAX_TERMINATION_MESSAGE => message,
        // Too long: the sentence alone, cut, is worth more than half a document. Escaping at
        // worst makes six bytes of one.
        _ => serde_json::to_string(&Refused {
            error: said.chars().take(512).collect(),
            round: None,
        })
        .unwrap_or_default(),
    }
}

/// Why a gate did not pass, from its termination message; `None` of one that died without a word.
#[must_use]
pub fn refusal(message: &str) -> Option<String> {
    let refused = serde_json::from_str::<Refused>(message).ok()?;
    Some(format!("the gate did not pass: {}", refused.error))
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

#[cfg(test)]
pub(super) mod tests {
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

    pub(in crate::probe) fn evidence() -> Evidence {
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
    fn evidence_survives_being_written() {
        let text = serde_json::to_string(&evidence()).unwrap();
        assert_eq!(Evidence::parse(&text).unwrap(), evidence());
        assert!(text.contains(r#""openWindowMs":84"#), "{text}");
    }

    #[test]
    fn a_text_that_shows_nothing_is_no_evidence() {
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
            let text = serde_json::to_string(&evidence).unwrap();
            let read = Evidence::parse(&text);
            assert!(matches!(read, Err(EvidenceError::Vacuous)), "{text}");
        }
        for text in ["", "{}", "null", "[]", "passed", r#"{"rounds":3}"#] {
            let read = Evidence::parse(text);
            assert!(matches!(read, Err(EvidenceError::Malformed(_))), "{text}");
            assert_eq!(refusal(text), None, "{text}");
        }
    }

    #[test]
    fn a_failure_tells_its_cause() {
        let message = termination_message(&GateError::Listen {
            port: 5432,
            source: std::io::ErrorKind::AddrInUse.into(),
        });
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
        let message = termination_message(&GateError::Unproven {
            refusal: Refusal::Unanswered {
                family: Family::Ipv4,
                reason: "\u{1}".repeat(6000),
            },
            round: Box::new(round),
            attempts: 9,
            elapsed_ms: 20_000,
            open_window_ms: 0,
        });
        assert!(message.len() <= MAX_TERMINATION_MESSAGE);
        assert!(
            refusal(&message)
                .unwrap()
                .contains("isolation was not observed")
        );
        assert!(Evidence::parse(&message).is_err());
    }
}
