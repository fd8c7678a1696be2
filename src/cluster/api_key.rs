//! ApiKeys as the API writes and reads them. The key itself never comes here: only its public
//! part and its hash.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, ValidationDirective};
use kube::{Client, ResourceExt as _};
use serde_json::json;

use super::intent::{ClusterError, Deletion, FIELD_MANAGER, Intent};
use super::watches::number;
use crate::crd::{ApiKey, ApiKeySpec, Scope};
use crate::domain::api_key::{KeyRecord, Scopes};
use crate::domain::id;

/// What a new key is.
#[derive(Clone, Copy, Debug)]
pub struct NewApiKey<'a> {
    /// Name for people.
    pub label: &'a str,
    /// Public first part.
    pub lookup_id: &'a str,
    /// argon2id hash, PHC string.
    pub hash: &'a str,
    /// Who it acts for.
    pub user: Option<&'a str>,
    /// What a key that acts for nobody is used for.
    pub role: Option<&'a str>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// What it may do; `None`: everything.
    pub scopes: Option<Scopes>,
    /// The only project that it may touch.
    pub project: Option<&'a str>,
    /// The session or key that makes it.
    pub parent: Option<&'a str>,
}

/// Names exactly one stored key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// Another tool owns the object and would bring it back.
    pub is_managed_elsewhere: bool,
}

/// Stores a new key.
///
/// # Errors
/// When the quota is used up, or Kubernetes cannot be reached or refuses.
pub async fn create(
    client: &Client,
    namespace: &str,
    new: NewApiKey<'_>,
) -> Result<ApiKey, ClusterError> {
    let object = ApiKey {
        metadata: ObjectMeta {
            generate_name: Some("key-".to_owned()),
            ..ObjectMeta::default()
        },
        spec: ApiKeySpec {
            label: new.label.to_owned(),
            lookup_id: new.lookup_id.to_owned(),
            hash: new.hash.to_owned(),
            user: new.user.map(str::to_owned),
            role: new.role.map(str::to_owned),
            expires_at: new.expires_at.map(Time),
            scopes: new.scopes.map(listed),
            project: new.project.map(str::to_owned),
            parent: new.parent.map(str::to_owned),
            revoked: false,
        },
        status: None,
    };
    Intent::new(client.clone()).create(namespace, &object).await
}

/// Marks a key as revoked; answers the version from which on every watch knows. One that is gone
/// is revoked: then there is nothing to wait for.
///
/// # Errors
/// When Kubernetes cannot be reached or refuses.
pub async fn revoke(client: &Client, key: &StoredKey) -> Result<u64, ClusterError> {
    let intent = Intent::new(client.clone());
    match intent
        .merge(&reference(key), None, json!({ "revoked": true }))
        .await
    {
        Ok(revoked) => Ok(number(&revoked.resource_version().unwrap_or_default())),
        Err(ClusterError::NotFound) => Ok(0),
        Err(error) => Err(error),
    }
}

/// Takes away a revoked key, unless another tool owns the object and would bring it back.
///
/// # Errors
/// When Kubernetes cannot be reached or refuses.
pub async fn remove(client: &Client, key: &StoredKey) -> Result<(), ClusterError> {
    if key.is_managed_elsewhere {
        return Ok(());
    }
    let intent = Intent::new(client.clone());
    match intent.delete(&reference(key), None).await? {
        Deletion::Gone | Deletion::Finalizing(_) => Ok(()),
    }
}

/// Gives a key another label.
///
/// # Errors
/// When it is gone, or Kubernetes cannot be reached or refuses.
pub async fn rename(client: &Client, key: &StoredKey, label: &str) -> Result<ApiKey, ClusterError> {
    let intent = Intent::new(client.clone());
    intent
        .merge(&reference(key), None, json!({ "label": label }))
        .await
}

/// Writes when a key was used last. The field is the API's; the operator owns the others.
///
/// # Errors
/// When Kubernetes cannot be reached or refuses. One that is gone needs no note.
pub async fn note_use(client: &Client, key: &StoredKey, at: Timestamp) -> Result<(), ClusterError> {
    let api = Api::<ApiKey>::namespaced(client.clone(), &key.namespace);
    let params = PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::default()
    };
    let patch = json!({
        "metadata": { "uid": key.uid },
        "status": { "lastUsedAt": Time(at) },
    });
    match api
        .patch_status(&key.name, &params, &Patch::Merge(&patch))
        .await
        .map_err(ClusterError::from)
    {
        Ok(_) | Err(ClusterError::NotFound | ClusterError::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Names an object; `None` where the API server has left out what it always sets.
#[must_use]
pub fn stored(key: &ApiKey) -> Option<StoredKey> {
    Some(StoredKey {
        namespace: key.namespace()?,
        name: key.name_any(),
        uid: key.uid()?,
        is_managed_elsewhere: !key.is_made_by(FIELD_MANAGER),
    })
}

/// What is kept in memory of a key; `None` where the API server has left out what it always sets.
#[must_use]
pub fn record(key: &ApiKey) -> Option<KeyRecord> {
    let uid = key.uid()?;
    let spec = &key.spec;
    Some(KeyRecord {
        id: id::api_key_id(&uid).ok()?,
        namespace: key.namespace()?.into(),
        name: key.name_any(),
        lookup_id: spec.lookup_id.clone(),
        hash: spec.hash.as_str().into(),
        label: spec.label.clone(),
        user: spec.user.as_deref().map(Into::into),
        role: spec.role.as_deref().map(Into::into),
        created_at: key.creation_timestamp()?.0,
        expires_at: spec.expires_at.as_ref().map(|time| time.0),
        scopes: spec.scopes.as_deref().map_or(Scopes::ALL, scopes),
        project: spec.project.as_deref().map(Into::into),
        parent: spec.parent.as_deref().map(Into::into),
        revoked: spec.revoked || key.metadata.deletion_timestamp.is_some(),
        is_managed_elsewhere: !key.is_made_by(FIELD_MANAGER),
        uid,
    })
}

fn scopes(listed: &[Scope]) -> Scopes {
    Scopes {
        read: listed.contains(&Scope::Read),
        write: listed.contains(&Scope::Write),
    }
}

fn listed(scopes: Scopes) -> Vec<Scope> {
    let read = scopes.read.then_some(Scope::Read);
    let write = scopes.write.then_some(Scope::Write);
    read.into_iter().chain(write).collect()
}

/// Enough of the object to name exactly it.
fn reference(key: &StoredKey) -> ApiKey {
    let spec = ApiKeySpec {
        label: String::new(),
        lookup_id: String::new(),
        hash: String::new(),
        user: None,
        role: None,
        expires_at: None,
        scopes: None,
        project: None,
        parent: None,
        revoked: false,
    };
    let mut object = ApiKey::new(&key.name, spec);
    object.metadata.namespace = Some(key.namespace.clone());
    object.metadata.uid = Some(key.uid.clone());
    object
}
