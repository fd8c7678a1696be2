//! Kubernetes as this program uses it, below any one kind of object.
//!
//! Nothing here may know what a Project or an Endpoint is.

pub mod address;
pub mod apply;
pub mod exec;
pub mod lease;
