//! Kubernetes as this program uses it.
//!
//! `address`, `apply`, `exec` and `lease` are the operator's and may not know what a Project or an
//! Endpoint is. The rest is the API's: it writes intent, reads what became of it, and writes no
//! child. Nothing here knows HTTP.

pub mod access;
pub mod address;
pub mod api_key;
pub mod apply;
pub mod exec;
pub mod intent;
pub mod key_watch;
pub mod lease;
pub mod manifest;
pub mod tenant;
pub mod watches;
