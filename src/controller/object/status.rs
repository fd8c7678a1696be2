//! Writes a status, and remembers it until the watch has shown it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kube::api::{Api, Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::{Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::cluster::apply::FIELD_MANAGER;
use crate::controller::error::Error;

/// Statuses written by this process, by the UID of the object. A watch that lags would otherwise
/// have the same status written again, with other times.
pub struct Statuses<S>(Mutex<HashMap<String, (u64, S)>>);

impl<S> Default for Statuses<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<S: Clone> Statuses<S> {
    /// The object with the latest status that this process knows of.
    pub fn freshen<K>(&self, object: Arc<K>, status: fn(&mut K) -> &mut Option<S>) -> Arc<K>
    where
        K: Resource<DynamicType = ()> + Clone,
    {
        let Some(uid) = object.uid() else {
            return object;
        };
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((version_written, latest)) = written.get(&uid) else {
            return object;
        };
        if version(&*object) >= *version_written {
            written.remove(&uid);
            return object;
        }
        let mut fresh = K::clone(&object);
        *status(&mut fresh) = Some(latest.clone());
        Arc::new(fresh)
    }

    /// Replaces a status as a whole, which costs the API server less than to apply it.
    ///
    /// # Errors
    /// When Kubernetes refuses or cannot be reached. An object that is gone needs no status.
    pub async fn write<K>(&self, client: &Client, object: &K, status: &S) -> Result<(), Error>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone,
        K: std::fmt::Debug,
        S: Serialize + Sync,
    {
        let namespace = object.namespace().ok_or(Error::Incomplete("namespace"))?;
        let api = Api::<K>::namespaced(client.clone(), &namespace);
        // Of the object with this UID; another by the same name is refused.
        let patch = serde_json::from_value(json!([
            { "op": "test", "path": "/metadata/uid", "value": object.uid() },
            { "op": "add", "path": "/status", "value": status },
        ]));
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patch = patch.map_err(kube::Error::SerdeError);
        let patch = Patch::<()>::Json(patch.map_err(Error::Status)?);
        let written = api.patch_status(&object.name_any(), &params, &patch).await;
        match written {
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
            Err(error) => Err(Error::Status(error)),
            Ok(written) => {
                let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(uid) = written.uid() {
                    entries.insert(uid, (version(&written), status.clone()));
                }
                Ok(())
            }
        }
    }
}

/// Applies a status as a whole: a field of ours that it no longer has is removed, those of others
/// stay. Answers the object as written, unless it is gone: then it needs no status.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached.
pub async fn apply<K, S>(client: &Client, object: &K, status: &S) -> Result<Option<K>, Error>
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
    let written = api
        .patch_status(&object.name_any(), &params, &Patch::Apply(&patch))
        .await;
    match written {
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(None),
        written => written.map(Some).map_err(Error::Status),
    }
}

fn version<K: Resource>(object: &K) -> u64 {
    object
        .meta()
        .resource_version
        .as_deref()
        .and_then(|version| version.parse().ok())
        .unwrap_or_default()
}
