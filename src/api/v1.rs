//! Handlers, one file a resource: extract, ask whether the caller may, act, answer.

use std::time::Duration;

use super::http::error::{ApiError, Code};
use crate::cluster::intent::ClusterError;

pub mod audit_events;
pub mod auth;
pub mod cli_grant;
pub mod device_grant;
pub mod me;

/// A refusal of Kubernetes as one of ours. What it says to people is kept; how it is made inside
/// is not shown.
#[must_use]
pub fn cluster_error(error: ClusterError) -> ApiError {
    match error {
        ClusterError::NotFound => ApiError::not_found(),
        ClusterError::NameTaken => ApiError::with(
            Code::NameTaken,
            "something of this kind has that name: choose another",
        ),
        ClusterError::Conflict(message) => ApiError::with(Code::PreconditionFailed, message),
        ClusterError::Invalid { message, fields } => fields
            .into_iter()
            .fold(ApiError::with(Code::InvalidObject, message), |error, field| {
                error.field(field.field, field.message)
            }),
        ClusterError::Forbidden(message) => ApiError::with(Code::Forbidden, message),
        ClusterError::QuotaExceeded(surplus) => {
            ApiError::with(Code::QuotaExceeded, surplus.to_string())
        }
        ClusterError::NotCounting => ApiError::with(
            Code::Unavailable,
            "the tenant was just made and its quota does not count yet: try again",
        )
        .retry_after(Duration::from_secs(2)),
        away @ ClusterError::Unavailable(_) => ApiError::unavailable(away),
        other @ ClusterError::Other(_) => ApiError::internal(other),
    }
}
