//! The finalizer of Project and Endpoint.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{Api, Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::{Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::meta::{FINALIZER, has_finalizer};
use crate::controller::error::Error;

/// Adds the finalizer, and the owner if there is one, where the object lacks them. Guarded by the
/// version that was read.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached.
pub async fn ensure<K>(
    client: &Client,
    object: &K,
    owner: Option<OwnerReference>,
) -> Result<(), Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone,
    K: std::fmt::Debug,
{
    let mut owners = object.owner_references().to_vec();
    let adopted = owner.filter(|owner| owners.iter().all(|o| o.uid != owner.uid));
    if has_finalizer(object) && adopted.is_none() {
        return Ok(());
    }
    let mut finalizers = object.finalizers().to_vec();
    if !has_finalizer(object) {
        finalizers.push(FINALIZER.to_owned());
    }
    owners.extend(adopted);
    write(
        client,
        object,
        &json!({ "finalizers": finalizers, "ownerReferences": owners }),
    )
    .await
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
    write(client, object, &json!({ "finalizers": finalizers })).await
}

async fn write<K>(client: &Client, object: &K, metadata: &Value) -> Result<(), Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone,
    K: std::fmt::Debug,
{
    let namespace = object.namespace().ok_or(Error::Incomplete("namespace"))?;
    let api = Api::<K>::namespaced(client.clone(), &namespace);
    let mut patch = json!({ "metadata": metadata });
    patch["metadata"]["resourceVersion"] = json!(object.resource_version());
    let params = PatchParams {
        field_manager: Some(crate::cluster::apply::FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    };
    match api
        .patch(&object.name_any(), &params, &Patch::Merge(&patch))
        .await
    {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 409 => Err(Error::Outdated("the object")),
        outcome => outcome.map(drop).map_err(Error::Finalizer),
    }
}
