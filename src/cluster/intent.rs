//! Writes of intent by the API: Projects, Endpoints and API keys, one object at a time.
//!
//! Every write names the version or the UID that its caller has seen, so that nobody's change is
//! lost and no other object by the same name is hit. Unknown fields are refused, not dropped.

mod error;

use std::fmt::Debug;

use kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions,
    PropagationPolicy, ValidationDirective,
};
use kube::core::{NamespaceResourceScope, Request};
use kube::{Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(in crate::cluster) use error::COUNTED;
pub use error::{ClusterError, FieldError, Surplus};

/// The one field manager of the API (Kubernetes, "Server-Side Apply").
pub const FIELD_MANAGER: &str = "kisenon-api";

/// A kind of intent.
pub trait Intended:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
}

impl Intended for crate::crd::Project {}
impl Intended for crate::crd::Endpoint {}
impl Intended for crate::crd::ApiKey {}

/// What became of a deletion.
#[derive(Clone, Debug)]
pub enum Deletion<K> {
    /// The object is gone.
    Gone,
    /// The object goes once what it stands for is taken down.
    Finalizing(Box<K>),
}

/// Writes intent.
#[derive(Clone)]
pub struct Intent {
    client: Client,
}

impl Intent {
    /// With the API's own account.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// The client, for reads that are no intent.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The object as stored, if there is one.
    ///
    /// # Errors
    /// When Kubernetes cannot be reached or refuses.
    pub async fn get<K: Intended>(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<K>, ClusterError> {
        Ok(self.api(namespace).get_opt(name).await?)
    }

    /// All objects of the namespace, as stored.
    ///
    /// # Errors
    /// When Kubernetes cannot be reached or refuses.
    pub async fn list<K: Intended>(&self, namespace: &str) -> Result<Vec<K>, ClusterError> {
        let api = self.api(namespace);
        Ok(api.list(&ListParams::default()).await?.items)
    }

    /// Creates an object that must not exist yet. What it does not say is left to the defaults of
    /// the API server.
    ///
    /// # Errors
    /// When one by that name exists, or Kubernetes cannot be reached or refuses.
    pub async fn create<K: Intended>(
        &self,
        namespace: &str,
        object: &impl Serialize,
    ) -> Result<K, ClusterError> {
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let body = serde_json::to_vec(object).map_err(kube::Error::SerdeError)?;
        let request = Request::new(K::url_path(&(), Some(namespace)))
            .create(&params, body)
            .map_err(kube::Error::BuildRequest)?;
        Ok(self.client.request(request).await?)
    }

    /// Changes the object of this name with a JSON merge patch, if it is still the one that was
    /// seen: `seen` is its resource version, or nothing where any version will do.
    ///
    /// # Errors
    /// When it is gone or has changed, or Kubernetes cannot be reached or refuses.
    pub async fn merge<K: Intended>(
        &self,
        object: &K,
        seen: Option<&str>,
        spec: Value,
    ) -> Result<K, ClusterError> {
        let mut metadata = json!({ "uid": object.uid() });
        if let Some(version) = seen {
            metadata["resourceVersion"] = json!(version);
        }
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            field_validation: Some(ValidationDirective::Strict),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(json!({ "metadata": metadata, "spec": spec }));
        let api = self.api::<K>(&object.namespace().unwrap_or_default());
        Ok(api.patch(&object.name_any(), &params, &patch).await?)
    }

    /// Deletes exactly the object that was seen; with `seen`, only in that version.
    ///
    /// # Errors
    /// When it has changed, or Kubernetes cannot be reached or refuses. One that is gone already is
    /// no error.
    pub async fn delete<K: Intended>(
        &self,
        object: &K,
        seen: Option<&str>,
    ) -> Result<Deletion<K>, ClusterError> {
        let params = DeleteParams {
            propagation_policy: Some(PropagationPolicy::Background),
            preconditions: Some(Preconditions {
                uid: object.uid(),
                resource_version: seen.map(str::to_owned),
            }),
            ..DeleteParams::default()
        };
        let api = self.api::<K>(&object.namespace().unwrap_or_default());
        match api.delete(&object.name_any(), &params).await {
            Ok(outcome) => Ok(outcome
                .left()
                .map_or(Deletion::Gone, |kept| Deletion::Finalizing(Box::new(kept)))),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Deletion::Gone),
            // Another by the same name has taken its place: the one that was meant is gone.
            Err(kube::Error::Api(status)) if status.message.contains("UID in precondition") => {
                Ok(Deletion::Gone)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn api<K: Intended>(&self, namespace: &str) -> Api<K> {
        Api::namespaced(self.client.clone(), namespace)
    }
}
