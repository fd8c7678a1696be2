//! All writes of a Project's reconcile, in order: the namespace and its grant, then what closes
//! it, then what may run in it.

use futures::future::try_join_all;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::ResourceExt as _;
use serde_json::Value;

use super::build::Desired;
use super::observe::Observed;
use super::validate::ValidProject;
use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::controller::object::finalizer;
use crate::crd::{Endpoint, Project};

/// Applies every child. Nothing of an endpoint is made before the namespace is closed.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached.
pub(super) async fn apply(
    context: &Context,
    project: &Project,
    observed: &Observed,
    valid: &ValidProject,
    desired: &Desired,
) -> Result<(), Error> {
    let Desired {
        namespace,
        workload_grant,
        tenant_grant,
        api_grant,
        default_deny,
        quota,
        limits,
        service_account,
        endpoints,
    } = desired;
    let children = &context.children;
    finalizer::ensure(&context.client, project, None).await?;
    children.apply_namespace(namespace).await?;
    futures::try_join!(
        children.apply(workload_grant),
        children.apply(tenant_grant),
        children.apply(api_grant),
    )?;
    context.watches.open_tenant(&valid.tenant_namespace);
    context.watches.open_workload(&valid.namespace);
    children.apply(default_deny).await?;
    for name in &valid.foreign_policies {
        tracing::warn!(
            k8s.namespace = valid.namespace,
            policy.name = name,
            "deletes a policy of somebody else: policies add up"
        );
        children
            .delete::<NetworkPolicy>(&valid.namespace, name)
            .await?;
    }
    futures::try_join!(
        children.apply(quota),
        children.apply(limits),
        children.apply(service_account),
    )?;
    try_join_all(
        endpoints
            .iter()
            .filter(|endpoint| !is_being_deleted(observed, endpoint))
            .map(|endpoint| children.apply_partial::<Endpoint>(endpoint)),
    )
    .await?;
    for orphan in &valid.orphans {
        children
            .delete::<Endpoint>(&valid.tenant_namespace, orphan)
            .await?;
    }
    Ok(())
}

/// One that is being deleted cannot be applied; it is made anew once it is gone.
fn is_being_deleted(observed: &Observed, endpoint: &Value) -> bool {
    let name = endpoint["metadata"]["name"].as_str().unwrap_or_default();
    observed
        .endpoints
        .iter()
        .any(|e| e.name_any() == name && e.metadata.deletion_timestamp.is_some())
}
