//! The custom resources as Kubernetes stores them: types, schemas and CEL rules.
//!
//! This layer may not read, write or decide anything. Every bound that admission can know is a
//! CEL rule here, so that `kubectl apply --dry-run=server` tells the truth; what admission cannot
//! know (another object, the configuration) is checked in `controller/*/validate.rs`.

#![expect(
    unreachable_pub,
    reason = "KubeSchema derives hidden copies of the structs, with their visibility"
)]

mod access;
mod api_key;
pub mod condition;
mod endpoint;
pub mod label;
mod project;
mod quantity;
mod text;

pub use access::{Access, InCluster};
pub use api_key::{ApiKey, ApiKeySpec, ApiKeyState, ApiKeyStatus, Scope};
pub use endpoint::{
    Compute, DesiredState, Endpoint, EndpointSpec, EndpointStatus, Phase, PostgresSettings, Role,
    SecretKeyRef, Storage,
};
pub use project::{
    ComputeTemplate, DeletionPolicy, EndpointCounts, EndpointTemplate, Network, Project,
    ProjectQuota, ProjectSpec, ProjectStatus, RoleTemplate, StorageTemplate,
};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// The API group of every resource here.
pub const GROUP: &str = "kisenon.com";

/// The definitions of all kinds, with the name of the file each is generated into.
#[must_use]
pub fn definitions() -> [(&'static str, CustomResourceDefinition); 3] {
    [
        ("projects.yaml", Project::crd()),
        ("endpoints.yaml", Endpoint::crd()),
        ("apikeys.yaml", ApiKey::crd()),
    ]
}
