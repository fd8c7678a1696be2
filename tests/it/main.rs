//! The integration tests, one module per behaviour.

mod admission;
mod api;
mod architecture;
mod cluster;
mod fault;
mod generated;
mod lease;
mod operator;
mod probe;
mod store;
