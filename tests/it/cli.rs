//! The real `keon`, as people and programs start it: piped and in a terminal, against a running
//! API on a real API server where the operator works.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test they help"
)]

mod api_key;
mod asking;
mod attack;
mod audit;
mod browser;
mod completion;
mod connection;
mod credentials;
mod device;
mod endpoint;
mod explain;
mod hash;
mod help;
mod login;
mod logout;
mod machine;
mod man;
mod manifest;
mod output;
mod overload;
mod postgres;
mod project;
mod psql;
mod refusal;
mod shop;
mod steered;
mod terminal;
mod waiting;
mod work;
