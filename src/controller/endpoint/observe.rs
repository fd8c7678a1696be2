//! All reads of an Endpoint's reconcile.

use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::Ipv4Net;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret, Service};
use kube::ResourceExt as _;
use kube::api::Api;
use kube::runtime::reflector::ObjectRef;
use secrecy::SecretString;

use super::materials::is_whole;
use crate::cluster::address::{self, Addresses};
use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::controller::object::meta;
use crate::crd::{Endpoint, Project, label};
use crate::domain::id;

/// What an Endpoint's reconcile has to go by.
pub(super) struct Observed {
    /// Namespace of the Endpoint.
    pub tenant_namespace: String,
    /// Whether that namespace carries the tenant label.
    pub is_tenant: bool,
    /// UID of the Endpoint.
    pub uid: String,
    /// Its permanent id.
    pub id: String,
    /// The Project it names, if there is one.
    pub project: Option<Arc<Project>>,
    /// Whether the Project's namespace is in place and closed.
    pub project_is_ready: bool,
    /// Whether nothing has become of the Project yet.
    pub project_is_new: bool,
    /// The Project's other Endpoints.
    pub siblings: Vec<Arc<Endpoint>>,
    /// Its pods; more than one only while one replaces another.
    pub pods: Vec<Arc<Pod>>,
    /// Its volume claim.
    pub volume_claim: Option<Arc<PersistentVolumeClaim>>,
    /// Its Service.
    pub service: Option<Arc<Service>>,
    /// Other Services that claim its address.
    pub rivals: Vec<String>,
    /// Its credentials, as stored.
    pub credentials: Option<Arc<Secret>>,
    /// The password that the role refers to: absent, or not readable with the reason.
    pub referred_password: Option<Result<SecretString, String>>,
    /// The password that the connection Secret shows, where the credentials are lost.
    pub published_password: Option<SecretString>,
    /// Address Leases.
    pub leases: Vec<Arc<Lease>>,
    /// The address it holds.
    pub address: Option<Ipv4Addr>,
    /// Service address of the canary.
    pub canary: Option<Ipv4Addr>,
    /// Addresses of the nodes.
    pub nodes: Vec<Ipv4Net>,
}

/// Reads everything once: from the watches, but for the Secret that the role refers to.
///
/// # Errors
/// When the Endpoint lacks what the API server always sets, or a read fails.
pub(super) async fn observe(endpoint: &Endpoint, context: &Context) -> Result<Observed, Error> {
    let tenant_namespace = endpoint.namespace().ok_or(Error::Incomplete("namespace"))?;
    let uid = endpoint.uid().ok_or(Error::Incomplete("UID"))?;
    let id = id::endpoint_id(&uid)?;
    let stores = &context.stores;
    let project = stores
        .projects
        .get(&ObjectRef::new(&endpoint.spec.project).within(&tenant_namespace));
    let workload = match project.as_ref().and_then(|p| p.uid()) {
        Some(project_uid) => Some(id::workload_namespace(&project_uid)?),
        None => None,
    };
    let in_workload = workload.as_deref().unwrap_or_default();
    let service = stores
        .services
        .get(&ObjectRef::new(&id).within(in_workload));
    let credentials = context.secret(in_workload, &id);
    let lost = !credentials.as_deref().is_some_and(is_whole);
    let published_password = match &endpoint.status {
        Some(status) if lost && status.connection_secret.is_some() => {
            published_password(endpoint, context, &tenant_namespace).await?
        }
        _ => None,
    };
    let leases = stores.leases.state();
    let address = Addresses::held(&leases, &uid);
    Ok(Observed {
        is_tenant: context
            .namespace(&tenant_namespace)
            .is_some_and(|ns| ns.labels().contains_key(label::TENANT)),
        project_is_new: project
            .as_ref()
            .is_some_and(|p| p.status.is_none() && !is_just_closed(p, context)),
        project_is_ready: project
            .as_ref()
            .is_some_and(|p| is_ready(p) || is_just_closed(p, context)),
        siblings: stores.endpoints.state_filter(|other| {
            other.namespace().as_deref() == Some(&*tenant_namespace)
                && other.spec.project == endpoint.spec.project
                && other.uid().as_deref() != Some(&*uid)
        }),
        pods: stores
            .pods
            .state_filter(|pod| pod.labels().get(label::ENDPOINT_ID) == Some(&id)),
        volume_claim: stores
            .volume_claims
            .get(&ObjectRef::new(&id).within(in_workload)),
        rivals: address.map_or_else(Vec::new, |address| rivals(context, address, &id)),
        credentials,
        published_password,
        referred_password: referred_password(endpoint, context, &tenant_namespace).await?,
        canary: canary_address(context),
        nodes: node_addresses(context),
        project,
        service,
        leases,
        address,
        tenant_namespace,
        uid,
        id,
    })
}

