//! The integration tests, one module per behaviour.

mod probe;
