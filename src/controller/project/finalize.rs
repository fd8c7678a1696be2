//! The way down of a Project: its endpoints first, each by its own teardown, then the namespace.

use std::time::Duration;

use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::ResourceExt as _;
use kube::api::{Api, ListParams};
use kube::runtime::controller::Action;

use super::build::{API, OPERATOR};
use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::controller::object::{finalizer, meta};
use crate::crd::{DeletionPolicy, Endpoint, Project, label};
use crate::domain::id;

/// Events bring the reconcile back; this is for one that was missed.
const POLL: Duration = Duration::from_secs(2);

/// Takes the next step down.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached.
pub(super) async fn finalize(project: &Project, context: &Context) -> Result<Action, Error> {
    if !meta::has_finalizer(project) {
        return Ok(Action::await_change());
    }
    let uid = project.uid().ok_or(Error::Incomplete("UID"))?;
    context.perimeters.forget(&uid);
    let tenant_namespace = project.namespace().ok_or(Error::Incomplete("namespace"))?;
    let endpoints = endpoints_of(context, &tenant_namespace, &project.name_any()).await?;
    if !endpoints.is_empty() {
        for endpoint in &endpoints {
            if endpoint.metadata.deletion_timestamp.is_none() {
                let name = endpoint.name_any();
                context
                    .children
                    .delete::<Endpoint>(&tenant_namespace, &name)
                    .await?;
            }
        }
        return Ok(Action::requeue(POLL));
    }
    let workload = id::workload_namespace(&uid)?;
    let ours = context
        .look_up_namespace(&workload)
        .await?
        .is_some_and(|ns| ns.labels().get(label::PROJECT_UID) == Some(&uid));
    if ours && project.spec.deletion_policy == DeletionPolicy::Delete {
        context.children.delete_namespace(&workload).await?;
        return Ok(Action::requeue(POLL));
    }
    let last_of_tenant = !context.stores.projects.state().iter().any(|p| {
        p.namespace().as_deref() == Some(&*tenant_namespace) && p.uid().as_deref() != Some(&*uid)
    });
    context.watches.close(&workload);
    if last_of_tenant {
        context.watches.close(&tenant_namespace);
        for grant in [API, OPERATOR] {
            context
                .children
                .delete::<RoleBinding>(&tenant_namespace, grant)
                .await?;
        }
    }
    finalizer::remove(&context.client, project).await?;
    Ok(Action::await_change())
}

/// Asks the API server, not the watch: none may be missed here.
async fn endpoints_of(
    context: &Context,
    namespace: &str,
    project: &str,
) -> Result<Vec<Endpoint>, Error> {
    let api = Api::<Endpoint>::namespaced(context.client.clone(), namespace);
    let params = ListParams::default().fields(&format!("spec.project={project}"));
    let list = api
        .list(&params)
        .await
        .map_err(|error| Error::Observe("the project's endpoints", error))?;
    Ok(list.items)
}
