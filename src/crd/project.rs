//! The Project: one tenant's endpoints of one Postgres version, in one workload namespace.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::{Access, cidr_list};
use super::endpoint::{DesiredState, PostgresSettings, SecretKeyRef};
use super::quantity::{between, grows_only};
use super::text::{
    immutable, matching, one_password, own_database, own_role, scram_verifier, short_name, sql_name,
};

/// A group of endpoints that share a Postgres version, a quota and a workload namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "kisenon.com",
    version = "v1alpha1",
    kind = "Project",
    plural = "projects",
    shortname = "prj",
    category = "kisenon",
    namespaced,
    status = "ProjectStatus",
    derive = "PartialEq",
    printcolumn(name = "Postgres", type_ = "string", json_path = ".spec.postgresVersion"),
    printcolumn(name = "Endpoints", type_ = "integer", json_path = ".status.endpoints.total"),
    printcolumn(name = "Running", type_ = "integer", json_path = ".status.endpoints.ready"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].reason",
        priority = 1
    ),
    printcolumn(
        name = "Namespace",
        type_ = "string",
        json_path = ".status.namespace",
        priority = 1
    ),
    validation = Rule::new("size(self.metadata.name) <= 52").message("metadata.name must have at most 52 characters: shorten it"),
    validation = Rule::new("!has(self.spec.endpoints) || self.spec.endpoints.all(e, size(self.metadata.name) + size(e.name) <= 62)")
        .message("the project's name, a hyphen and an endpoint's name must have at most 63 characters together: shorten one"),
    validation = Rule::new("!has(self.spec.endpoints) || has(self.spec.network) || self.spec.endpoints.all(e, has(e.access))")
        .message("say who may connect: give network.allowedCidrs for the project, or access.allowedCidrs for each of its endpoints")
)]
#[serde(rename_all = "camelCase")]
pub struct ProjectSpec {
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub display_name: Option<String>,

    /// Major version of Postgres, one of the operator's catalog. Cannot be changed.
    #[serde(default = "default_postgres_version")]
    #[schemars(length(max = 2))]
    #[x_kube(validation = matching("^[1-9][0-9]$", "postgresVersion must be a major version, for example \"17\""))]
    #[x_kube(validation = immutable("postgresVersion", "make a new Project with the other version and move the data"))]
    pub postgres_version: String,

    /// What the endpoints of this project may use together.
    #[serde(default)]
    pub quota: ProjectQuota,

    /// Who may reach endpoints that do not say so themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,

    /// Refuses deletion of this object while true.
    #[serde(default)]
    pub deletion_protection: bool,

    /// What becomes of the data when an endpoint is deleted.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,

    /// Endpoints to make together with the project, as `<project>-<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub endpoints: Option<Vec<EndpointTemplate>>,
}

/// Sums over all endpoints of a project, suspended ones included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectQuota {
    /// Number of endpoints.
    #[serde(default = "default_quota_endpoints")]
    #[schemars(range(min = 0, max = 100))]
    pub endpoints: u32,
    /// Sum of `compute.cpu`.
    #[serde(default = "default_quota_cpu")]
    #[schemars(length(max = 16))]
    #[x_kube(validation = between("0", "1000", "quota.cpu", "8"))]
    pub cpu: String,
    /// Sum of `compute.memory`.
    #[serde(default = "default_quota_memory")]
    #[schemars(length(max = 16))]
    #[x_kube(validation = between("0", "4Ti", "quota.memory", "16Gi"))]
    pub memory: String,
    /// Sum of `storage.size`.
    #[serde(default = "default_quota_storage")]
    #[schemars(length(max = 16))]
    #[x_kube(validation = between("0", "256Ti", "quota.storage", "100Gi"))]
    pub storage: String,
}

impl Default for ProjectQuota {
    fn default() -> Self {
        Self {
            endpoints: default_quota_endpoints(),
            cpu: default_quota_cpu(),
            memory: default_quota_memory(),
            storage: default_quota_storage(),
        }
    }
}

/// Who may reach endpoints that do not say so themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// IPv4 ranges that may connect, in CIDR notation.
    #[schemars(length(min = 1, max = 64), inner(length(max = 18)))]
    #[x_kube(validation = cidr_list())]
    pub allowed_cidrs: Vec<String>,
}

/// What becomes of the data when an endpoint is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// The volume is deleted with the endpoint.
    #[default]
    Delete,
    /// The volume claim stays in the workload namespace, which stays too.
    Retain,
}

/// An Endpoint to make together with its Project. Only what is written here is held to; other
/// fields of the Endpoint may be set on the Endpoint itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointTemplate {
    /// Name within the project; the Endpoint is called `<project>-<name>`.
    #[schemars(length(min = 1, max = 40))]
    #[x_kube(validation = short_name())]
    pub name: String,
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute: Option<ComputeTemplate>,
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<StorageTemplate>,
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres: Option<PostgresSettings>,
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    #[x_kube(validation = immutable("database", "create further databases in a new endpoint"))]
    #[x_kube(validation = sql_name("database"), validation = own_database())]
    pub database: Option<String>,
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleTemplate>,
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_state: Option<DesiredState>,
}

/// `compute` of an [`EndpointTemplate`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComputeTemplate {
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    #[x_kube(validation = between("100m", "32", "compute.cpu", "500m"))]
    pub cpu: Option<String>,
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    #[x_kube(validation = between("128Mi", "256Gi", "compute.memory", "1Gi"))]
    pub memory: Option<String>,
}

/// `storage` of an [`EndpointTemplate`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageTemplate {
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    #[x_kube(validation = between("256Mi", "16Ti", "storage.size", "10Gi"), validation = grows_only("storage.size"))]
    pub size: Option<String>,
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = immutable("storage.className", "make a new endpoint with the other class and move the data"))]
    pub class_name: Option<String>,
}

/// `role` of an [`EndpointTemplate`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = one_password(), validation = scram_verifier())]
#[serde(rename_all = "camelCase")]
pub struct RoleTemplate {
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    #[x_kube(validation = immutable("role.name", "make a new endpoint"))]
    #[x_kube(validation = sql_name("role.name"), validation = own_role())]
    pub name: Option<String>,
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_ref: Option<SecretKeyRef>,
    /// See Endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub password_verifier: Option<String>,
}

/// What has become of a Project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectStatus {
    /// Generation of the spec that this status is the outcome of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Permanent id, `prj-` and 24 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Workload namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Endpoints of this project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<EndpointCounts>,
    /// `Ready`, `Reconciling` and `Stalled` (kstatus) beside `NamespaceReady`,
    /// `PerimeterReady` and `QuotaReady`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map"), extend("x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// How many endpoints a project has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointCounts {
    /// Those whose `Ready` condition is true.
    pub ready: u32,
    /// All.
    pub total: u32,
}

fn default_quota_endpoints() -> u32 {
    10
}

fn default_quota_cpu() -> String {
    "8".into()
}

fn default_quota_memory() -> String {
    "16Gi".into()
}

fn default_quota_storage() -> String {
    "100Gi".into()
}

fn default_postgres_version() -> String {
    "17".into()
}
