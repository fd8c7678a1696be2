//! Everything one round of the gate saw, as data.
//!
//! Holds observations only; what they mean is decided in [`super::judge()`].

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::address::Family;
use super::dial::{Dial, Outcome};

/// One round: what left the pod, what entered it, and over which addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    /// The pod's own addresses.
    pub own: Vec<IpAddr>,
    /// The pod's own addresses that are not usable yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tentative: Vec<Ipv6Addr>,
    /// The addresses of the canary on which its forbidden port is known to listen.
    pub canary: Vec<IpAddr>,
    /// What left the pod.
    pub egress: Egress,
    /// What entered the pod.
    pub ingress: Ingress,
}

impl Round {
    /// The families the pod has an address of.
    #[must_use]
    pub fn families(&self) -> BTreeSet<Family> {
        self.own.iter().copied().filter_map(Family::of).collect()
    }

    /// Whether anything connected that the policy forbids.
    #[must_use]
    pub fn saw_open(&self) -> bool {
        let reached = |dial: &Dial| dial.outcome == Outcome::Reached;
        self.egress.forbidden.iter().any(reached)
            || self.ingress.forbidden.iter().any(reached)
            || !self.ingress.accepted.is_empty()
    }
}

/// Dials of the canary by the gate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Egress {
    /// The canary's control port, per address asked.
    pub control: Vec<ControlDial>,
    /// The canary's forbidden port, per address dialled.
    pub forbidden: Vec<Dial>,
}

/// One exchange with the canary's control port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlDial {
    /// The address asked.
    pub address: IpAddr,
    /// Why there was no answer; `None` when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Dials of the gate by the canary, and what the gate's own listener saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ingress {
    /// The gate's control port, as the canary found it.
    pub control: Vec<Dial>,
    /// The Postgres port, as the canary found it.
    pub forbidden: Vec<Dial>,
    /// Own link-local addresses whose Postgres port the canary dialled without report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blind: Vec<IpAddr>,
    /// Connections that reached the Postgres port though the policy admits none of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Accepted>,
}

/// A connection that reached the gate's Postgres port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// Who dialled.
    pub from: IpAddr,
    /// The pod's address that was dialled.
    pub to: IpAddr,
}
