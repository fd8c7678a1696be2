//! From a Project and what was observed to what can be built. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use kube::{Resource as _, ResourceExt as _};

use super::observe::Observed;
use crate::controller::object::condition::Stall;
use crate::controller::object::meta;
use crate::crd::condition::Reason;
use crate::crd::{Endpoint, EndpointTemplate, Project, label};
use crate::domain::id;

/// A Project that can be built.
#[derive(Clone, Debug)]
pub(super) struct ValidProject {
    /// Name of the Project.
    pub name: String,
    /// Its namespace.
    pub tenant_namespace: String,
    /// Its UID.
    pub uid: String,
    /// Its permanent id.
    pub id: String,
    /// Its workload namespace.
    pub namespace: String,
    /// Inline endpoints to make.
    pub templates: Vec<EndpointTemplate>,
    /// Names of Endpoints that an earlier spec had made and this one no longer names.
    pub orphans: Vec<String>,
    /// Policies of others in the workload namespace.
    pub foreign_policies: Vec<String>,
}

/// Checks what admission could not know.
///
/// # Errors
/// With the cause and what to do, for the conditions.
pub(super) fn validate(project: &Project, observed: &Observed) -> Result<ValidProject, Stall> {
    let tenant = &observed.tenant_namespace;
    if !observed.is_tenant {
        return Err(Stall::not_a_tenant(tenant));
    }
    let invalid = |error: id::InvalidUid| Stall::new(Reason::ApplyFailed, error.to_string());
    let namespace = id::workload_namespace(&observed.uid).map_err(invalid)?;
    if let Some(existing) = &observed.workload_namespace
        && existing.labels().get(label::PROJECT_UID) != Some(&observed.uid)
    {
        return Err(Stall::new(
            Reason::AlreadyOwned,
            format!(
                "namespace {namespace} exists and is not this project's: delete it, or make the project anew"
            ),
        ));
    }
    let templates = project.spec.endpoints.clone().unwrap_or_default();
    let name = project.name_any();
    let wanted = templates
        .iter()
        .map(|t| format!("{name}-{}", t.name))
        .collect::<Vec<_>>();
    let existing = observed
        .endpoints
        .iter()
        .map(|e| (e.name_any(), e))
        .collect::<HashMap<_, _>>();
    let ours = |e: &Arc<Endpoint>| meta::is_controlled_by(e.meta(), &observed.uid) && was_inline(e);
    if let Some(taken) = wanted
        .iter()
        .find(|n| existing.get(*n).is_some_and(|e| !ours(e)))
    {
        return Err(Stall::new(
            Reason::EndpointNameTaken,
            format!(
                "Endpoint {taken} exists and was not made by this project: rename the entry in spec.endpoints, or delete that Endpoint"
            ),
        ));
    }
    Ok(ValidProject {
        orphans: existing
            .iter()
            .filter(|(n, e)| ours(e) && !wanted.contains(n))
            .map(|(n, _)| n.clone())
            .collect(),
        id: id::project_id(&observed.uid).map_err(invalid)?,
        tenant_namespace: tenant.clone(),
        uid: observed.uid.clone(),
        foreign_policies: observed.foreign_policies.clone(),
        namespace,
        templates,
        name,
    })
}

/// Whether the Endpoint came from a template rather than from its owner's own hand.
fn was_inline(endpoint: &Endpoint) -> bool {
    endpoint.labels().get(label::MANAGED_BY).map(String::as_str) == Some(label::KISENON)
}
