//! The real `keon`, as people and programs start it: piped and in a terminal, against a running
//! API on a real API server where the operator works.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test they help"
)]

mod api_key;
mod asking;
mod endpoint;
mod help;
mod machine;
mod output;
mod overload;
mod project;
mod refusal;
mod steered;
mod terminal;
mod waiting;
mod work;
