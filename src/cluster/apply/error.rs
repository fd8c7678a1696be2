//! A write that did not succeed.

use thiserror::Error;

/// A write that Kubernetes refused or that did not reach it.
#[derive(Debug, Error)]
#[error("failed to {verb} {kind} {name}")]
pub struct WriteError {
    pub(super) verb: &'static str,
    pub(super) kind: &'static str,
    pub(super) name: String,
    #[source]
    pub(super) source: kube::Error,
}

impl WriteError {
    /// The API server's own words, if it answered.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        match &self.source {
            kube::Error::Api(status) => Some(&status.message),
            _ => None,
        }
    }

    /// HTTP status of the API server's answer, if it answered.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match &self.source {
            kube::Error::Api(status) => Some(status.code),
            _ => None,
        }
    }
}
