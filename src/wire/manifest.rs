//! Manifests: the YAML documents that `kubectl apply` takes.

use serde::{Deserialize, Serialize};

use super::problem::FieldProblem;

/// What became, or would become, of the documents of one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ManifestReport {
    /// Whether anything was written. Nothing is where one document is refused.
    pub applied: bool,
    /// One for each document, in its order.
    pub results: Vec<ManifestResult>,
}

/// What became, or would become, of one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ManifestResult {
    /// `Project`, `Endpoint` or `ApiKey`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// What is done.
    pub action: ManifestAction,
    /// Why it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What is wrong with single fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// What changes in its spec, field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diff: Vec<FieldChange>,
}

/// What is done with one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ManifestAction {
    /// There was no such object.
    Created,
    /// The object changes.
    Configured,
    /// The object is already so.
    Unchanged,
    /// It is refused, and nothing of the request is written.
    Refused,
}

/// One field that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// Which, as a path such as `spec.compute.cpu`.
    pub field: String,
    /// Its value before; absent where it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(value_type = Option<Object>))]
    pub before: Option<serde_json::Value>,
    /// Its value after; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(value_type = Option<Object>))]
    pub after: Option<serde_json::Value>,
}
