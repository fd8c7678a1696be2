//! The kinds that can be children.

use std::fmt::Debug;

use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Resource;
use kube::core::NamespaceResourceScope;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A kind of child: anything that is stored in a namespace and can be applied.
pub trait Child:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Serialize
    + DeserializeOwned
    + Clone
    + Debug
    + Send
    + Sync
    + 'static
{
    /// Kubernetes' name of the kind.
    const NAME: &'static str;

    /// The part that must be exactly as applied, where a field that somebody else adds would
    /// change its meaning.
    fn exact(&self) -> Option<Value> {
        None
    }
}

macro_rules! children {
    ($($kind:ty = $name:literal),* $(,)?) => {
        $(impl Child for $kind { const NAME: &'static str = $name; })*
    };
}

children! {
    k8s_openapi::api::apps::v1::StatefulSet = "StatefulSet",
    k8s_openapi::api::core::v1::ConfigMap = "ConfigMap",
    k8s_openapi::api::core::v1::LimitRange = "LimitRange",
    k8s_openapi::api::core::v1::PersistentVolumeClaim = "PersistentVolumeClaim",
    k8s_openapi::api::core::v1::Pod = "Pod",
    k8s_openapi::api::core::v1::ResourceQuota = "ResourceQuota",
    k8s_openapi::api::core::v1::Secret = "Secret",
    k8s_openapi::api::core::v1::Service = "Service",
    k8s_openapi::api::core::v1::ServiceAccount = "ServiceAccount",
    k8s_openapi::api::rbac::v1::RoleBinding = "RoleBinding",
    crate::crd::ApiKey = "ApiKey",
    crate::crd::Endpoint = "Endpoint",
}

/// Policies add up: a rule that somebody adds opens what ours closes.
impl Child for NetworkPolicy {
    const NAME: &'static str = "NetworkPolicy";

    fn exact(&self) -> Option<Value> {
        serde_json::to_value(&self.spec).ok()
    }
}
