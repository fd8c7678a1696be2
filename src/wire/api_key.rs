//! API keys.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::endpoint::ProjectReference;

/// An API key, without the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyView {
    /// Permanent id.
    #[cfg_attr(feature = "server", schema(example = "key-0a1b2c3d4e5f4789"))]
    pub id: String,
    /// Name for people.
    pub label: String,
    /// The public first part of the key.
    #[cfg_attr(feature = "server", schema(example = "nsk_4fQ0sT9bZx"))]
    pub prefix: String,
    /// When it was made.
    #[cfg_attr(feature = "server", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// A recent use, at most an hour old; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(value_type = Option<String>, format = DateTime))]
    pub last_used_at: Option<Timestamp>,
    /// Time after which it is refused; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The only project that it may touch; absent: all of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectReference>,
    /// Whether it is accepted.
    pub state: ApiKeyState,
    /// Id of the user for whom it acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What a key that acts for no user is used for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The key or session that minted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Where its object is kept.
    pub managed_by: ManagedBy,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Read.
    Read,
    /// Create, change and delete.
    Write,
}

/// Whether a key is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub enum ApiKeyState {
    /// Accepted.
    Active,
    /// Past `expiresAt`.
    Expired,
    /// Revoked.
    Revoked,
    /// An older key has the same first part.
    LookupIdTaken,
}

/// Where the object of a key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ManagedBy {
    /// Here: revoking it deletes it.
    Api,
    /// In Git, or wherever `kubectl` was used: revoking it marks it, since it would come back.
    Kubernetes,
}

/// A key to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateApiKey {
    /// Name for people.
    #[cfg_attr(feature = "server", schema(min_length = 1, max_length = 128))]
    pub label: String,
    /// Time after which it is refused. Left out: never, or that of the key that makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
    /// What it may do. Left out: what the credential that makes it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<Scope>>,
    /// Id or name of the only project that it may touch. Left out: as the credential that makes
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
}

/// A key that was just made. Holds a secret: never cached, never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreatedApiKey {
    /// What is known of it from now on.
    #[serde(flatten)]
    pub api_key: ApiKeyView,
    /// The key. This is the only time that it is shown.
    pub key: String,
}

/// A JSON merge patch (RFC 7396) of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateApiKey {
    /// Name for people.
    #[cfg_attr(feature = "server", schema(min_length = 1, max_length = 128))]
    pub label: String,
}

/// A key that has leaked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportApiKey {
    /// The whole key.
    pub key: String,
}
