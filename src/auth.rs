//! Identity and credentials. No HTTP, no Kubernetes, no SQL.

pub mod certificate;
pub mod password;
