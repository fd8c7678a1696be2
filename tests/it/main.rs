//! The integration tests, one module per behaviour.

mod admission;
mod api;
mod architecture;
mod auth;
mod cli;
mod cluster;
mod fault;
mod generated;
mod lease;
mod operator;
mod overlay;
mod probe;
mod resource;
mod store;
mod watch;
