//! Projects, endpoints, keys, manifests and events over HTTP, against a real API server. No operator
//! works here: a test writes what one would, and so decides when.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test they help"
)]

mod api_keys;
pub(crate) mod app;
mod endpoints;
mod events;
mod foreign;
mod manifests;
mod projects;
mod tenant;
