//! What every reconciled object has, whatever its kind: metadata, conditions, status, events.

pub mod condition;
pub mod event;
pub mod finalizer;
pub mod meta;
pub mod status;
