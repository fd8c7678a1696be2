//! The HTTP API: it authenticates people and programs, writes custom resources and reads their
//! status, and does nothing else.
//!
//! Status codes exist only here. This layer may not write a child of a custom resource, decide
//! what one becomes, or import `controller`: both meet only in `crd`.

pub mod audit;
pub mod explain;
pub mod follow;
pub mod http;
pub mod identity;
pub mod openapi;
pub mod router;
pub mod serve;
pub mod state;
pub mod v1;
pub mod view;
pub mod well_known;
