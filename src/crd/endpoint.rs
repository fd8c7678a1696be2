//! The Endpoint: one Postgres server behind its own perimeter.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::core::{Reason, Rule};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access::Access;
use super::quantity::{between, grows_only};
use super::text::{
    immutable, matching, one_password, own_database, own_role, scram_verifier, sql_name,
};
use crate::domain::parameter;

/// One Postgres server of a Project, reachable by exactly whom `access` names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "kisenon.com",
    version = "v1alpha1",
    kind = "Endpoint",
    plural = "endpoints",
    shortname = "kep",
    category = "kisenon",
    namespaced,
    status = "EndpointStatus",
    derive = "PartialEq",
    selectable = ".spec.project",
    printcolumn(name = "Project", type_ = "string", json_path = ".spec.project"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Address", type_ = "string", json_path = ".status.address"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(
        name = "Isolated",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"IsolationVerified\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].reason",
        priority = 1
    ),
    validation = Rule::new("size(self.metadata.name) <= 63").message("metadata.name must have at most 63 characters: shorten it")
)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSpec {
    /// Name of the Project in the same namespace. Cannot be changed.
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = immutable("project", "make a new Endpoint in the other project and move the data"))]
    pub project: String,

    /// Processor and memory of the server.
    #[serde(default)]
    pub compute: Compute,

    /// Disk of the server.
    #[serde(default)]
    pub storage: Storage,

    /// Settings of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres: Option<PostgresSettings>,

    /// Name of the database. Cannot be changed.
    #[serde(default = "default_database")]
    #[schemars(length(max = 63))]
    #[x_kube(validation = immutable("database", "create further databases in a new Endpoint"))]
    #[x_kube(validation = sql_name("database"), validation = own_database())]
    pub database: String,

    /// The role that clients sign in as.
    #[serde(default)]
    pub role: Role,

    /// Who may reach the server. Left out: the Project's `network`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,

    /// Whether the server should run. A suspended one keeps its address and its data.
    #[serde(default)]
    pub desired_state: DesiredState,
}

/// Processor and memory of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Compute {
    /// Processor limit, a Kubernetes quantity from 100m to 32.
    #[serde(default = "default_cpu")]
    #[schemars(length(max = 16))]
    #[x_kube(validation = between("100m", "32", "compute.cpu", "500m"))]
    pub cpu: String,

    /// Memory limit, a Kubernetes quantity from 128Mi to 256Gi.
    #[serde(default = "default_memory")]
    #[schemars(length(max = 16))]
    #[x_kube(validation = between("128Mi", "256Gi", "compute.memory", "1Gi"))]
    pub memory: String,
}

impl Default for Compute {
    fn default() -> Self {
        Self {
            cpu: default_cpu(),
            memory: default_memory(),
        }
    }
}

/// Disk of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = Rule::new("has(self.className) == has(oldSelf.className) && (!has(self.className) || self.className == oldSelf.className)")
    .message("storage.className cannot be changed: make a new Endpoint with the other class and move the data")
    .reason(Reason::FieldValueForbidden))]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// Size of the volume, a Kubernetes quantity from 256Mi to 16Ti. Grows only.
    #[serde(default = "default_size")]
    #[schemars(length(max = 16))]
    #[x_kube(validation = between("256Mi", "16Ti", "storage.size", "10Gi"), validation = grows_only("storage.size"))]
    pub size: String,

    /// Storage class of the volume. Left out: the class that the cluster calls its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub class_name: Option<String>,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            size: default_size(),
            class_name: None,
        }
    }
}

/// Settings of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostgresSettings {
    /// Server parameters by name (PostgreSQL manual, chapter "Server Configuration").
    /// Only those that cannot weaken isolation are admitted. A change restarts the server.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 32, "additionalProperties" = parameter_value()))]
    #[x_kube(validation = known_parameters())]
    pub parameters: BTreeMap<String, String>,
}

/// The role that clients sign in as. Without `passwordSecretRef` and `passwordVerifier` the
/// operator makes a password and puts it in the connection Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = one_password(), validation = scram_verifier())]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Name of the role. Cannot be changed.
    #[serde(default = "default_role")]
    #[schemars(length(max = 63))]
    #[x_kube(validation = immutable("role.name", "make a new Endpoint"))]
    #[x_kube(validation = sql_name("role.name"), validation = own_role())]
    pub name: String,

    /// Secret in the same namespace that holds the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_ref: Option<SecretKeyRef>,

    /// SCRAM-SHA-256 verifier of the password, as `pg_authid.rolpassword` holds it. Safe in Git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub password_verifier: Option<String>,
}

impl Default for Role {
    fn default() -> Self {
        Self {
            name: default_role(),
            password_secret_ref: None,
            password_verifier: None,
        }
    }
}

/// One key of a Secret in the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyRef {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Key in the Secret.
    #[serde(default = "default_secret_key")]
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
}

/// Whether the server should run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DesiredState {
    /// The server runs.
    #[default]
    Running,
    /// The server is stopped; address and data are kept.
    Suspended,
}

/// What has become of an Endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointStatus {
    /// Generation of the spec that this status is the outcome of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Permanent id, `ep-` and 16 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where the server is in its life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Load-balancer address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Name to connect to; the certificate holds it and the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// TCP port to connect to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
    /// Name of the Secret, in this namespace, with everything a client needs
    /// (Service Binding specification for Kubernetes, "Well-known Secret Entries").
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_secret: Option<String>,
    /// `Ready`, `Reconciling` and `Stalled` (kstatus) beside `PerimeterReady`,
    /// `IsolationVerified`, `AddressAssigned` and `ServerReady`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map"), extend("x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// Where a server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    /// Nothing runs yet; conditions say what is awaited.
    Pending,
    /// The server is coming up.
    Starting,
    /// The server accepts clients.
    Running,
    /// The server is going down.
    Stopping,
    /// The server is suspended.
    Stopped,
    /// The server cannot come up; conditions say why.
    Failed,
}

impl Phase {
    /// All phases.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Starting,
        Self::Running,
        Self::Stopping,
        Self::Stopped,
        Self::Failed,
    ];

    /// As the status spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Failed => "Failed",
        }
    }
}

fn known_parameters() -> Rule {
    let names = parameter::names().collect::<Vec<_>>();
    Rule::new(format!("self.all(p, p in ['{}'])", names.join("','")))
        .message(&*format!(
            "unknown or protected parameter; these can be set: {}",
            names.join(", ")
        ))
        .reason(Reason::FieldValueForbidden)
}

/// The schema of a parameter's value. Its rule is the value's own, so that the refusal names the
/// parameter: an expression that does exceeds the cost that the API server grants.
fn parameter_value() -> serde_json::Value {
    let rule = matching(
        "^[A-Za-z0-9_./+ -]+$",
        "a parameter's value must be a number with its unit or a word, for example 64MB, 30s, on",
    );
    json!({"type": "string", "maxLength": 64, "x-kubernetes-validations": [rule]})
}

fn default_cpu() -> String {
    "500m".into()
}

fn default_memory() -> String {
    "512Mi".into()
}

fn default_size() -> String {
    "1Gi".into()
}

fn default_role() -> String {
    "app".into()
}

fn default_database() -> String {
    "main".into()
}

fn default_secret_key() -> String {
    "password".into()
}
