//! The gate: the container that lets its pod's server start only when isolation has been observed.
//!
//! Nothing of the tenant's runs until it has passed; its own listener on the Postgres port is
//! the probe's target, closes what arrives and reads nothing. It makes rounds, leaves the
//! decision on each to [`judge()`], and passes after enough good ones in a row.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use ipnet::IpNet;
use serde::Deserialize;
use thiserror::Error;

use super::address::{Family, OwnAddresses};
use super::dial::listen;
use super::evidence::Evidence;
use super::judge::{Refusal, judge};
use super::round::{Accepted, Round};
use super::{CANARY_CONTROL_PORT, CANARY_FORBIDDEN_PORT, GATE_CONTROL_PORT, POSTGRES_PORT};

mod observe;

/// Stray connections reported per round; one is enough to fail it.
const MAX_ACCEPTED: usize = 8;

/// What a gate needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateConfig {
    /// The canary: its Service address or its pod's.
    pub canary: IpAddr,
    /// The canary's port that must answer.
    pub control_port: u16,
    /// The canary's port that must not.
    pub forbidden_port: u16,
    /// The own port on which the canary must arrive.
    pub gate_control_port: u16,
    /// The own port on which it must not.
    pub postgres_port: u16,
    /// Good rounds in a row needed to pass; zero counts as one.
    pub rounds: u32,
    /// When to give up.
    pub deadline: Duration,
    /// How long to wait after a bad round.
    pub pause: Duration,
    /// Who may dial the Postgres port without disproving the policy.
    pub admitted: Admission,
}

impl GateConfig {
    /// A gate with the usual ports and patience.
    #[must_use]
    pub fn new(canary: IpAddr) -> Self {
        Self {
            canary,
            control_port: CANARY_CONTROL_PORT,
            forbidden_port: CANARY_FORBIDDEN_PORT,
            gate_control_port: GATE_CONTROL_PORT,
            postgres_port: POSTGRES_PORT,
            rounds: 3,
            deadline: Duration::from_secs(20),
            pause: Duration::from_millis(20),
            admitted: Admission::default(),
        }
    }
}

/// Sources that the ingress policy admits to Postgres, as in its `ipBlock`s.
///
/// Empty is the strict default. A woken endpoint may have clients that are already dialling;
/// without this their connections would keep the gate from ever passing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admission {
    /// Admitted ranges.
    pub from: Vec<IpNet>,
    /// Ranges taken out of them.
    pub except: Vec<IpNet>,
}

impl Admission {
    fn admits(&self, source: IpAddr) -> bool {
        let within = |ranges: &[IpNet]| ranges.iter().any(|range| range.contains(&source));
        within(&self.from) && !within(&self.except)
    }
}

