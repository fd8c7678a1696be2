//! All reads of a Project's reconcile. From the watches: nothing here asks the API server.

use std::collections::HashSet;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;
use kube::ResourceExt as _;
use kube::core::PartialObjectMeta;

use super::validate::ValidProject;
use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::controller::object::meta;
use crate::crd::{Endpoint, EndpointTemplate, Project, label};
use crate::domain::id;

/// What a Project's reconcile has to go by.
pub(super) struct Observed {
    /// Namespace of the Project.
    pub tenant_namespace: String,
    /// Whether that namespace carries the tenant label.
    pub is_tenant: bool,
    /// UID of the Project.
    pub uid: String,
    /// Its workload namespace, if one by that name exists.
    pub workload_namespace: Option<Arc<PartialObjectMeta<Namespace>>>,
    /// Endpoints of the Project's namespace.
    pub endpoints: Vec<Arc<Endpoint>>,
    /// Names of policies in the workload namespace that are not the operator's.
    pub foreign_policies: Vec<String>,
}

/// Reads everything once.
///
/// # Errors
/// When the Project lacks what the API server always sets.
pub(super) fn observe(project: &Project, context: &Context) -> Result<Observed, Error> {
    let tenant_namespace = project.namespace().ok_or(Error::Incomplete("namespace"))?;
    let uid = project.uid().ok_or(Error::Incomplete("UID"))?;
    let workload = id::workload_namespace(&uid)?;
    let endpoints = context
        .stores
        .endpoints
        .state_filter(|e| e.namespace().as_deref() == Some(&*tenant_namespace));
    // By name: labels are anybody's to set.
    let own = endpoints
        .iter()
        .filter_map(|e| id::endpoint_id(&e.uid()?).ok())
        .chain([meta::DEFAULT_DENY.to_owned()])
        .collect::<HashSet<_>>();
    let foreign_policies = context
        .stores
        .policies
        .state_filter(|policy| {
            policy.namespace().as_deref() == Some(&*workload) && !own.contains(&policy.name_any())
        })
        .iter()
        .map(|policy| policy.name_any())
        .collect();
    Ok(Observed {
        is_tenant: context
            .namespace(&tenant_namespace)
            .is_some_and(|ns| ns.labels().contains_key(label::TENANT)),
        workload_namespace: context.namespace(&workload),
        tenant_namespace,
        uid,
        endpoints,
        foreign_policies,
    })
}

impl Observed {
    /// Whether an Endpoint of the Project has yet to say anything.
    pub(super) fn awaits_endpoints(&self, valid: &ValidProject) -> bool {
        let is_mute = |e: &Arc<Endpoint>| e.spec.project == valid.name && e.status.is_none();
        let is_to_come = |template: &EndpointTemplate| {
            let name = format!("{}-{}", valid.name, template.name);
            self.endpoints.iter().all(|e| e.name_any() != name)
        };
        self.endpoints.iter().any(is_mute) || valid.templates.iter().any(is_to_come)
    }
}
