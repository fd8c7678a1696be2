//! Labels by which the objects of the operator and of the API are found. Pure.

use std::collections::BTreeMap;

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
/// Kubernetes' recommended label for the tool that manages an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Value of [`MANAGED_BY`].
pub const KISENON: &str = "kisenon";
/// Selects every child.
pub const MANAGED: &str = "app.kubernetes.io/managed-by=kisenon";
/// Kubernetes' label of every namespace; its value is the name.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Version of the Pod Security Standards that every namespace here is held to (K1).
const POD_SECURITY_VERSION: &str = "v1.33";

/// Labels of a Project's children.
#[must_use]
pub fn project(tenant_namespace: &str, project: &str) -> BTreeMap<String, String> {
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
pub fn endpoint(
    tenant_namespace: &str,
    project: &str,
    endpoint: &str,
    id: &str,
) -> BTreeMap<String, String> {
    let mut labels = self::project(tenant_namespace, project);
    labels.insert(ENDPOINT.to_owned(), endpoint.to_owned());
    labels.insert(ENDPOINT_ID.to_owned(), id.to_owned());
    labels
}

/// Labels of a namespace that admits restricted pods only (Kubernetes, "Pod Security Admission").
#[must_use]
pub fn restricted() -> BTreeMap<String, String> {
    let modes = ["enforce", "audit", "warn"].into_iter();
    let labels = modes.flat_map(|mode| {
        let key = format!("pod-security.kubernetes.io/{mode}");
        let version = format!("{key}-version");
        [(key, "restricted"), (version, POD_SECURITY_VERSION)]
    });
    labels.map(|(key, value)| (key, value.to_owned())).collect()
}
