//! Who this process is inside the cluster. The binary reads it from its arguments and the
//! environment that the downward API fills; nothing here may.

use super::{ConfigError, check};

/// The pod and the namespace that this process runs in. Neither is ever empty: an empty
/// name in a Lease means that nobody holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pod_name: String,
    namespace: String,
}

impl Identity {
    /// Checks both names.
    ///
    /// # Errors
    /// When one of them cannot be the name of a Kubernetes object.
    pub fn new(
        pod_name: impl Into<String>,
        namespace: impl Into<String>,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            pod_name: name("POD_NAME", "metadata.name", pod_name.into())?,
            namespace: name("POD_NAMESPACE", "metadata.namespace", namespace.into())?,
        })
    }

    /// `metadata.name` of the pod.
    #[must_use]
    pub fn pod_name(&self) -> &str {
        &self.pod_name
    }

    /// `metadata.namespace` of the pod.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
}

fn name(variable: &str, path: &str, text: String) -> Result<String, ConfigError> {
    if check::is_dns_name(&text) {
        return Ok(text);
    }
    let problem = format!(
        "{text:?} is not the name of an object: fill it from the downward API (fieldRef {path})"
    );
    Err(ConfigError::invalid(variable, problem))
}
