//! Deletions.

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, Preconditions, PropagationPolicy};

use super::sight::Key;
use super::{Child, Children, NAMESPACE, WriteError};
use crate::metrics::Verb;

impl Children {
    /// Deletes a namespace.
    ///
    /// # Errors
    /// When Kubernetes refuses or cannot be reached.
    pub async fn delete_namespace(&self, name: &str) -> Result<(), WriteError> {
        let key = Key {
            kind: NAMESPACE,
            namespace: None,
            name: name.to_owned(),
        };
        let api = Api::<Namespace>::all(self.client.clone());
        let params = DeleteParams::default();
        match self
            .write(Verb::Delete, &key, || api.delete(name, &params))
            .await
        {
            Err(error) if !matches!(error.code(), Some(404 | 409)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Deletes a child; answers whether it is already gone.
    ///
    /// # Errors
    /// When Kubernetes refuses or cannot be reached.
    pub async fn delete<K: Child>(&self, namespace: &str, name: &str) -> Result<bool, WriteError> {
        let key = Key {
            kind: K::NAME,
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        };
        let api = Api::<K>::namespaced(self.client.clone(), namespace);
        let params = DeleteParams {
            propagation_policy: Some(PropagationPolicy::Background),
            ..Default::default()
        };
        match self
            .write(Verb::Delete, &key, || api.delete(name, &params))
            .await
        {
            Ok(outcome) => Ok(outcome.is_right()),
            Err(error) if error.code() == Some(404) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Deletes exactly the object with this UID; another by the same name stays.
    ///
    /// # Errors
    /// When Kubernetes refuses or cannot be reached.
    pub async fn delete_exactly<K: Child>(&self, object: &K) -> Result<(), WriteError> {
        let Some(key) = Key::of(K::NAME, object.meta()) else {
            return Ok(());
        };
        let namespace = object.namespace().unwrap_or_default();
        let api = Api::<K>::namespaced(self.client.clone(), &namespace);
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                uid: object.uid(),
                resource_version: None,
            }),
            ..Default::default()
        };
        match self
            .write(Verb::Delete, &key, || api.delete(&key.name, &params))
            .await
        {
            Err(error) if !matches!(error.code(), Some(404 | 409)) => Err(error),
            _ => Ok(()),
        }
    }
}
