//! Writes a status.

use kube::api::{Api, Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::{Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::cluster::apply::FIELD_MANAGER;
use crate::controller::error::Error;

/// Applies a status as a whole: a field that it no longer has is removed.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached. An object that is gone needs no status.
pub async fn patch<K, S>(client: &Client, object: &K, status: &S) -> Result<(), Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone,
    K: std::fmt::Debug,
    S: Serialize + Sync,
{
    let namespace = object.namespace().ok_or(Error::Incomplete("namespace"))?;
    let api = Api::<K>::namespaced(client.clone(), &namespace);
    let patch = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": { "uid": object.uid() },
        "status": status,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    match api
        .patch_status(&object.name_any(), &params, &Patch::Apply(&patch))
        .await
    {
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
        outcome => outcome.map(drop).map_err(Error::Status),
    }
}
