//! What HTTP carries: the bodies of requests and responses, shared by the API and its clients.
//!
//! Types only. This layer may not read, decide or store anything, and holds no custom resource:
//! what Kubernetes stores and what HTTP carries are different contracts.

pub mod api_key;
pub mod change;
pub mod condition;
pub mod endpoint;
pub mod event;
pub mod manifest;
pub mod project;
