//! Endpoints.

pub mod access;
pub mod connection;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::access::{Access, AccessInput};
use super::resource::change::Change;
use super::resource::condition::ConditionView;

/// One Postgres server behind its own perimeter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EndpointView {
    /// Permanent id.
    #[cfg_attr(feature = "server", schema(example = "ep-0a1b2c3d4e5f4789"))]
    pub id: String,
    /// Name, which `kubectl` knows it by too.
    #[cfg_attr(feature = "server", schema(example = "shop-main"))]
    pub name: String,
    /// The project it belongs to.
    pub project: ProjectReference,
    /// Whether the project declares it: then it is changed and deleted there.
    pub declared_by_project: bool,
    /// Processor and memory.
    pub compute: Compute,
    /// Disk.
    pub storage: Storage,
    /// Settings of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres: Option<PostgresSettings>,
    /// Name of the database.
    pub database: String,
    /// The role that clients sign in as.
    pub role: RoleView,
    /// Who may reach it; absent where the project's `network` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// Whether it should run.
    pub desired_state: DesiredState,
    /// Where it is in its life.
    pub phase: Phase,
    /// Load-balancer address, once it is opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Name to connect to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// TCP port to connect to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `Ready`, `Reconciling` and `Stalled` beside `PerimeterReady`, `IsolationVerified`,
    /// `AddressAssigned` and `ServerReady`.
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

/// A project, from something that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProjectReference {
    /// Permanent id; absent while there is no project of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name.
    pub name: String,
}

/// Processor and memory of one server, as Kubernetes quantities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Compute {
    /// Processor limit.
    #[cfg_attr(feature = "server", schema(example = "500m"))]
    pub cpu: String,
    /// Memory limit.
    #[cfg_attr(feature = "server", schema(example = "512Mi"))]
    pub memory: String,
}

/// A part of [`Compute`]; what is left out stays, or has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComputeInput {
    /// Processor limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Memory limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
}

/// Disk of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// Size, a Kubernetes quantity.
    #[cfg_attr(feature = "server", schema(example = "1Gi"))]
    pub size: String,
    /// Storage class; absent for the cluster's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_name: Option<String>,
}

/// A part of [`Storage`]; what is left out stays, or has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorageInput {
    /// Size, a Kubernetes quantity. Grows only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Storage class. Cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_name: Option<String>,
}

/// Settings of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostgresSettings {
    /// Server parameters by name. Only those that cannot weaken isolation are admitted.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// A merge patch of [`PostgresSettings`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostgresSettingsPatch {
    /// Server parameters by name; null gives one its default back.
    #[serde(default)]
    pub parameters: BTreeMap<String, Option<String>>,
}

/// The role that clients sign in as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoleView {
    /// Name.
    pub name: String,
    /// Who made its password.
    pub password_source: PasswordSource,
}

/// Who made a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum PasswordSource {
    /// The operator; `GET …/connection` shows it.
    Operator,
    /// It is in a Secret of the tenant's namespace.
    Secret,
    /// Only its SCRAM verifier is kept; nobody can show it.
    Verifier,
}

/// The role of an endpoint to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleInput {
    /// Name. Cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// SCRAM-SHA-256 verifier of its password. Left out: the operator makes a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_verifier: Option<String>,
}

/// Whether a server should run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub enum DesiredState {
    /// It runs.
    #[default]
    Running,
    /// It is stopped; address and data are kept.
    Suspended,
}

/// Where a server is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub enum Phase {
    /// Nothing runs yet; conditions say what is awaited.
    #[default]
    Pending,
    /// It is coming up.
    Starting,
    /// It accepts clients.
    Running,
    /// It is going down.
    Stopping,
    /// It is suspended.
    Stopped,
    /// It cannot come up; conditions say why.
    Failed,
}

/// An endpoint to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateEndpoint {
    /// Id or name of its project. Cannot be changed.
    pub project: String,
    /// Name: lower-case letters, digits and hyphens, at most 63. Cannot be changed.
    #[cfg_attr(feature = "server", schema(example = "shop-main", max_length = 63))]
    pub name: String,
    /// Processor and memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute: Option<ComputeInput>,
    /// Disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<StorageInput>,
    /// Settings of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres: Option<PostgresSettings>,
    /// Name of the database. Cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The role that clients sign in as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleInput>,
    /// Who may reach it. Left out: the project's `network`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// Whether it should run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_state: Option<DesiredState>,
}

/// A JSON merge patch (RFC 7396) of an endpoint: what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateEndpoint {
    /// Processor and memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute: Option<ComputeInput>,
    /// Disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<StorageInput>,
    /// Settings of the server; null gives all their defaults back.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(feature = "server", schema(value_type = Option<PostgresSettingsPatch>))]
    pub postgres: Change<PostgresSettingsPatch>,
    /// Who may reach it; null: the project's `network` says so.
    #[serde(default, skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(feature = "server", schema(value_type = Option<AccessInput>))]
    pub access: Change<AccessInput>,
    /// Whether it should run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_state: Option<DesiredState>,
}
