//! Isolation proven by packets, in both directions, before anything of a tenant runs.
//!
//! Three parties: the [`canary`] is the operator's own pod, the [`gate`] is the first container
//! of every endpoint's pod, and [`ingress`] is the operator's own dial of an endpoint.
//! The gate proves two things at once: what the policy forbids fails, and what it admits
//! works, so that a dead canary cannot be mistaken for an enforced policy. Then it gives the
//! [`pass`] that the server beside it waits for.
//!
//! Everything here may open ordinary TCP connections, read what the kernel says of its own
//! interfaces and write the files of the pass. It may not talk to Kubernetes, use raw sockets or need a capability, and
//! [`judge()`] may do no I/O at all.

use std::time::Duration;

pub mod address;
pub mod canary;
pub mod dial;
pub mod evidence;
pub mod gate;
pub mod ingress;
pub mod judge;
pub mod network;
pub mod pass;
pub mod protocol;
pub mod round;

pub use evidence::Evidence;
pub use gate::{Admission, GateConfig, GateError};
pub use judge::{Refusal, judge};
pub use pass::PassFolder;
pub use round::Round;

/// The canary's port that every endpoint's egress policy admits.
pub const CANARY_CONTROL_PORT: u16 = 7431;
/// The canary's port that no egress policy admits.
pub const CANARY_FORBIDDEN_PORT: u16 = 7432;
/// The gate's port on which the endpoint's ingress policy admits the canary.
pub const GATE_CONTROL_PORT: u16 = 7433;
/// The port of Postgres, to which the ingress policy does not admit the canary.
pub const POSTGRES_PORT: u16 = 5432;

/// How long a dial may take before it counts as timed out.
///
/// Below the kernel's first SYN retransmission (1 s), so one dial is one packet; lost
/// packets are covered by demanding several rounds in a row.
pub const DIAL_TIMEOUT: Duration = Duration::from_millis(200);
