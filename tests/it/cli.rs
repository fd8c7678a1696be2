//! The real `keon`, as people and programs start it: piped and in a terminal, against a running
//! API on a real API server where the operator works.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test they help"
)]

mod audit;
mod completion;
mod connection;
mod explain;
mod hash;
mod machine;
mod man;
mod manifest;
mod postgres;
mod psql;
mod shop;
mod terminal;
mod work;
