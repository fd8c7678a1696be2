//! Handlers, one file a resource: extract, ask whether the caller may, act, answer.

pub mod api_keys;
pub mod audit_events;
pub mod auth;
pub mod cli_grant;
pub mod device_grant;
pub mod endpoint_actions;
pub mod endpoints;
pub mod events;
pub mod manifests;
pub mod me;
pub mod projects;

use std::time::Duration;

use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::identity::caller::Tenant;
use crate::api::state::ApiState;
use crate::cluster::intent::{ClusterError, FieldError};
use crate::cluster::tenant;

/// A refusal of Kubernetes as one of ours. Paths into `spec` become paths into the body.
#[must_use]
pub fn cluster_error(error: ClusterError) -> ApiError {
    match error {
        ClusterError::NotFound => ApiError::not_found(),
        ClusterError::NameTaken => {
            ApiError::with(Code::NameTaken, "one by that name exists: choose another")
        }
        ClusterError::Conflict(words) => ApiError::with(Code::Conflict, words),
        ClusterError::Invalid { message, fields } => invalid(message, fields),
        ClusterError::Forbidden(words) => ApiError::with(Code::Forbidden, words),
        ClusterError::QuotaExceeded(surplus) => {
            ApiError::with(Code::QuotaExceeded, surplus.to_string())
        }
        ClusterError::NotCounting => ApiError::with(
            Code::Unavailable,
            "the tenant was just made and its quota does not count yet: try again",
        )
        .retry_after(Duration::from_secs(2)),
        error @ ClusterError::Unavailable(_) => ApiError::unavailable(error),
        error @ ClusterError::Other(_) => ApiError::internal(error),
    }
}

fn invalid(message: String, fields: Vec<FieldError>) -> ApiError {
    let lines = fields
        .iter()
        .map(|f| format!("{}: {}", member(&f.field), f.message));
    let detail = lines.collect::<Vec<_>>().join("; ");
    let detail = if detail.is_empty() { message } else { detail };
    let refused = ApiError::with(Code::InvalidObject, detail);
    fields.into_iter().fold(refused, |refused, field| {
        refused.field(member(&field.field), field.message)
    })
}

/// Makes the tenant's namespace before its first write, if it is the API's to make.
///
/// # Errors
/// When Kubernetes cannot be reached or refuses.
pub(crate) async fn ensure_tenant(state: &ApiState, owner: &Tenant) -> ApiResult<()> {
    if !owner.is_ours {
        return Ok(());
    }
    let quota = state.config().tenant_quota;
    let ensured = tenant::ensure(state.client(), &owner.id, &owner.namespace, quota).await;
    ensured.map_err(cluster_error)
}

/// Somebody has changed the object since the client read it.
#[must_use]
pub fn changed_since(error: ClusterError) -> ApiError {
    match error {
        ClusterError::Conflict(_) => outdated(),
        error => cluster_error(error),
    }
}

/// The version in `If-Match` is not the present one.
#[must_use]
pub fn outdated() -> ApiError {
    ApiError::with(
        Code::PreconditionFailed,
        "it has changed since you read it: read it again and send the new ETag",
    )
}

/// A version that can be one of Kubernetes.
///
/// # Errors
/// When it cannot: then it is not the present one.
pub fn version(tag: &str) -> Result<&str, ApiError> {
    let can_be = tag.len() <= 20 && tag.bytes().all(|b| b.is_ascii_digit());
    can_be.then_some(tag).ok_or_else(outdated)
}

fn member(field: &str) -> &str {
    let inner = field
        .strip_prefix("spec.")
        .or_else(|| field.strip_prefix("metadata."));
    inner.unwrap_or(field)
}
