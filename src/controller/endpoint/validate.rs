//! From an Endpoint and what was observed to what can be built. Pure.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use kube::{Resource as _, ResourceExt as _};

use super::observe::Observed;
use crate::config::Config;
use crate::controller::object::condition::Stall;
use crate::crd::condition::Reason;
use crate::crd::{DesiredState, Endpoint, InCluster, Project};
use crate::domain::network::{self, Block};
use crate::domain::quantity::{self, InvalidQuantity};
use crate::domain::quota::{self, Amount};
use crate::domain::{id, parameter};

/// An Endpoint that can be built.
#[derive(Clone, Debug)]
pub(super) struct ValidEndpoint {
    /// Name of the Endpoint.
    pub name: String,
    /// Name of its Project.
    pub project: String,
    /// Namespace of both.
    pub tenant_namespace: String,
    /// Workload namespace of the Project.
    pub namespace: String,
    /// Permanent id; the name of every child.
    pub id: String,
    /// UID of the Endpoint; the holder of its address.
    pub uid: String,
    /// DNS name in the certificate.
    pub host: String,
    /// Whether clients should connect to `host` rather than to the address.
    pub host_resolves: bool,
    /// Image of the server.
    pub image: String,
    /// Processor limit, a quantity.
    pub cpu: String,
    /// Memory limit, a quantity.
    pub memory: String,
    /// Memory limit, bytes.
    pub memory_bytes: i128,
    /// Volume size, a quantity.
    pub storage: String,
    /// Storage class; none for the cluster's default.
    pub storage_class: Option<String>,
    /// Tenant's server parameters.
    pub parameters: BTreeMap<String, String>,
    /// Database.
    pub database: String,
    /// Role that clients sign in as.
    pub role: String,
    /// Verifier given by the owner, who alone knows the password.
    pub given_verifier: Option<String>,
    /// Whom the policy admits.
    pub blocks: Vec<Block>,
    /// Whether pods of the tenant's namespace are admitted.
    pub admits_tenant_pods: bool,
    /// Whether the server should run.
    pub running: bool,
    /// Service address of the canary.
    pub canary: Ipv4Addr,
}

/// Checks what admission could not know.
///
/// # Errors
/// With the cause and what to do, for the conditions.
pub(super) fn validate(
    endpoint: &Endpoint,
    observed: &Observed,
    config: &Config,
) -> Result<ValidEndpoint, Stall> {
    let (project, project_uid) = project(endpoint, observed)?;
    let spec = &endpoint.spec;
    check_quota(endpoint, observed, project)?;
    let image = config
        .postgres_images
        .get(&project.spec.postgres_version)
        .ok_or_else(|| {
            let known = config.postgres_images.keys().cloned().collect::<Vec<_>>();
            Stall::new(
                Reason::PostgresVersionUnknown,
                format!(
                    "no image of Postgres {} is configured, these are: {}; make the project anew with one of them, or ask the platform admin for this one",
                    project.spec.postgres_version,
                    known.join(", ")
                ),
            )
        })?;
    let parameters = spec
        .postgres
        .as_ref()
        .map(|postgres| postgres.parameters.clone())
        .unwrap_or_default();
    parameter::check(&parameters)
        .map_err(|error| Stall::new(Reason::ParameterInvalid, error.to_string()))?;
    if let Some(Err(why)) = &observed.referred_password {
        return Err(Stall::new(Reason::PasswordSecretInvalid, why.clone()));
    }
    let canary = observed.canary.ok_or_else(|| {
        Stall::new(
            Reason::Waiting,
            "the Service kisenon-canary does not exist yet, so isolation could not be verified: apply the operator's manifests",
        )
    })?;
    let (blocks, admits_tenant_pods) = access(endpoint, project, observed, config)?;
    let unreadable = |error: InvalidQuantity| Stall::new(Reason::ApplyFailed, error.to_string());
    let invalid = |error: id::InvalidUid| Stall::new(Reason::ApplyFailed, error.to_string());
    Ok(ValidEndpoint {
        name: endpoint.name_any(),
        project: project.name_any(),
        namespace: id::workload_namespace(&project_uid).map_err(invalid)?,
        tenant_namespace: observed.tenant_namespace.clone(),
        id: observed.id.clone(),
        uid: observed.uid.clone(),
        host: host(&observed.id, config),
        host_resolves: config.endpoint_domain.is_some(),
        image: image.clone(),
        cpu: spec.compute.cpu.clone(),
        memory: spec.compute.memory.clone(),
        memory_bytes: quantity::whole(&spec.compute.memory).map_err(unreadable)?,
        storage: spec.storage.size.clone(),
        storage_class: spec
            .storage
            .class_name
            .clone()
            .or_else(|| config.default_storage_class.clone()),
        parameters,
        database: spec.database.clone(),
        role: spec.role.name.clone(),
        given_verifier: spec.role.password_verifier.clone(),
        blocks,
        admits_tenant_pods,
        running: spec.desired_state == DesiredState::Running,
        canary,
    })
}

