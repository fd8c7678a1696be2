//! The end-to-end tests, one file per story: real packets on the running cluster (`make up`).
//!
//! Every story makes its own tenant, so they run side by side; those that take a part of the
//! cluster away hold the stage alone (`stage.rs`). A story never skips: without a cluster it fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a story fails where it stands, and says what it saw"
)]

mod api;
mod cluster_handle;
mod endpoint;
mod packets;
mod process;
mod stage;
mod story_api;
mod story_api_isolation;
mod story_cli;
mod story_crash;
mod story_enforcement;
mod story_fence;
mod story_isolation;
mod story_life;
mod story_no_secrets_in_logs;
mod story_password;
mod story_sandbox;
mod story_teardown;
mod story_tour;
mod tenant;
mod wait;
