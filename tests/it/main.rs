//! The integration tests, one module per behaviour.

mod admission;
mod architecture;
mod cluster;
mod fault;
mod generated;
mod lease;
mod operator;
mod overlay;
mod probe;
