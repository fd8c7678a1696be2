//! Whether one round proves isolation.
//!
//! A pure decision. Whatever a round does not show counts against it, so an empty round,
//! an unknown address and a dial that could not be made are all refusals.

use std::net::{IpAddr, Ipv6Addr};

use thiserror::Error;

use super::address::Family;
use super::dial::{Dial, Outcome};
use super::round::{Accepted, Round};

/// Why a round proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Something connected that the policy must forbid.
    #[error("the perimeter is open: {}", describe_open(.egress, .ingress, .accepted))]
    Open {
        /// Canary addresses whose forbidden port was reached.
        egress: Vec<IpAddr>,
        /// Own addresses whose Postgres port the canary reached.
        ingress: Vec<IpAddr>,
        /// Connections the gate's own listener saw.
        accepted: Vec<Accepted>,
    },
    /// An address may become usable after the proof.
    #[error("address {0} is not usable yet, so nothing can be said of it")]
    Tentative(Ipv6Addr),
    /// The pod has no address to prove anything over.
    #[error("the pod has no address")]
    NoAddress,
    /// The canary was not heard over a family.
    #[error("the control port of the canary did not answer over {family}: {reason}")]
    Unanswered {
        /// The family.
        family: Family,
        /// What happened instead.
        reason: String,
    },
    /// The canary saw another machine's address.
    #[error("the canary dialled {0}, which is not an address of this pod")]
    Translated(IpAddr),
    /// The dial that the ingress policy admits did not arrive.
    #[error("the canary could not reach the control port at {}: {}", .0.address, .0.outcome.word())]
    ControlDenied(Dial),
    /// A family of this pod has no counterpart at the canary.
    #[error("{0} cannot be verified: this pod has an address of it, the canary has none")]
    Unverifiable(Family),
    /// A dial that must be denied was not made.
    #[error("{direction} at {address} was not dialled")]
    Undialled {
        /// Which way.
        direction: &'static str,
        /// The address left out.
        address: IpAddr,
    },
}

fn describe_open(egress: &[IpAddr], ingress: &[IpAddr], accepted: &[Accepted]) -> String {
    let mut parts = Vec::new();
    for address in egress {
        parts.push(format!(
            "egress to the forbidden port of {address} connected"
        ));
    }
    for address in ingress {
        parts.push(format!("ingress to Postgres at {address} connected"));
    }
    for Accepted { from, to } in accepted {
        parts.push(format!("ingress from {from} to Postgres at {to} connected"));
    }
    parts.join(", ")
}

/// Decides whether a round shows everything forbidden denied and everything admitted working.
///
/// # Errors
/// The first reason why it does not; whatever connected goes first.
pub fn judge(round: &Round) -> Result<(), Refusal> {
    nothing_open(round)?;
    if let Some(address) = round.tentative.first() {
        return Err(Refusal::Tentative(*address));
    }
    let families = round.families();
    if !families.iter().any(|family| family.is_routed()) {
        return Err(Refusal::NoAddress);
    }
    for family in families {
        if family.is_routed() {
            control_answered(round, family)?;
        }
        egress_denied(round, family)?;
        if family.is_routed() {
            ingress_denied(round, family)?;
        } else {
            every_own_address_dialled(round, family)?;
        }
    }
    // An egress dial outside the pod's families is evidence too when it could not be made.
    all_denied("egress", &round.egress.forbidden)?;
    all_denied("ingress", &round.ingress.forbidden)
}

fn nothing_open(round: &Round) -> Result<(), Refusal> {
    if !round.saw_open() {
        return Ok(());
    }
    let reached = |dials: &[Dial]| {
        dials
            .iter()
            .filter(|dial| dial.outcome == Outcome::Reached)
            .map(|dial| dial.address)
            .collect()
    };
    Err(Refusal::Open {
        egress: reached(&round.egress.forbidden),
        ingress: reached(&round.ingress.forbidden),
        accepted: round.ingress.accepted.clone(),
    })
}

fn control_answered(round: &Round, family: Family) -> Result<(), Refusal> {
    let mut reason = None;
    for control in &round.egress.control {
        if Family::of(control.address) == Some(family) {
            match &control.error {
                None => return Ok(()),
                Some(error) => reason = Some(error.clone()),
            }
        }
    }
    // Without an answer over any family the canary's addresses are unknown, and that is
    // the thing to say, not that one family is missing.
    let answered = round.egress.control.iter().any(|dial| dial.error.is_none());
    match reason {
        Some(reason) => Err(Refusal::Unanswered { family, reason }),
        None if answered => Err(Refusal::Unverifiable(family)),
        None => Err(Refusal::Unanswered {
            family,
            reason: first_control_error(round),
        }),
    }
}

fn first_control_error(round: &Round) -> String {
    let mut errors = round.egress.control.iter().filter_map(|c| c.error.clone());
    errors
        .next()
        .unwrap_or_else(|| "it was not asked".to_owned())
}

fn egress_denied(round: &Round, family: Family) -> Result<(), Refusal> {
    let mut known = round
        .canary
        .iter()
        .filter(|address| Family::of(**address) == Some(family))
        .peekable();
    if known.peek().is_none() {
        return Err(Refusal::Unverifiable(family));
    }
    for address in known {
        let dialled = |dial: &Dial| dial.address == *address && dial.outcome.is_denied();
        if !round.egress.forbidden.iter().any(dialled) {
            return Err(undialled("egress", *address));
        }
    }
    Ok(())
}

fn ingress_denied(round: &Round, family: Family) -> Result<(), Refusal> {
    let mut seen = false;
    for control in &round.ingress.control {
        if Family::of(control.address) != Some(family) {
            continue;
        }
        seen = true;
        if !round.own.contains(&control.address) {
            return Err(Refusal::Translated(control.address));
        }
        if control.outcome != Outcome::Reached {
            return Err(Refusal::ControlDenied(*control));
        }
        let denied = |dial: &Dial| dial.address == control.address && dial.outcome.is_denied();
        if !round.ingress.forbidden.iter().any(denied) {
            return Err(undialled("ingress", control.address));
        }
    }
    if seen {
        Ok(())
    } else {
        // The canary answered, but saw this pod under another family (a translation).
        Err(Refusal::Unverifiable(family))
    }
}

fn every_own_address_dialled(round: &Round, family: Family) -> Result<(), Refusal> {
    let mut own = round.own.iter();
    match own.find(|a| Family::of(**a) == Some(family) && !round.ingress.blind.contains(a)) {
        Some(address) => Err(undialled("ingress", *address)),
        None => Ok(()),
    }
}

fn all_denied(direction: &'static str, dials: &[Dial]) -> Result<(), Refusal> {
    if dials.is_empty() {
        return Err(Refusal::NoAddress);
    }
    match dials.iter().find(|dial| !dial.outcome.is_denied()) {
        Some(dial) => Err(undialled(direction, dial.address)),
        None => Ok(()),
    }
}

const fn undialled(direction: &'static str, address: IpAddr) -> Refusal {
    Refusal::Undialled { direction, address }
}

#[cfg(test)]
mod tests;
