//! The HTTP API as it runs on a cluster: under its own account, behind its fence, over real HTTP,
//! against a real API server on which the operator works. People sign in at an issuer of the
//! tests' own.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test they help"
)]

pub(crate) mod app;
mod away;
mod bad_input;
mod edge;
mod git_key;
mod grant;
mod idempotency;
mod matrix;
mod revocation;
mod secret;
mod session;
mod story;
