//! The operator's own dial of a running endpoint's pod.
//!
//! The gate saw its own listener; this sees Postgres itself, from where the policy must not
//! admit anyone. It opens connections and closes them; it speaks no Postgres.

use std::net::{IpAddr, SocketAddr};

use super::dial::{Outcome, dial};

/// What the operator's dials of one address showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IngressOutcome {
    /// A dial connected: the perimeter is open.
    Open {
        /// What each dial showed, up to the one that connected.
        attempts: Vec<Outcome>,
    },
    /// Every dial was denied.
    Denied {
        /// What each dial showed.
        attempts: Vec<Outcome>,
    },
    /// No dial, or one that could not be made: nothing is shown, so nothing may be exposed.
    Inconclusive {
        /// What each dial showed.
        attempts: Vec<Outcome>,
    },
}

impl IngressOutcome {
    /// Whether the perimeter was seen closed.
    #[must_use]
    pub const fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }

    fn of(attempts: Vec<Outcome>) -> Self {
        if attempts.contains(&Outcome::Reached) {
            Self::Open { attempts }
        } else if !attempts.is_empty() && attempts.iter().all(|outcome| outcome.is_denied()) {
            Self::Denied { attempts }
        } else {
            Self::Inconclusive { attempts }
        }
    }
}

/// Dials `address` up to `attempts` times, one after another, and stops when one connects.
pub async fn probe(address: IpAddr, port: u16, attempts: u32) -> IngressOutcome {
    let mut outcomes = Vec::new();
    for _ in 0..attempts {
        let outcome = dial(SocketAddr::new(address, port)).await;
        outcomes.push(outcome);
        if outcome == Outcome::Reached {
            break;
        }
    }
    IngressOutcome::of(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_open_port_is_found_at_the_first_dial() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap();
        let open = probe(target.ip(), target.port(), 3).await;
        assert_eq!(
            open,
            IngressOutcome::Open {
                attempts: vec![Outcome::Reached]
            }
        );
        drop(listener);
        assert!(probe(target.ip(), target.port(), 3).await.is_denied());
    }

    #[tokio::test]
    async fn no_dial_shows_nothing() {
        let none = probe(IpAddr::from([127, 0, 0, 1]), 1, 0).await;
        assert!(!none.is_denied());
        let mixed = IngressOutcome::of(vec![Outcome::Refused, Outcome::Failed]);
        assert!(matches!(mixed, IngressOutcome::Inconclusive { .. }));
    }
}