/// Without a domain of its own an endpoint's name is one that no one can register (RFC 6761).
fn host(id: &str, config: &Config) -> String {
    let domain = config
        .endpoint_domain
        .as_deref()
        .unwrap_or("kisenon.invalid");
    format!("{id}.{domain}")
}

fn project<'a>(
    endpoint: &Endpoint,
    observed: &'a Observed,
) -> Result<(&'a Project, String), Stall> {
    let tenant = &observed.tenant_namespace;
    if !observed.is_tenant {
        return Err(Stall::not_a_tenant(tenant));
    }
    let found = observed
        .project
        .as_deref()
        .and_then(|project| Some((project, project.uid()?)));
    let Some((project, uid)) = found else {
        return Err(Stall::new(
            Reason::ProjectNotFound,
            format!(
                "namespace {tenant} has no Project {}: make it, or make this Endpoint anew with the right name",
                endpoint.spec.project
            ),
        ));
    };
    let other_owner = endpoint
        .owner_references()
        .iter()
        .any(|owner| owner.kind == "Project" && owner.uid != uid);
    if other_owner {
        return Err(Stall::new(
            Reason::AlreadyOwned,
            format!(
                "this Endpoint belonged to an earlier Project {}: make the Endpoint anew",
                project.name_any()
            ),
        ));
    }
    if !observed.project_is_ready {
        return Err(Stall::new(
            Reason::ProjectNotReady,
            format!(
                "Project {} is not ready: see its conditions",
                project.name_any()
            ),
        ));
    }
    Ok((project, uid))
}

/// Older endpoints come first, so that a new one never takes from those that run.
fn check_quota(endpoint: &Endpoint, observed: &Observed, project: &Project) -> Result<(), Stall> {
    let unreadable = |error: InvalidQuantity| Stall::new(Reason::QuotaExceeded, error.to_string());
    let age = |e: &Endpoint| (e.meta().creation_timestamp.clone().map(|t| t.0), e.uid());
    let mine = age(endpoint);
    let older = observed
        .siblings
        .iter()
        .filter(|sibling| age(sibling) < mine)
        .map(|sibling| amount(sibling))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    let quota = &project.spec.quota;
    let limit = Amount {
        endpoints: i128::from(quota.endpoints),
        cpu: quantity::milli(&quota.cpu).map_err(unreadable)?,
        memory: quantity::milli(&quota.memory).map_err(unreadable)?,
        storage: quantity::milli(&quota.storage).map_err(unreadable)?,
    };
    match quota::exceeded(&older, amount(endpoint).map_err(unreadable)?, limit) {
        None => Ok(()),
        Some(part) => Err(Stall::new(
            Reason::QuotaExceeded,
            format!(
                "quota.{part} of Project {} has no room for this endpoint beside {} older: raise the quota, or delete or shrink one of them",
                project.name_any(),
                older.len()
            ),
        )),
    }
}

fn amount(endpoint: &Endpoint) -> Result<Amount, InvalidQuantity> {
    Ok(Amount {
        endpoints: 1,
        cpu: quantity::milli(&endpoint.spec.compute.cpu)?,
        memory: quantity::milli(&endpoint.spec.compute.memory)?,
        storage: quantity::milli(&endpoint.spec.storage.size)?,
    })
}

fn access(
    endpoint: &Endpoint,
    project: &Project,
    observed: &Observed,
    config: &Config,
) -> Result<(Vec<Block>, bool), Stall> {
    let own = endpoint.spec.access.as_ref();
    let texts = own
        .map(|access| &access.allowed_cidrs)
        .or_else(|| project.spec.network.as_ref().map(|network| &network.allowed_cidrs))
        .ok_or_else(|| {
            Stall::new(
                Reason::AccessMissing,
                "neither this Endpoint nor its Project says who may connect: give access.allowedCidrs here or network.allowedCidrs there",
            )
        })?;
    let invalid =
        |error: network::AllowListError| Stall::new(Reason::AccessInvalid, error.to_string());
    let reserved = [
        &*config.cluster_networks.pods,
        &config.cluster_networks.services,
        &config.cluster_networks.nodes,
        &observed.nodes,
        &config.address_pool.ranges(),
    ]
    .concat();
    let allowed = network::parse_allow_list(texts).map_err(invalid)?;
    let blocks = network::admit(&allowed, &reserved).map_err(invalid)?;
    let tenant_pods = own.is_some_and(|access| access.in_cluster == InCluster::TenantNamespace);
    Ok((blocks, tenant_pods))
}
