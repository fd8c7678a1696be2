//! The integration tests, one module per behaviour.

mod cluster;
mod fault;
mod probe;
