//! What HTTP carries: the bodies of requests and responses, shared by the API and its clients.
//!
//! Types only. This layer may not read, decide or store anything, and holds no custom resource:
//! what Kubernetes stores and what HTTP carries are different contracts.

pub mod api_key;
pub mod audit_event;
pub mod auth;
pub mod discovery;
pub mod endpoint;
pub mod grant;
pub mod manifest;
pub mod me;
pub mod page;
pub mod problem;
pub mod project;
pub mod resource;
