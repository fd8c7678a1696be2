//! Kisenon.
#[cfg(feature = "server")]
pub mod probe;
