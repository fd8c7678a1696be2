//! Reconciliation of Projects and Endpoints.
//!
//! Each kind has five stages, one file each: `observe` (all reads), `validate` (pure), `build`
//! (pure), `apply` (all writes, in order), `status`. Nothing here serves HTTP.

pub mod condition;
pub mod context;
pub mod endpoint;
pub mod error;
pub mod event;
pub mod finalizer;
pub mod meta;
pub mod probes;
pub mod project;
pub mod run;
pub mod secrets;
pub mod sources;
pub mod status;
pub mod trigger;
pub mod watch;
