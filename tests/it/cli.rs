//! The real `keon`, as people and programs start it: piped and in a terminal, against a running
//! API on a real API server where the operator works.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test they help"
)]

mod attack;
mod browser;
mod credentials;
mod device;
mod login;
mod logout;
mod machine;
mod terminal;
mod work;
