//! The way down of an Endpoint: Service, backends, policy, data, address. Each step waits for the
//! one before; a crash anywhere resumes there.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Secret, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::ResourceExt as _;
use kube::api::{Api, ListParams};
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;

use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::controller::object::{finalizer, meta};
use crate::crd::{DeletionPolicy, Endpoint, Project, label};
use crate::domain::id;

/// Events bring the reconcile back; this is for one that was missed.
const POLL: Duration = Duration::from_secs(1);

/// Takes the next step down.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached.
pub(super) async fn finalize(endpoint: &Endpoint, context: &Context) -> Result<Action, Error> {
    if !meta::has_finalizer(endpoint) {
        return Ok(Action::await_change());
    }
    let uid = endpoint.uid().ok_or(Error::Incomplete("UID"))?;
    let id = id::endpoint_id(&uid)?;
    if let Some(namespace) = workload_namespace(endpoint, context).await?
        && !is_down(endpoint, context, &namespace, &id).await?
    {
        return Ok(Action::requeue(POLL));
    }
    let tenant_namespace = endpoint.namespace().ok_or(Error::Incomplete("namespace"))?;
    let connection = meta::connection_secret(&endpoint.name_any());
    // A namespace on its way out takes the Secret with it, and the grant perhaps before.
    let stays = context
        .namespace(&tenant_namespace)
        .is_some_and(|ns| ns.metadata.deletion_timestamp.is_none());
    if stays
        && context
            .children
            .exists("Secret", &tenant_namespace, &connection)
    {
        // One that the tenant has made its own is refused to us, and goes with its owner.
        match context
            .children
            .delete::<Secret>(&tenant_namespace, &connection)
            .await
        {
            Err(error) if error.code() != Some(403) => return Err(error.into()),
            _ => {}
        }
    }
    let leases = context.stores.leases.state();
    context
        .addresses
        .release(&leases, &uid, (context.now)())
        .await?;
    finalizer::remove(&context.client, endpoint).await?;
    Ok(Action::await_change())
}

/// Whether all that stood in the workload namespace is gone; takes the next step if not.
async fn is_down(
    endpoint: &Endpoint,
    context: &Context,
    namespace: &str,
    id: &str,
) -> Result<bool, Error> {
    let children = &context.children;
    let service_gone = children.delete::<Service>(namespace, id).await?;
    let service_seen = context
        .stores
        .services
        .get(&ObjectRef::new(id).within(namespace))
        .is_some();
    if !service_gone && service_seen {
        return Ok(false);
    }
    children.delete::<StatefulSet>(namespace, id).await?;
    let pods = pods(context, namespace, id).await?;
    if !pods.is_empty() {
        for pod in pods
            .iter()
            .filter(|p| p.metadata.deletion_timestamp.is_none())
        {
            children.delete_exactly(pod).await?;
        }
        return Ok(false);
    }
    children.delete::<NetworkPolicy>(namespace, id).await?;
    futures::try_join!(
        children.delete::<ConfigMap>(namespace, id),
        children.delete::<Secret>(namespace, id),
    )?;
    if !keeps_data(owner(endpoint, context).as_deref()) {
        children
            .delete::<PersistentVolumeClaim>(namespace, id)
            .await?;
    }
    Ok(true)
}

/// Asks the API server, not the watch: policies go only after the last pod has gone (N11).
async fn pods(context: &Context, namespace: &str, id: &str) -> Result<Vec<Pod>, Error> {
    let api = Api::<Pod>::namespaced(context.client.clone(), namespace);
    let params = ListParams::default().labels(&format!("{}={id}", label::ENDPOINT_ID));
    let list = api
        .list(&params)
        .await
        .map_err(|error| Error::Observe("the endpoint's pods", error))?;
    Ok(list.items)
}

/// The Project that owns the Endpoint, if it is still known.
fn owner(endpoint: &Endpoint, context: &Context) -> Option<Arc<Project>> {
    let namespace = endpoint.namespace()?;
    let reference = ObjectRef::new(&endpoint.spec.project).within(&namespace);
    let project = context.stores.projects.get(&reference)?;
    endpoint
        .owner_references()
        .iter()
        .any(|owner| Some(&owner.uid) == project.metadata.uid.as_ref())
        .then_some(project)
}

/// Data goes only on the word of the Project that owns it. One that is gone, or that a lagging
/// watch shows no more, has said nothing; its namespace takes along what it did not retain.
fn keeps_data(owner: Option<&Project>) -> bool {
    owner.is_none_or(|project| project.spec.deletion_policy == DeletionPolicy::Retain)
}

/// The workload namespace, if it stands. The owner names it, since the Project may be gone; an
/// Endpoint without one has never had anything made.
async fn workload_namespace(
    endpoint: &Endpoint,
    context: &Context,
) -> Result<Option<String>, Error> {
    let owner = endpoint
        .owner_references()
        .iter()
        .find(|owner| owner.kind == "Project");
    let Some(owner) = owner else {
        return Ok(None);
    };
    let name = id::workload_namespace(&owner.uid)?;
    Ok(context.look_up_namespace(&name).await?.map(|_| name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn project(policy: &str) -> Project {
        serde_json::from_value(json!({
            "apiVersion": "kisenon.com/v1alpha1",
            "kind": "Project",
            "metadata": { "name": "shop" },
            "spec": { "deletionPolicy": policy },
        }))
        .unwrap()
    }

    /// A second pass over an Endpoint that the watch still showed, after its Project had gone,
    /// once deleted a volume that was to be retained.
    #[test]
    fn data_goes_only_on_the_word_of_its_project() {
        assert!(keeps_data(None));
        assert!(keeps_data(Some(&project("Retain"))));
        assert!(!keeps_data(Some(&project("Delete"))));
    }
}
