//! What was changed, by whom.

use serde::{Deserialize, Serialize};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditEventView {
    /// Permanent id.
    pub id: String,
    /// When.
    pub at: String,
    /// Who.
    pub actor: ActorView,
    /// What was done.
    #[cfg_attr(feature = "server", schema(example = "endpoint.create"))]
    pub action: String,
    /// To what.
    pub target: TargetView,
    /// Names the request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// More about it; never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<serde_json::Value>,
}

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActorView {
    /// `user`, `api-key` or `system`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its address or label at that time.
    pub label: String,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TargetView {
    /// `project`, `endpoint`, `api-key`, `session`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name or label at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
