//! Makes API keys: the one way, for the console, for keys that make keys, and for every grant.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt as _;

use crate::api::audit::{replica_error, store_error};
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::identity::caller::Tenant;
use crate::api::state::ApiState;
use crate::api::v1::{cluster_error, ensure_tenant};
use crate::auth::key_index::IndexedKey;
use crate::auth::random;
use crate::cluster::api_key;
use crate::cluster::api_key::StoredKey;
use crate::crd::ApiKey;
use crate::domain::api_key::{PlainKey, Scopes, is_label};

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
    ensure_tenant(state, new.tenant).await?;
    if new.tenant.is_ours {
        state.watches().until_tenant(&new.tenant.namespace).await;
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
    let taken_up = async {
        let key = shown(state, &made).await?;
        end_if_orphaned(state, &key).await?;
        Ok(key)
    };
    match taken_up.await {
        Ok(key) => Ok((plain, key)),
        Err(error) => {
            discard(state, &made).await;
            Err(error)
        }
    }
}

/// Takes a key away that nobody was told, so nobody waits for its end.
async fn discard(state: &ApiState, made: &ApiKey) {
    let Some(unused) = api_key::stored(made) else {
        return;
    };
    let marked = api_key::revoke(state.client(), &unused).await;
    let gone = match marked {
        Ok(_) => api_key::remove(state.client(), &unused).await,
        Err(error) => Err(error),
    };
    if let Err(error) = gone {
        tracing::warn!(%error, "a key that nobody was told stays behind");
    }
}

/// A key that was just stored, once this replica's watch has shown it. It is never put into the
/// index from here: the watch may have shown its end already.
async fn shown(state: &ApiState, made: &ApiKey) -> ApiResult<Arc<IndexedKey>> {
    let unknown = || ApiError::new(Code::Internal);
    let record = api_key::record(made).ok_or_else(unknown)?;
    let version = made.resource_version().unwrap_or_default();
    if !state.replica().has_seen_keys(&version).await {
        return Err(ApiError::new(Code::Unavailable).retry_after(Duration::from_secs(1)));
    }
    let key = state.keys().by_id(&record.namespace, &record.id);
    key.ok_or_else(ApiError::not_found)
}

/// Ends a key that was made while what it rests on was ended: the key that made it, or its user's
/// place on the allow-list. Whoever ended that may not have seen this one. To be asked once the
/// watch has shown the key, and with it every revocation before it.
///
/// # Errors
/// When it was ended, or the store or Kubernetes cannot be reached.
pub async fn end_if_orphaned(state: &ApiState, key: &Arc<IndexedKey>) -> ApiResult<()> {
    let parent = key.parent().filter(|parent| parent.starts_with("key-"));
    let has_parent = parent.is_none_or(|parent| {
        let parent = state.keys().by_id(key.namespace(), parent);
        parent.is_some_and(|parent| parent.is_active(state.now()))
    });
    let is_allowed = match key.user() {
        None => true,
        Some(user) => state
            .store()
            .is_user_allowed(user)
            .await
            .map_err(store_error)?,
    };
    if has_parent && is_allowed {
        return Ok(());
    }
    revoke(state, key, true).await?;
    Err(ApiError::new(if is_allowed {
        Code::InvalidToken
    } else {
        Code::AccessDenied
    }))
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
    let mut ended = Vec::new();
    let mut next = vec![Arc::clone(key)];
    if cascade {
        add_descendants(state, &ended, &mut next);
    }
    while !next.is_empty() {
        mark(state, &next).await?;
        ended.append(&mut next);
        // What one of them made before it was marked is known by now.
        if cascade {
            add_descendants(state, &ended, &mut next);
        }
    }
    for key in &ended {
        api_key::remove(state.client(), &stored(key))
            .await
            .map_err(cluster_error)?;
    }
    Ok(ended.iter().map(|key| key.id()).collect())
}

/// Marks keys as revoked, and waits until no replica accepts them any more.
async fn mark(state: &ApiState, keys: &[Arc<IndexedKey>]) -> ApiResult<()> {
    let mut version = 0;
    for key in keys {
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
        .map_err(replica_error)
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

/// Adds to `next` all that descend from it and from `ended`, parents first.
fn add_descendants(state: &ApiState, ended: &[Arc<IndexedKey>], next: &mut Vec<Arc<IndexedKey>>) {
    let mut parents = ended.to_vec();
    parents.extend(next.iter().cloned());
    let mut place = 0;
    while let Some(parent) = parents.get(place).cloned() {
        for child in state.keys().children_of(parent.namespace(), &parent.id()) {
            if parents.iter().all(|known| known.id() != child.id()) {
                parents.push(Arc::clone(&child));
                next.push(child);
            }
        }
        place += 1;
    }
}

/// 1 to 128 characters that people can read.
///
/// # Errors
/// When it is not.
pub fn check_label(label: &str) -> ApiResult<()> {
    if is_label(label) {
        Ok(())
    } else {
        Err(ApiError::new(Code::InvalidRequest).field(
            "label",
            "must be 1 to 128 characters without control characters, and not begin or end with a space",
        ))
    }
}
