//! Annotations, names and owner references of children. Pure.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::core::NamespaceResourceScope;
use kube::{Resource, ResourceExt};

/// Digest of a pod's template, so that an outdated pod is known without its owner.
pub const TEMPLATE_DIGEST: &str = "kisenon.com/template-digest";
/// Digest of the settings that a running server has been given.
pub const LIVE_SETTINGS: &str = "kisenon.com/live-settings";
/// What a pod's gate has seen, and in which container.
pub const GATE_EVIDENCE: &str = "kisenon.com/gate-evidence";
/// Finalizer of Project and Endpoint.
pub const FINALIZER: &str = "kisenon.com/teardown";

/// Name of the policy that closes a workload namespace.
pub const DEFAULT_DENY: &str = "default-deny";

/// Name of the connection Secret of the Endpoint of this name.
#[must_use]
pub fn connection_secret(endpoint: &str) -> String {
    format!("{endpoint}-connection")
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
