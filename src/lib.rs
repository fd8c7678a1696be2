//! Kisenon: Postgres endpoints on Kubernetes, each behind its own network perimeter.
//!
//! Imports go one way; `tests/it/architecture.rs` holds them to it:
//!
//! ```text
//! bin → server → {controller, api} → {cluster, store, auth, probe} → {crd, wire} → domain
//! bin → cli → {wire, domain}
//! config, health, metrics, telemetry: leaves, passed in, never reached for
//! ```

#[cfg(feature = "server")]
pub mod api;
#[cfg(feature = "server")]
pub mod auth;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "server")]
pub mod cluster;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod controller;
#[cfg(feature = "server")]
pub mod crd;
#[cfg(any(feature = "server", feature = "cli"))]
pub mod domain;
#[cfg(feature = "server")]
pub mod health;
#[cfg(feature = "server")]
pub mod metrics;
#[cfg(feature = "server")]
pub mod probe;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod telemetry;
#[cfg(any(feature = "server", feature = "cli"))]
pub mod wire;
