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
    let is_new = project.status.is_none();
    children.make_namespace(namespace, is_new).await?;
    futures::try_join!(
        children.make(workload_grant, is_new),
        // Other Projects of the tenant have the same.
        children.apply(tenant_grant),
        children.apply(api_grant),
    )?;
    children.make(default_deny, is_new).await?;
    // Not before a write has shown that the grant is in force: each would be refused until then.
    context.watches.open_tenant(&valid.tenant_namespace);
    context.watches.open_workload(&valid.namespace, is_new);
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
        children.make(quota, is_new),
        children.make(limits, is_new),
        children.make(service_account, is_new),
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
