//! Makes API keys: the one way, for the console, for keys that make keys, and for every grant.

use std::sync::Arc;

use jiff::Timestamp;

use crate::api::audit::{replica_error, store_error};
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::identity::caller::Tenant;
use crate::api::state::ApiState;
use crate::api::v1::cluster_error;
use crate::auth::key_index::IndexedKey;
use crate::auth::random;
use crate::cluster::api_key::StoredKey;
use crate::cluster::{api_key, tenant};
use crate::domain::api_key::{PlainKey, Scopes};

/// A key to make.
pub struct NewKey<'a> {
    /// Whose.
    pub tenant: &'a Tenant,
    /// Who it acts for.
    pub user: Option<&'a str>,
    /// What a key from Git, which has no user, was used for.
    pub role: Option<&'a str>,
    /// Name for people.
    pub label: &'a str,
    /// What it may do; `None`: everything.
    pub scopes: Option<Scopes>,
    /// The only project that it may touch.
    pub project: Option<&'a str>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Id of the session or key that makes it.
    pub parent: &'a str,
}

/// Makes a key, and waits until this replica accepts it.
///
/// # Errors
/// When the tenant may have no more keys, or Kubernetes cannot be reached.
pub async fn mint(state: &ApiState, new: NewKey<'_>) -> ApiResult<(PlainKey, Arc<IndexedKey>)> {
    check_label(new.label)?;
    let plain =
        PlainKey::generate(&mut random::fill).ok_or_else(|| ApiError::new(Code::Internal))?;
    let hash = state
        .hasher()
        .hash(&plain)
        .await
        .map_err(|busy| ApiError::new(Code::Busy).caused_by(busy))?;
    if new.tenant.is_ours {
        let Tenant { id, namespace, .. } = new.tenant;
        let quota = state.config().tenant_quota;
        tenant::ensure(state.client(), id, namespace, quota)
            .await
            .map_err(cluster_error)?;
        state.watches().until_tenant(namespace).await;
    }
    let made = api_key::create(
        state.client(),
        &new.tenant.namespace,
        api_key::NewApiKey {
            label: new.label,
            lookup_id: plain.lookup_id(),
            hash: &hash,
            user: new.user,
            role: new.role,
            expires_at: new.expires_at,
            scopes: new.scopes,
            project: new.project,
            parent: Some(new.parent),
        },
    )
    .await
    .map_err(cluster_error)?;
    let record = api_key::record(&made).ok_or_else(|| ApiError::new(Code::Internal))?;
    state.keys().upsert(&record).map_err(ApiError::internal)?;
    let record = state
        .keys()
        .by_id(&record.namespace, &record.id)
        .ok_or_else(|| ApiError::new(Code::Internal))?;
    // Whoever was taken off the allow-list meanwhile keeps no key that the removal did not see.
    if let Some(user) = new.user
        && !state
            .store()
            .is_user_allowed(user)
            .await
            .map_err(store_error)?
    {
        revoke(state, &record, false).await?;
        return Err(ApiError::new(Code::AccessDenied));
    }
    Ok((plain, record))
}

/// Ends a key, and what it has minted, on every replica before it returns. Answers the ids of
/// all that ended.
///
/// # Errors
/// When Kubernetes or the store cannot be reached. Whatever was marked by then stays revoked.
pub async fn revoke(
    state: &ApiState,
    key: &Arc<IndexedKey>,
    cascade: bool,
) -> ApiResult<Vec<String>> {
    let keys = if cascade {
        with_descendants(state, key)
    } else {
        vec![Arc::clone(key)]
    };
    let mut version = 0;
    for key in &keys {
        let marked = api_key::revoke(state.client(), &stored(key)).await;
        version = version.max(marked.map_err(cluster_error)?);
        // Refused here at once; the other replicas hear it from their watches.
        state.keys().remove(&key.uid_text());
    }
    let version = i64::try_from(version).unwrap_or(i64::MAX);
    state
        .replica()
        .until_keys_seen(state.store(), version, state.clock())
        .await
        .map_err(replica_error)?;
    for key in &keys {
        api_key::remove(state.client(), &stored(key))
            .await
            .map_err(cluster_error)?;
    }
    Ok(keys.iter().map(|key| key.id()).collect())
}

/// Names the object of a key.
#[must_use]
pub fn stored(key: &IndexedKey) -> StoredKey {
    StoredKey {
        namespace: key.namespace().to_owned(),
        name: key.name().to_owned(),
        uid: key.uid_text(),
        is_managed_elsewhere: key.is_managed_elsewhere(),
    }
}

/// The key and all that descend from it, parents first.
fn with_descendants(state: &ApiState, key: &Arc<IndexedKey>) -> Vec<Arc<IndexedKey>> {
    let mut found = vec![Arc::clone(key)];
    let mut next = 0;
    while let Some(parent) = found.get(next).cloned() {
        let children = state.keys().children_of(parent.namespace(), &parent.id());
        let new = children
            .into_iter()
            .filter(|child| {
                found
                    .iter()
                    .all(|known| known.uid_text() != child.uid_text())
            })
            .collect::<Vec<_>>();
        found.extend(new);
        next += 1;
    }
    found
}

/// 1 to 128 characters that people can read.
///
/// # Errors
/// When it is not.
pub fn check_label(label: &str) -> ApiResult<()> {
    let is_good = (1..=128).contains(&label.chars().count())
        && label.trim() == label
        && !label.chars().any(char::is_control);
    if is_good {
        Ok(())
    } else {
        Err(ApiError::new(Code::InvalidRequest).field(
            "label",
            "must be 1 to 128 characters without control characters, and not begin or end with a space",
        ))
    }
}
