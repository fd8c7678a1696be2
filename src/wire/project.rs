//! Projects.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::resource::change::Change;
use super::resource::condition::ConditionView;

/// A group of endpoints that share a Postgres version, a quota and a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProjectView {
    /// Permanent id.
    #[cfg_attr(feature = "server", schema(example = "prj-0a1b2c3d4e5f47899abcdef0"))]
    pub id: String,
    /// Name, which `kubectl` knows it by too.
    #[cfg_attr(feature = "server", schema(example = "shop"))]
    pub name: String,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Major version of Postgres.
    #[cfg_attr(feature = "server", schema(example = "17"))]
    pub postgres_version: String,
    /// What its endpoints may use together.
    pub quota: Quota,
    /// Who may reach endpoints that do not say so themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Refuses deletion while true.
    pub deletion_protection: bool,
    /// What becomes of the data when an endpoint is deleted.
    pub deletion_policy: DeletionPolicy,
    /// How many endpoints it has.
    pub endpoints: EndpointCounts,
    /// `Ready`, `Reconciling` and `Stalled` beside `NamespaceReady`, `PerimeterReady` and
    /// `QuotaReady`.
    pub conditions: Vec<ConditionView>,
    /// When it was made.
    #[cfg_attr(feature = "server", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// Since when it is being deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(value_type = Option<String>, format = DateTime))]
    pub deleting_since: Option<Timestamp>,
    /// Counts what was asked for: each change of the intent makes it one more.
    pub generation: i64,
    /// The generation that phase and conditions speak of; absent before the operator's first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Its version, for `If-Match`.
    pub etag: String,
}

/// Sums over all endpoints of a project, as Kubernetes quantities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// Number of endpoints.
    pub endpoints: u32,
    /// Processor.
    #[cfg_attr(feature = "server", schema(example = "8"))]
    pub cpu: String,
    /// Memory.
    #[cfg_attr(feature = "server", schema(example = "16Gi"))]
    pub memory: String,
    /// Disk.
    #[cfg_attr(feature = "server", schema(example = "100Gi"))]
    pub storage: String,
}

/// A part of [`Quota`]; what is left out stays, or has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuotaInput {
    /// Number of endpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<u32>,
    /// Processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
}

/// Who may reach endpoints that do not say so themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
    /// IPv4 ranges in CIDR notation.
    #[cfg_attr(feature = "server", schema(example = json!(["203.0.113.0/24"])))]
    pub allowed_cidrs: Vec<String>,
}

/// What becomes of the data when an endpoint is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub enum DeletionPolicy {
    /// The volume is deleted with the endpoint.
    #[default]
    Delete,
    /// The volume stays.
    Retain,
}

/// How many endpoints a project has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EndpointCounts {
    /// Those that are ready.
    pub ready: u32,
    /// All.
    pub total: u32,
}

/// A project to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateProject {
    /// Name: lower-case letters, digits and hyphens, at most 52. Cannot be changed.
    #[cfg_attr(feature = "server", schema(example = "shop", max_length = 52))]
    pub name: String,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Major version of Postgres. Cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres_version: Option<String>,
    /// What its endpoints may use together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaInput>,
    /// Who may reach endpoints that do not say so themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Refuses deletion while true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_protection: Option<bool>,
    /// What becomes of the data when an endpoint is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
}

/// A JSON merge patch (RFC 7396) of a project: what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateProject {
    /// Name for people; null removes it.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
    pub display_name: Change<String>,
    /// What its endpoints may use together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaInput>,
    /// Who may reach endpoints that do not say so themselves; null removes it.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(feature = "server", schema(value_type = Option<Network>))]
    pub network: Change<Network>,
    /// Refuses deletion while true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_protection: Option<bool>,
    /// What becomes of the data when an endpoint is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
}
