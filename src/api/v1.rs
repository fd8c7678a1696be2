//! Handlers, one file a resource: extract, ask whether the caller may, act, answer.

pub mod audit_events;
pub mod auth;
pub mod cli_grant;
pub mod device_grant;
pub mod me;
