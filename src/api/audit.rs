//! The record of changes: who did what to what. It never holds a secret.
//!
//! A change that stands is answered as done, and its record is written even where the store goes
//! away between the two: it waits in memory, and in the log, until the store takes it.

use std::time::Duration;

use jiff::Timestamp;
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
    let entry = Entry {
        // Ids sort as their times do.
        id: format!("evt-{:012x}{random}", now.as_millisecond()),
        at: now,
        actor: [actor.tenant_id, actor.kind, actor.id, actor.label].map(str::to_owned),
        action: action.to_owned(),
        target: [target.kind, target.id].map(str::to_owned),
        target_name: target.name.map(str::to_owned),
        request_id: request_id().unwrap_or_default(),
        detail: detail.map(|value| value.to_string()),
    };
    match state.store().record(entry.row()).await {
        Err(error) if error.is_unavailable() => {
            entry.tell(&error);
            tokio::spawn(entry.write_later(state.clone()));
            Ok(())
        }
        written => written.map_err(store_error),
    }
}

/// How often a record that waits is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// A record, for as long as it waits.
struct Entry {
    id: String,
    at: Timestamp,
    /// Tenant, kind, id, label.
    actor: [String; 4],
    action: String,
    /// Kind, id.
    target: [String; 2],
    target_name: Option<String>,
    request_id: String,
    detail: Option<String>,
}

impl Entry {
    fn row(&self) -> NewAuditEvent<'_> {
        let [tenant_id, actor_kind, actor_id, actor_label] = &self.actor;
        let [target_kind, target_id] = &self.target;
        NewAuditEvent {
            id: &self.id,
            tenant_id,
            at: self.at,
            actor_kind,
            actor_id,
            actor_label,
            action: &self.action,
            target_kind,
            target_id,
            target_name: self.target_name.as_deref(),
            request_id: &self.request_id,
            detail: self.detail.as_deref(),
        }
    }

    /// Enough for the log to stand in for the record, should this process end first.
    fn tell(&self, error: &StoreError) {
        let [tenant_id, _, actor_id, _] = &self.actor;
        let [_, target_id] = &self.target;
        tracing::warn!(
            %error,
            audit.id = self.id,
            tenant.id = tenant_id,
            actor.id = actor_id,
            action = self.action,
            target.id = target_id,
            request.id = self.request_id,
            "a record of a change waits for the store"
        );
    }

    /// Few can wait: without its store a replica lets nobody in after two seconds.
    async fn write_later(self, state: ApiState) {
        let mut attempts = tokio::time::interval(AGAIN);
        loop {
            attempts.tick().await;
            match state.store().record(self.row()).await {
                Err(error) if error.is_unavailable() => {}
                // An attempt whose answer was lost may have written it.
                Err(error) => {
                    return tracing::warn!(%error, audit.id = self.id, "a record of a change was refused");
                }
                Ok(()) => return,
            }
        }
    }
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
