//! The integration tests, one module per behaviour.

mod admission;
mod architecture;
mod cluster;
mod fault;
mod generated;
mod probe;
