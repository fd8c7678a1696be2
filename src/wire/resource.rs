//! What the bodies of all resources have in common.

pub mod change;
pub mod condition;
pub mod event;
