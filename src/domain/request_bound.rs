//! Bounds of a request that the server sets and clients keep.

/// Longest body, bytes.
pub const BODY_BYTES: usize = 256 * 1024;
/// Most documents of one request of manifests.
pub const MANIFEST_DOCUMENTS: usize = 100;
