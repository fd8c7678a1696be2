//! The record of changes: who did what to what. It never holds a secret.

use serde_json::Value;

use crate::api::http::error::{ApiError, ApiResult};
use crate::api::http::middleware::request_id;
use crate::api::identity::caller::{Caller, Credential};
use crate::api::identity::replica::ReplicaError;
use crate::api::state::ApiState;
use crate::auth::random;
use crate::store::{NewAuditEvent, StoreError};

/// What was changed.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// `project`, `endpoint`, `api-key`, `session`.
    pub kind: &'a str,
    /// Its id.
    pub id: &'a str,
    /// Its name or label.
    pub name: Option<&'a str>,
}

/// Who changed it.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// Whose record it goes into.
    pub tenant_id: &'a str,
    /// `user`, `api-key` or `system`.
    pub kind: &'a str,
    /// Its id.
    pub id: &'a str,
    /// Address or label.
    pub label: &'a str,
}

impl<'a> From<&'a Caller> for Actor<'a> {
    fn from(caller: &'a Caller) -> Self {
        match &caller.credential {
            Credential::Session(claims) => Self {
                tenant_id: &caller.tenant.id,
                kind: "user",
                id: &claims.sub,
                label: &claims.email,
            },
            Credential::Key { key, id } => Self {
                tenant_id: &caller.tenant.id,
                kind: "api-key",
                id,
                label: key.label(),
            },
        }
    }
}

/// Records a change that a caller has made.
///
/// # Errors
/// When the store cannot keep it.
pub async fn record(
    state: &ApiState,
    caller: &Caller,
    action: &str,
    target: Target<'_>,
    detail: Option<Value>,
) -> ApiResult<()> {
    record_as(state, Actor::from(caller), action, target, detail).await
}

/// Records a change that somebody has made who is no caller yet.
///
/// # Errors
/// When the store cannot keep it.
pub async fn record_as(
    state: &ApiState,
    actor: Actor<'_>,
    action: &str,
    target: Target<'_>,
    detail: Option<Value>,
) -> ApiResult<()> {
    let now = state.now();
    let random = random::hex::<8>().map_err(ApiError::internal)?;
    // Ids sort as their times do.
    let id = format!("evt-{:012x}{random}", now.as_millisecond());
    let detail = detail.map(|value| value.to_string());
    state
        .store()
        .record(NewAuditEvent {
            id: &id,
            tenant_id: actor.tenant_id,
            at: now,
            actor_kind: actor.kind,
            actor_id: actor.id,
            actor_label: actor.label,
            action,
            target_kind: target.kind,
            target_id: target.id,
            target_name: target.name,
            request_id: &request_id().unwrap_or_default(),
            detail: detail.as_deref(),
        })
        .await
        .map_err(store_error)
}

/// A failure of the store as a refusal: away, or a mistake of ours.
#[must_use]
pub fn store_error(error: StoreError) -> ApiError {
    if error.is_unavailable() {
        ApiError::unavailable(error)
    } else {
        ApiError::internal(error)
    }
}

/// A revocation that stands, and that not every replica has confirmed.
#[must_use]
pub fn replica_error(error: ReplicaError) -> ApiError {
    match error {
        ReplicaError::Store(error) => store_error(error),
        lags @ ReplicaError::Lags => ApiError::unavailable(lags),
    }
}
