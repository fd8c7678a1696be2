//! Makes API keys: the one way, for the console, for keys that make keys, and for every grant.

use std::sync::Arc;

use jiff::Timestamp;

use crate::api::identity::caller::Tenant;
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::state::ApiState;
use crate::api::v1::cluster_error;
use crate::auth::random;
use crate::cluster::{api_key, tenant};
use crate::domain::api_key::{KeyRecord, PlainKey, Scopes};

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
pub async fn mint(state: &ApiState, new: NewKey<'_>) -> ApiResult<(PlainKey, Arc<KeyRecord>)> {
    check_label(new.label)?;
    let plain = PlainKey::generate(&mut random::fill).ok_or_else(|| {
        ApiError::with(Code::Internal, "no randomness")
    })?;
    let hash = state
        .hasher()
        .hash(&plain)
        .await
        .map_err(|busy| ApiError::new(Code::Busy).caused_by(busy))?;
    if new.tenant.is_ours {
        tenant::ensure(
            state.client(),
            &new.tenant.id,
            &new.tenant.namespace,
            state.config().tenant_quota,
        )
        .await
        .map_err(cluster_error)?;
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
    let record = Arc::new(made.record().ok_or_else(|| {
        ApiError::with(Code::Internal, "the stored key is not whole")
    })?);
    state.keys().upsert(KeyRecord::clone(&record));
    Ok((plain, record))
}

/// Ends a key, and what it has minted, on every replica before it returns.
///
/// # Errors
/// When Kubernetes or the store cannot be reached.
pub async fn revoke(state: &ApiState, key: &KeyRecord, cascade: bool) -> ApiResult<Vec<String>> {
    let mut ended = Vec::new();
    let mut last_version = 0;
    let mut next = vec![key.clone()];
    while let Some(key) = next.pop() {
        if ended.contains(&key.id) {
            continue;
        }
        let version = api_key::revoke(state.client(), &key)
            .await
            .map_err(cluster_error)?;
        last_version = last_version.max(version);
        // Refused here at once; the others hear it from their watches.
        state.keys().revoke(&key.uid);
        if cascade {
            let children = state.keys().children_of(&key.namespace, &key.id);
            next.extend(children.iter().map(|child| KeyRecord::clone(child)));
        }
        ended.push(key.id);
    }
    state
        .replica()
        .until_keys_seen(state.store(), last_version, state.clock())
        .await
        .map_err(replica_error)?;
    Ok(ended)
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
