//! Every child of a Project, from its checked form. Pure.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    LimitRange, LimitRangeItem, LimitRangeSpec, Namespace, ResourceQuota, ResourceQuotaSpec,
    ServiceAccount,
};
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicySpec};
use k8s_openapi::api::rbac::v1::{RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::api::ObjectMeta;
use serde_json::{Value, json};

use super::validate::ValidProject;
use crate::controller::endpoint::{GATE_CPU, GATE_MEMORY};
use crate::controller::object::meta;
use crate::crd::{EndpointTemplate, Project, label};
use crate::domain::quantity;

/// Name of the ServiceAccount of every pod; it has no token and no rights.
pub(in crate::controller) const SERVICE_ACCOUNT: &str = "postgres";
/// The operator's account, and its bindings.
pub(super) const OPERATOR: &str = "kisenon-operator";
/// The HTTP API's account, and its bindings.
pub(super) const API: &str = "kisenon-api";

/// Every child, in the order in which they are applied.
pub(super) struct Desired {
    /// The workload namespace.
    pub namespace: Namespace,
    /// The operator's rights in it.
    pub workload_grant: RoleBinding,
    /// The operator's rights in the tenant's namespace.
    pub tenant_grant: RoleBinding,
    /// The HTTP API's rights in the tenant's namespace.
    pub api_grant: RoleBinding,
    /// Closes the namespace both ways.
    pub default_deny: NetworkPolicy,
    /// What all servers together may use.
    pub quota: ResourceQuota,
    /// What one container may use that does not say.
    pub limits: LimitRange,
    /// Identity of the servers, without a token.
    pub service_account: ServiceAccount,
    /// Inline endpoints, as partial objects: only what the template says is held to.
    pub endpoints: Vec<Value>,
}

/// Builds every child.
pub(super) fn build(project: &Project, valid: &ValidProject) -> Desired {
    let labels = label::project(&valid.tenant_namespace, &valid.name);
    let child = |name: &str| meta::child(&valid.namespace, name, &labels);
    // Of all Projects of the tenant, so it names none.
    let managed = [(label::MANAGED_BY.to_owned(), label::KISENON.to_owned())].into();
    let shared = |name: &str| meta::child(&valid.tenant_namespace, name, &managed);
    Desired {
        namespace: namespace(valid, labels.clone()),
        workload_grant: grant(child(OPERATOR), "kisenon-workload"),
        tenant_grant: grant(shared(OPERATOR), "kisenon-tenant"),
        api_grant: grant(shared(API), "kisenon-api-tenant"),
        default_deny: NetworkPolicy {
            metadata: child(meta::DEFAULT_DENY),
            spec: Some(NetworkPolicySpec {
                // Every pod, written as the API server stores it: what is read back must be equal.
                pod_selector: Some(LabelSelector::default()),
                policy_types: Some(vec!["Ingress".into(), "Egress".into()]),
                ..NetworkPolicySpec::default()
            }),
        },
        quota: quota(child("quota"), project),
        limits: limits(child("limits")),
        service_account: ServiceAccount {
            metadata: child(SERVICE_ACCOUNT),
            automount_service_account_token: Some(false),
            ..ServiceAccount::default()
        },
        endpoints: valid
            .templates
            .iter()
            .map(|template| endpoint(project, valid, template))
            .collect(),
    }
}

fn namespace(valid: &ValidProject, mut labels: BTreeMap<String, String>) -> Namespace {
    labels.insert(label::PROJECT_UID.to_owned(), valid.uid.clone());
    // Given by the API server, said all the same: what is created must name what it has.
    labels.insert(label::NAMESPACE_NAME.to_owned(), valid.namespace.clone());
    labels.extend(label::restricted());
    Namespace {
        metadata: ObjectMeta {
            name: Some(valid.namespace.clone()),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    }
}

/// Binds a role to the account that the binding is called after.
fn grant(metadata: ObjectMeta, role: &str) -> RoleBinding {
    let account = metadata.name.clone().unwrap_or_default();
    RoleBinding {
        metadata,
        role_ref: RoleRef {
            api_group: "rbac.authorization.k8s.io".into(),
            kind: "ClusterRole".into(),
            name: role.into(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".into(),
            name: account,
            namespace: Some("kisenon-system".into()),
            ..Subject::default()
        }]),
    }
}

/// A backstop behind the operator's own count of endpoints: it bounds what runs, whoever made it.
/// A gate beside each server comes on top of what the project may use.
fn quota(metadata: ObjectMeta, project: &Project) -> ResourceQuota {
    let quota = &project.spec.quota;
    let with_gates = |amount: &str, gate: &str, spell: fn(i128) -> String| {
        let sum = quantity::milli(amount)
            .and_then(|amount| Ok(amount + i128::from(quota.endpoints) * quantity::milli(gate)?));
        // What cannot be read is refused by the API server, with its own words.
        sum.map_or_else(|_| amount.to_owned(), spell)
    };
    let hard = [
        (
            "limits.cpu",
            with_gates(&quota.cpu, GATE_CPU, quantity::decimal),
        ),
        (
            "limits.memory",
            with_gates(&quota.memory, GATE_MEMORY, quantity::binary),
        ),
        ("requests.storage", quota.storage.clone()),
        // One for each endpoint, and one that replaces it.
        ("pods", (2 * quota.endpoints).to_string()),
        ("services.nodeports", "0".to_owned()),
    ];
    ResourceQuota {
        metadata,
        spec: Some(ResourceQuotaSpec {
            hard: Some(
                hard.map(|(key, value)| (key.to_owned(), Quantity(value)))
                    .into(),
            ),
            ..ResourceQuotaSpec::default()
        }),
        ..ResourceQuota::default()
    }
}

fn limits(metadata: ObjectMeta) -> LimitRange {
    let amounts = |cpu: &str, memory: &str| {
        Some(BTreeMap::from([
            ("cpu".to_owned(), Quantity(cpu.to_owned())),
            ("memory".to_owned(), Quantity(memory.to_owned())),
        ]))
    };
    LimitRange {
        metadata,
        spec: Some(LimitRangeSpec {
            limits: vec![LimitRangeItem {
                type_: "Container".into(),
                default: amounts("100m", "64Mi"),
                default_request: amounts("10m", "16Mi"),
                ..LimitRangeItem::default()
            }],
        }),
    }
}

/// Holds to what the template says and to nothing else, so that any other field of the Endpoint
/// stays whoever's set it.
fn endpoint(project: &Project, valid: &ValidProject, template: &EndpointTemplate) -> Value {
    let mut spec = serde_json::to_value(template).unwrap_or_default();
    if let Some(fields) = spec.as_object_mut() {
        fields.remove("name");
        fields.insert("project".into(), json!(valid.name));
    }
    json!({
        "apiVersion": "kisenon.com/v1alpha1",
        "kind": "Endpoint",
        "metadata": {
            "name": format!("{}-{}", valid.name, template.name),
            "namespace": valid.tenant_namespace,
            "labels": label::project(&valid.tenant_namespace, &valid.name),
            "ownerReferences": meta::owned_by(project),
            "finalizers": [meta::FINALIZER],
        },
        "spec": spec,
    })
}
