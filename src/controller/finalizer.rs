//! The finalizer of Project and Endpoint.

use kube::api::{Api, Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::{Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::error::Error;
use super::meta::{FINALIZER, has_finalizer};

/// Adds the finalizer if the object lacks it. Guarded by the version that was read.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached.
pub async fn ensure<K>(client: &Client, object: &K) -> Result<(), Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone,
    K: std::fmt::Debug,
{
    if has_finalizer(object) {
        return Ok(());
    }
    let mut finalizers = object.finalizers().to_vec();
    finalizers.push(FINALIZER.to_owned());
    write(client, object, &finalizers).await
}

/// Removes the finalizer, which lets the object go.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached.
pub async fn remove<K>(client: &Client, object: &K) -> Result<(), Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone,
    K: std::fmt::Debug,
{
    let mut finalizers = object.finalizers().to_vec();
    finalizers.retain(|f| f != FINALIZER);
    write(client, object, &finalizers).await
}

async fn write<K>(client: &Client, object: &K, finalizers: &[String]) -> Result<(), Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone,
    K: std::fmt::Debug,
{
    let namespace = object.namespace().ok_or(Error::Incomplete("namespace"))?;
    let api = Api::<K>::namespaced(client.clone(), &namespace);
    let patch = json!({ "metadata": {
        "finalizers": finalizers,
        "resourceVersion": object.resource_version(),
    }});
    let params = PatchParams {
        field_manager: Some(crate::cluster::apply::FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    };
    match api.patch(&object.name_any(), &params, &Patch::Merge(&patch)).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 409 => Err(Error::Outdated("the object")),
        outcome => outcome.map(drop).map_err(Error::Finalizer),
    }
}