/// Why a gate did not pass.
#[derive(Debug, Error)]
pub enum GateError {
    /// A port is taken.
    #[error("failed to listen on port {port}")]
    Listen {
        /// The port.
        port: u16,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The own addresses are unknown, so nothing can be verified.
    #[error("failed to list the addresses of this pod")]
    Addresses(#[source] io::Error),
    /// The deadline came first.
    #[error("isolation was not observed within {elapsed_ms} ms and {attempts} rounds: {refusal}")]
    Unproven {
        /// Why the last bad round proved nothing.
        refusal: Refusal,
        /// That round.
        round: Box<Round>,
        /// Rounds made.
        attempts: u32,
        /// Time spent, in milliseconds.
        elapsed_ms: u64,
        /// How long the perimeter was seen open, in milliseconds.
        open_window_ms: u64,
    },
    /// The deadline left no time for a single round.
    #[error("the deadline left no time for a round")]
    NoTime,
    /// The own network cannot be told from another.
    #[error("failed to read which network this pod is in")]
    Network(#[source] io::Error),
    /// What was proved is not where the server would run.
    #[error("the network of this pod has changed during the proof")]
    Changed,
    /// The pass could not be written, or an earlier one not be taken back.
    #[error("failed to write the pass")]
    Pass(#[source] io::Error),
}

impl GateError {
    /// The last bad round, if there was one.
    #[must_use]
    pub fn last_round(&self) -> Option<&Round> {
        match self {
            Self::Unproven { round, .. } => Some(round),
            Self::Listen { .. }
            | Self::Addresses(_)
            | Self::NoTime
            | Self::Network(_)
            | Self::Changed
            | Self::Pass(_) => None,
        }
    }
}

/// The gate's own listeners; nothing they accept is read.
struct Listeners {
    control: TcpListener,
    postgres: TcpListener,
}

impl Listeners {
    fn open(config: &GateConfig) -> Result<Self, GateError> {
        let open = |port| listen(port).map_err(|source| GateError::Listen { port, source });
        Ok(Self {
            control: open(config.gate_control_port)?,
            postgres: open(config.postgres_port)?,
        })
    }

    /// Closes whatever arrived and returns who reached the Postgres port.
    ///
    /// The kernel completes connections without the gate, so draining once a round misses
    /// none of them, and there is no task whose progress would have to be waited for.
    fn drain(&self) -> Vec<Accepted> {
        while self.control.accept().is_ok() {}
        let mut accepted = Vec::new();
        while let Ok((connection, from)) = self.postgres.accept() {
            if let Ok(to) = connection.local_addr() {
                accepted.push(Accepted {
                    from: from.ip().to_canonical(),
                    to: to.ip().to_canonical(),
                });
            }
        }
        accepted
    }
}

/// Rounds made so far and what they add up to.
struct Tally {
    started: Instant,
    attempts: u32,
    good: u32,
    open_window: Duration,
    last_bad: Option<(Refusal, Round)>,
}

impl Tally {
    /// Counts a round; a good one that is still too few comes back as `None`.
    fn count(&mut self, round: Round, needed: u32) -> Option<Round> {
        self.attempts += 1;
        if round.saw_open() {
            self.open_window = self.started.elapsed();
        }
        match judge(&round) {
            Ok(()) => {
                self.good += 1;
                (self.good >= needed.max(1)).then_some(round)
            }
            Err(refusal) => {
                tracing::debug!(%refusal, attempt = self.attempts, "a round proved nothing");
                self.good = 0;
                self.last_bad = Some((refusal, round));
                None
            }
        }
    }

    fn unproven(self) -> GateError {
        match self.last_bad {
            Some((refusal, round)) => GateError::Unproven {
                refusal,
                round: Box::new(round),
                attempts: self.attempts,
                elapsed_ms: millis(self.started.elapsed()),
                open_window_ms: millis(self.open_window),
            },
            None => GateError::NoTime,
        }
    }
}

/// Makes rounds until enough in a row are good, or the deadline passes.
///
/// # Errors
/// Whenever isolation was not observed, for whatever reason.
pub async fn run(config: GateConfig) -> Result<Evidence, GateError> {
    let listeners = Listeners::open(&config)?;
    let mut tally = Tally {
        started: Instant::now(),
        attempts: 0,
        good: 0,
        open_window: Duration::ZERO,
        last_bad: None,
    };
    let mut known = Vec::new();
    while tally.started.elapsed() < config.deadline {
        let own = OwnAddresses::read().map_err(GateError::Addresses)?;
        let mut round = observe::round(&config, &own, &known).await;
        known.clone_from(&round.canary);
        round.ingress.accepted = listeners.drain();
        round
            .ingress
            .accepted
            .retain(|a| counts(&config, &round.canary, a));
        round.ingress.accepted.truncate(MAX_ACCEPTED);
        let good_before = tally.good;
        if let Some(last) = tally.count(round, config.rounds) {
            return Ok(evidence(&config, &tally, last));
        }
        if tally.good <= good_before {
            tokio::time::sleep(config.pause).await;
        }
    }
    Err(tally.unproven())
}

/// Whether a connection disproves the policy: everyone's does, except where it is admitted.
fn counts(config: &GateConfig, canary: &[IpAddr], accepted: &Accepted) -> bool {
    let of_canary = canary.contains(&accepted.from) || accepted.from == config.canary;
    let link_local = Family::of(accepted.from) == Some(Family::LinkLocal);
    of_canary || link_local || !config.admitted.admits(accepted.from)
}

fn evidence(config: &GateConfig, tally: &Tally, last: Round) -> Evidence {
    Evidence {
        rounds: tally.good,
        attempts: tally.attempts,
        elapsed_ms: millis(tally.started.elapsed()),
        open_window_ms: millis(tally.open_window),
        forbidden_port: config.forbidden_port,
        postgres_port: config.postgres_port,
        families: last.families(),
        egress: last.egress,
        ingress: last.ingress,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Where the canary is asked: at its configured address, and at one of its own addresses
/// for each further routed family of this pod.
fn control_targets(config: &GateConfig, own: &OwnAddresses, canary: &[IpAddr]) -> Vec<IpAddr> {
    let first = Family::of(config.canary);
    [Family::Ipv4, Family::Ipv6]
        .into_iter()
        .filter(|family| Some(*family) != first && own.has(*family))
        .filter_map(|family| {
            let mut of_family = canary.iter().filter(|a| Family::of(**a) == Some(family));
            of_family.next().copied()
        })
        .collect()
}

fn target(address: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(address, port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn tally() -> Tally {
        Tally {
            started: Instant::now(),
            attempts: 0,
            good: 0,
            open_window: Duration::ZERO,
            last_bad: None,
        }
    }

    #[test]
    fn a_tally_without_rounds_is_no_proof() {
        assert!(matches!(tally().unproven(), GateError::NoTime));
    }

    #[test]
    fn only_admitted_sources_may_arrive() {
        let mut config = GateConfig::new(ip("10.96.0.5"));
        let from = |source| Accepted {
            from: ip(source),
            to: ip("10.244.0.7"),
        };
        assert!(counts(&config, &[], &from("203.0.113.9")));
        config.admitted.from = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
        config.admitted.except = vec!["10.0.0.0/8".parse().unwrap()];
        assert!(!counts(&config, &[], &from("203.0.113.9")));
        assert!(counts(&config, &[], &from("10.244.0.9")));
        assert!(counts(&config, &[ip("203.0.113.9")], &from("203.0.113.9")));
        assert!(counts(&config, &[], &from("fe80::9")));
    }

    #[tokio::test]
    async fn a_gate_without_a_canary_never_passes() {
        let mut config = GateConfig::new(ip("127.0.0.1"));
        // A port nobody listens on, and listeners where the kernel chooses.
        config.control_port = 1;
        config.forbidden_port = 1;
        config.gate_control_port = 0;
        config.postgres_port = 0;
        config.deadline = Duration::from_millis(50);
        let error = run(config).await.unwrap_err();
        assert!(error.last_round().is_some(), "{error}");
    }
}
