//! Reconciliation of Projects, Endpoints and `ApiKey`s.
//!
//! Each kind has five stages, one file each: `observe` (all reads), `validate` (pure), `build`
//! (pure), `apply` (all writes, in order), `status`. Nothing here serves HTTP.

pub mod api_key;
pub mod authority;
pub mod context;
pub mod endpoint;
pub mod error;
pub mod object;
pub mod perimeter;
pub mod project;
pub mod run;
pub mod watch;
