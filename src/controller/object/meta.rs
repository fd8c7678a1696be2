//! Labels, names and owner references of children. Pure.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::core::NamespaceResourceScope;
use kube::{Resource, ResourceExt};

/// Marks a tenant's namespace; its value is the tenant's id. Set by an admin or the API.
pub const TENANT: &str = "kisenon.com/tenant";
/// UID of the Project that a workload namespace belongs to: the adoption guard.
pub const PROJECT_UID: &str = "kisenon.com/project-uid";
/// Name of the Project that a child belongs to.
pub const PROJECT: &str = "kisenon.com/project";
/// Name of the Endpoint that a child belongs to.
pub const ENDPOINT: &str = "kisenon.com/endpoint";
/// Id of the Endpoint that a child belongs to; the selector of its pod.
pub const ENDPOINT_ID: &str = "kisenon.com/endpoint-id";
/// Namespace of the Project and the Endpoint that a child belongs to.
pub const TENANT_NAMESPACE: &str = "kisenon.com/tenant-namespace";
/// Digest of a pod's template, so that an outdated pod is known without its owner.
pub const TEMPLATE_DIGEST: &str = "kisenon.com/template-digest";
/// Digest of the settings that a running server has been given.
pub const LIVE_SETTINGS: &str = "kisenon.com/live-settings";
/// What a pod's gate has seen, and in which container.
pub const GATE_EVIDENCE: &str = "kisenon.com/gate-evidence";
/// Kubernetes' recommended label for the tool that manages an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Value of [`MANAGED_BY`].
pub const KISENON: &str = "kisenon";
/// Selects every child.
pub const MANAGED: &str = "app.kubernetes.io/managed-by=kisenon";
/// Finalizer of Project and Endpoint.
pub const FINALIZER: &str = "kisenon.com/teardown";

/// Name of the policy that closes a workload namespace.
pub const DEFAULT_DENY: &str = "default-deny";

/// Name of the connection Secret of the Endpoint of this name.
#[must_use]
pub fn connection_secret(endpoint: &str) -> String {
    format!("{endpoint}-connection")
}

/// Kubernetes' label of every namespace; its value is the name.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Labels of a Project's children.
#[must_use]
pub fn project_labels(tenant_namespace: &str, project: &str) -> BTreeMap<String, String> {
    [
        (MANAGED_BY, KISENON),
        (TENANT_NAMESPACE, tenant_namespace),
        (PROJECT, project),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

/// Labels of an Endpoint's children.
#[must_use]
pub fn endpoint_labels(
    tenant_namespace: &str,
    project: &str,
    endpoint: &str,
    id: &str,
) -> BTreeMap<String, String> {
    let mut labels = project_labels(tenant_namespace, project);
    labels.insert(ENDPOINT.to_owned(), endpoint.to_owned());
    labels.insert(ENDPOINT_ID.to_owned(), id.to_owned());
    labels
}

/// Metadata of a child.
#[must_use]
pub fn child(namespace: &str, name: &str, labels: &BTreeMap<String, String>) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        labels: Some(labels.clone()),
        ..ObjectMeta::default()
    }
}

/// A controlling owner reference to an object of the same namespace.
#[must_use]
pub fn owned_by<K>(owner: &K) -> Vec<OwnerReference>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    owner.controller_owner_ref(&()).into_iter().collect()
}

/// Whether `meta` is controlled by the object with this UID.
#[must_use]
pub fn is_controlled_by(meta: &ObjectMeta, uid: &str) -> bool {
    meta.owner_references
        .iter()
        .flatten()
        .any(|owner| owner.controller == Some(true) && owner.uid == uid)
}

/// Whether the object carries the finalizer.
#[must_use]
pub fn has_finalizer<K: Resource>(object: &K) -> bool {
    object.finalizers().iter().any(|f| f == FINALIZER)
}
