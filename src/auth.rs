//! Identity and credentials. Serves no HTTP; no Kubernetes, no SQL.

pub mod certificate;
pub mod identity;
pub mod jwt;
pub mod key_hash;
pub mod key_index;
pub mod opaque;
pub mod password;
pub mod random;
pub mod seal;
pub mod token_cache;