/// The status says so only after the namespace was closed, and names the generation.
fn is_ready(project: &Project) -> bool {
    project.metadata.deletion_timestamp.is_none()
        && project.status.as_ref().is_some_and(|status| {
            status.namespace.is_some()
                && crate::controller::object::condition::find(
                    &status.conditions,
                    crate::crd::condition::ConditionType::PerimeterReady,
                )
                .is_some_and(|c| c.status == "True")
        })
}

/// The same from this process's own word, where the first status is still to come.
fn is_just_closed(project: &Project, context: &Context) -> bool {
    project.metadata.deletion_timestamp.is_none()
        && project.status.is_none()
        && (project.metadata.uid.as_deref()).is_some_and(|uid| context.perimeters.is_closed(uid))
}

async fn referred_password(
    endpoint: &Endpoint,
    context: &Context,
    namespace: &str,
) -> Result<Option<Result<SecretString, String>>, Error> {
    let Some(reference) = &endpoint.spec.role.password_secret_ref else {
        return Ok(None);
    };
    let api = Api::<Secret>::namespaced(context.client.clone(), namespace);
    let secret = match api.get_opt(&reference.name).await {
        Ok(secret) => secret,
        // The grant of a fresh tenant namespace is not there yet.
        Err(kube::Error::Api(status)) if status.code == 403 => None,
        Err(error) => return Err(Error::Observe("the Secret of the role", error)),
    };
    let place = format!("Secret {}/{}", namespace, reference.name);
    let Some(secret) = secret else {
        return Ok(Some(Err(format!(
            "{place} does not exist: make it, with key {}",
            reference.key
        ))));
    };
    let value = secret
        .data
        .as_ref()
        .and_then(|data| data.get(&reference.key))
        .map(|bytes| String::from_utf8(bytes.0.clone()));
    Ok(Some(match value {
        Some(Ok(password))
            if (8..=256).contains(&password.len()) && !password.contains(['\n', '\r', '\0']) =>
        {
            Ok(password.into())
        }
        Some(_) => Err(format!(
            "key {} of {place} is not a password: it must be one line of 8 to 256 bytes of UTF-8",
            reference.key
        )),
        None => Err(format!("{place} has no key {}: add it", reference.key)),
    }))
}

/// Clients go on with the password they have, even after the operator's copy was lost.
async fn published_password(
    endpoint: &Endpoint,
    context: &Context,
    namespace: &str,
) -> Result<Option<SecretString>, Error> {
    let api = Api::<Secret>::namespaced(context.client.clone(), namespace);
    let name = meta::connection_secret(&endpoint.name_any());
    let secret = match api.get_opt(&name).await {
        Ok(secret) => secret,
        Err(kube::Error::Api(status)) if status.code == 403 => None,
        Err(error) => return Err(Error::Observe("the connection Secret", error)),
    };
    Ok(secret
        .and_then(|secret| String::from_utf8(secret.data?.get("password")?.0.clone()).ok())
        .map(SecretString::from))
}

fn canary_address(context: &Context) -> Option<Ipv4Addr> {
    context
        .canary
        .state()
        .first()?
        .spec
        .as_ref()?
        .cluster_ip
        .as_ref()?
        .parse()
        .ok()
}

fn node_addresses(context: &Context) -> Vec<Ipv4Net> {
    let mut nets = context
        .stores
        .nodes
        .state()
        .iter()
        .filter_map(|node| node.status.as_ref()?.addresses.clone())
        .flatten()
        .filter_map(|address| address.address.parse::<Ipv4Addr>().ok())
        .map(Ipv4Net::from)
        .collect::<Vec<_>>();
    nets.sort_unstable();
    nets.dedup();
    nets
}

/// Services that claim the same address (N13), by namespace and name.
fn rivals(context: &Context, address: Ipv4Addr, id: &str) -> Vec<String> {
    let address = address.to_string();
    context
        .stores
        .services
        .state()
        .iter()
        .filter(|service| service.name_any() != id && address::is_claimed_by(service, &address))
        .map(|service| {
            format!(
                "{}/{}",
                service.namespace().unwrap_or_default(),
                service.name_any()
            )
        })
        .collect()
}
