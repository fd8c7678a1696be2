//! From `Authorization: Bearer` to a [`Caller`], cheap checks first (RFC 6750).
//!
//! An API key is looked up in memory and its hash computed once per key and process; a session's
//! signature is checked once per token and process. A replica that may have missed a revocation
//! refuses everything.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::http::limit::{Action, Subject};
use crate::api::identity::caller::{Caller, Credential, Tenant};
use crate::api::state::ApiState;
use crate::api::v1::cluster_error;
use crate::auth::jwt::Claims;
use crate::auth::key_index::IndexedKey;
use crate::cluster::tenant as tenants;
use crate::domain::api_key::PlainKey;
use crate::domain::tenant;

/// Longer ones are nobody's.
const MAX_LENGTH: usize = 8 * 1024;

/// What a verified bearer token stands for; kept by its keyed digest.
#[derive(Clone, Debug)]
pub enum Verified {
    /// A session, and so all that there is to say of its caller.
    Session(Caller),
    /// An ApiKey.
    Key {
        /// Its UID, as a number.
        uid: u128,
        /// Its id.
        id: Arc<str>,
    },
}

/// Finds out who sends the request.
///
/// # Errors
/// When there is no credential, it is not valid, or this replica cannot tell.
pub async fn authenticate(
    state: &ApiState,
    headers: &HeaderMap,
    peer: &Subject,
) -> ApiResult<Caller> {
    let token = bearer(headers)?;
    let now = state.now();
    if !state.replica().is_fresh(now) {
        return Err(ApiError::with(
            Code::Unavailable,
            "this replica cannot tell whether credentials were revoked; try again",
        )
        .retry_after(Duration::from_secs(1)));
    }
    let caller = if token.starts_with("nsk_") {
        key(state, token, peer, now).await?
    } else {
        session(state, token, now)
    };
    match caller {
        Some(caller) => Ok(caller),
        None => {
            state.limits().count(Action::InvalidCredential, peer)?;
            Err(invalid())
        }
    }
}

/// Whether a caller would be let in again: for what goes on after its request was answered.
#[must_use]
pub fn is_still_valid(state: &ApiState, caller: &Caller) -> bool {
    let now = state.now();
    if !state.replica().is_fresh(now) || caller.expires_at().is_some_and(|end| end <= now) {
        return false;
    }
    match &caller.credential {
        Credential::Session(claims) => !state.replica().has_ended(&claims.sid),
        // One that was narrowed is another.
        Credential::Key { key, .. } => {
            let present = state.keys().find(key.lookup_id());
            let is_same = |present: Arc<IndexedKey>| {
                present.uid() == key.uid()
                    && present.is_active(now)
                    && present.scopes() == key.scopes()
                    && present.project() == key.project()
            };
            present.is_some_and(is_same)
                && state.watches().tenant_of(key.namespace()).as_ref() == Some(&caller.tenant.id)
        }
    }
}

/// The same words for every cause, so that nobody learns which keys exist.
fn invalid() -> ApiError {
    ApiError::with(
        Code::InvalidToken,
        "the credential is malformed, expired, revoked or unknown; sign in again, or make a new API key",
    )
}

fn bearer(headers: &HeaderMap) -> ApiResult<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let missing = || {
        ApiError::with(
            Code::Unauthenticated,
            "send an API key or a session's access token as Authorization: Bearer",
        )
    };
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        return Err(ApiError::with(
            Code::InvalidRequest,
            "send exactly one Authorization header",
        ));
    }
    let text = value.to_str().map_err(|_| invalid())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    let token = token.trim();
    if token.is_empty() || token.len() > MAX_LENGTH {
        return Err(invalid());
    }
    Ok(token)
}

fn session(state: &ApiState, token: &str, now: Timestamp) -> Option<Caller> {
    let digest = state.verified().digest(token);
    let caller = match state.verified().get(&digest, now) {
        Some(Verified::Session(caller)) => caller,
        Some(Verified::Key { .. }) => return None,
        None => {
            let claims = state.key_ring().verify(token, now).ok()?;
            let end = claims.exp;
            let caller = session_caller(claims);
            let value = Verified::Session(caller.clone());
            state.verified().insert(digest, value, end);
            caller
        }
    };
    (!state.replica().has_ended(caller.credential_id())).then_some(caller)
}

fn session_caller(claims: Claims) -> Caller {
    Caller {
        tenant: Tenant {
            namespace: tenant::namespace(&claims.tid).into(),
            id: claims.tid.as_str().into(),
            is_ours: true,
        },
        credential: Credential::Session(Arc::new(claims)),
    }
}

async fn key(
    state: &ApiState,
    token: &str,
    peer: &Subject,
    now: Timestamp,
) -> ApiResult<Option<Caller>> {
    let Ok(plain) = PlainKey::parse(token) else {
        return Ok(None);
    };
    let Some(record) = state.keys().find(plain.lookup_id()) else {
        return Ok(None);
    };
    if !record.is_active(now) {
        return Ok(None);
    }
    let digest = state.verified().digest(token);
    let id = match state.verified().get(&digest, now) {
        Some(Verified::Key { uid, id }) if uid == record.uid() => id,
        _ => {
            if !is_secret_of(state, &plain, &record, peer).await? {
                return Ok(None);
            }
            let (uid, id) = (record.uid(), Arc::<str>::from(record.id()));
            let value = Verified::Key {
                uid,
                id: Arc::clone(&id),
            };
            state.verified().insert(digest, value, Timestamp::MAX);
            id
        }
    };
    let Some(tenant_id) = tenant_of(state, record.namespace()).await? else {
        return Ok(None);
    };
    state.key_uses().note(&record, now);
    Ok(Some(Caller {
        tenant: Tenant {
            is_ours: tenant::is_namespace_of(record.namespace(), &tenant_id),
            id: tenant_id,
            namespace: record.namespace().into(),
        },
        credential: Credential::Key { id, key: record },
    }))
}

/// Checks the secret against the hash.
async fn is_secret_of(
    state: &ApiState,
    plain: &PlainKey,
    record: &IndexedKey,
    peer: &Subject,
) -> ApiResult<bool> {
    // Counted before it is hashed: guessing the secret of a known lookup id must stay cheap.
    state.limits().count(Action::InvalidCredential, peer)?;
    let verdict = state.hasher().verify(plain, record.hash()).await;
    verdict.map_err(|busy| {
        ApiError::new(Code::Busy)
            .caused_by(busy)
            .retry_after(Duration::from_secs(1))
    })
}

/// The tenant of a namespace. One that the watch does not show may be new: then Kubernetes is
/// asked, by whoever holds a good key of it.
async fn tenant_of(state: &ApiState, namespace: &str) -> ApiResult<Option<Arc<str>>> {
    match state.watches().tenant_of(namespace) {
        Some(tenant_id) => Ok(Some(tenant_id)),
        None => tenants::label_of(state.client(), namespace)
            .await
            .map_err(cluster_error),
    }
}
