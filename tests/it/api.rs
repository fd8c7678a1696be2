//! The HTTP API as it runs on a cluster: under its own account, behind its fence, over real HTTP,
//! against a real API server on which the operator works. People sign in at an issuer of the
//! tests' own.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test they help"
)]

mod app;
mod edge;
mod grant;
mod issuer;
mod matrix;
mod session;
mod story;
