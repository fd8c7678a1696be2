//! Custom resources as the bodies of answers. Pure.

mod key;

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{Resource, ResourceExt as _};

use crate::crd::{self, Endpoint, Project};
use crate::domain::id;
use crate::wire::endpoint::access::{Access, InCluster};
use crate::wire::endpoint::{
    Compute, DesiredState, EndpointView, PasswordSource, Phase, PostgresSettings, ProjectReference,
    RoleView, Storage,
};
use crate::wire::project::{DeletionPolicy, EndpointCounts, Network, ProjectView, Quota};
use crate::wire::resource::condition::ConditionView;

pub use key::api_key;

/// A project.
#[must_use]
pub fn project(project: &Project) -> ProjectView {
    let spec = &project.spec;
    let status = project.status.clone().unwrap_or_default();
    let counts = status.endpoints.unwrap_or_default();
    ProjectView {
        id: project_id(project),
        name: project.name_any(),
        display_name: spec.display_name.clone(),
        postgres_version: spec.postgres_version.clone(),
        quota: Quota {
            endpoints: spec.quota.endpoints,
            cpu: spec.quota.cpu.clone(),
            memory: spec.quota.memory.clone(),
            storage: spec.quota.storage.clone(),
        },
        network: spec.network.as_ref().map(|network| Network {
            allowed_cidrs: network.allowed_cidrs.clone(),
        }),
        deletion_protection: spec.deletion_protection,
        deletion_policy: match spec.deletion_policy {
            crd::DeletionPolicy::Delete => DeletionPolicy::Delete,
            crd::DeletionPolicy::Retain => DeletionPolicy::Retain,
        },
        endpoints: EndpointCounts {
            ready: counts.ready,
            total: counts.total,
        },
        conditions: conditions(&status.conditions),
        created_at: created_at(project),
        deleting_since: deleting_since(project),
        generation: project.metadata.generation.unwrap_or_default(),
        observed_generation: status.observed_generation,
        etag: version(project),
    }
}

/// An endpoint; `project` is the one it names, if there is one.
#[must_use]
pub fn endpoint(endpoint: &Endpoint, project: Option<&Project>) -> EndpointView {
    let spec = &endpoint.spec;
    let status = endpoint.status.clone().unwrap_or_default();
    EndpointView {
        id: endpoint_id(endpoint),
        name: endpoint.name_any(),
        project: ProjectReference {
            id: project.map(project_id),
            name: spec.project.clone(),
        },
        declared_by_project: project.is_some_and(|project| template(endpoint, project).is_some()),
        compute: Compute {
            cpu: spec.compute.cpu.clone(),
            memory: spec.compute.memory.clone(),
        },
        storage: Storage {
            size: spec.storage.size.clone(),
            class_name: spec.storage.class_name.clone(),
        },
        postgres: spec.postgres.as_ref().map(|postgres| PostgresSettings {
            parameters: postgres.parameters.clone(),
        }),
        database: spec.database.clone(),
        role: RoleView {
            name: spec.role.name.clone(),
            password_source: password_source(endpoint),
        },
        access: spec.access.as_ref().map(access),
        desired_state: match spec.desired_state {
            crd::DesiredState::Running => DesiredState::Running,
            crd::DesiredState::Suspended => DesiredState::Suspended,
        },
        phase: phase(status.phase),
        address: status.address,
        host: status.host,
        port: status.port.and_then(|port| u16::try_from(port).ok()),
        conditions: conditions(&status.conditions),
        created_at: created_at(endpoint),
        deleting_since: deleting_since(endpoint),
        generation: endpoint.metadata.generation.unwrap_or_default(),
        observed_generation: status.observed_generation,
        etag: version(endpoint),
    }
}

/// The template from which the project makes this endpoint, if it does.
#[must_use]
pub fn template<'a>(
    endpoint: &Endpoint,
    project: &'a Project,
) -> Option<&'a crd::EndpointTemplate> {
    let is_owned = endpoint
        .owner_references()
        .iter()
        .any(|owner| Some(&owner.uid) == project.metadata.uid.as_ref());
    let prefix = format!("{}-", project.name_any());
    let name = endpoint.name_any();
    let short = name.strip_prefix(&prefix).filter(|_| is_owned)?;
    let mut templates = project.spec.endpoints.iter().flatten();
    templates.find(|template| template.name == short)
}

/// Who made the password of an endpoint's role.
#[must_use]
pub fn password_source(endpoint: &Endpoint) -> PasswordSource {
    let role = &endpoint.spec.role;
    match (&role.password_secret_ref, &role.password_verifier) {
        (_, Some(_)) => PasswordSource::Verifier,
        (Some(_), None) => PasswordSource::Secret,
        (None, None) => PasswordSource::Operator,
    }
}

/// Permanent id of a project.
#[must_use]
pub fn project_id(project: &Project) -> String {
    let uid = project.uid().unwrap_or_default();
    id::project_id(&uid).unwrap_or_default()
}

/// Permanent id of an endpoint.
#[must_use]
pub fn endpoint_id(endpoint: &Endpoint) -> String {
    let uid = endpoint.uid().unwrap_or_default();
    id::endpoint_id(&uid).unwrap_or_default()
}

/// When an object was made; the API server always says.
#[must_use]
pub fn created_at<K: Resource>(object: &K) -> Timestamp {
    let created = object.meta().creation_timestamp.as_ref();
    created.map_or(Timestamp::UNIX_EPOCH, |time| time.0)
}

/// The place of an object in lists, oldest first.
#[must_use]
pub fn place<K: Resource>(object: &Arc<K>) -> (Timestamp, String) {
    (created_at(&**object), object.name_any())
}

/// Version of an object.
#[must_use]
pub fn version<K: Resource>(object: &K) -> String {
    object.resource_version().unwrap_or_default()
}

fn deleting_since<K: Resource>(object: &K) -> Option<Timestamp> {
    let deletion = object.meta().deletion_timestamp.as_ref();
    deletion.map(|time| time.0)
}

fn access(access: &crd::Access) -> Access {
    Access {
        allowed_cidrs: access.allowed_cidrs.clone(),
        in_cluster: match access.in_cluster {
            crd::InCluster::None => InCluster::None,
            crd::InCluster::TenantNamespace => InCluster::TenantNamespace,
        },
    }
}

fn phase(phase: Option<crd::Phase>) -> Phase {
    match phase {
        None | Some(crd::Phase::Pending) => Phase::Pending,
        Some(crd::Phase::Starting) => Phase::Starting,
        Some(crd::Phase::Running) => Phase::Running,
        Some(crd::Phase::Stopping) => Phase::Stopping,
        Some(crd::Phase::Stopped) => Phase::Stopped,
        Some(crd::Phase::Failed) => Phase::Failed,
    }
}

fn conditions(conditions: &[Condition]) -> Vec<ConditionView> {
    conditions
        .iter()
        .map(|condition| ConditionView {
            type_: condition.type_.clone(),
            status: condition.status.clone(),
            reason: condition.reason.clone(),
            message: condition.message.clone(),
            last_transition_time: condition.last_transition_time.0,
        })
        .collect()
}
