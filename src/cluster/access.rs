//! The objects that decide who reaches an endpoint, as they are now. Read, never written.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Secret, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use kube::Client;
use kube::api::{Api, ListParams};
use secrecy::SecretString;

use super::intent::ClusterError;
use crate::crd::label;

/// What is in force for one endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InForce {
    /// Every policy of the workload namespace that selects the endpoint's pod.
    pub policies: Vec<NetworkPolicy>,
    /// The way in, while there is one.
    pub service: Option<Service>,
}

/// Labels of an endpoint's pod, as the operator and Kubernetes set them.
#[must_use]
pub fn pod_labels(
    tenant_namespace: &str,
    project: &str,
    endpoint: &str,
    id: &str,
) -> BTreeMap<String, String> {
    let mut labels = label::endpoint(tenant_namespace, project, endpoint, id);
    let pod = format!("{id}-0");
    let set_by_kubernetes = [
        ("statefulset.kubernetes.io/pod-name", &*pod),
        ("apps.kubernetes.io/pod-index", "0"),
        // Its value is Kubernetes' own; a policy can only ask whether it is there.
        ("controller-revision-hash", ""),
    ];
    labels.extend(set_by_kubernetes.map(|(key, value)| (key.to_owned(), value.to_owned())));
    labels
}

/// Reads what is in force for the endpoint whose pod carries these labels.
///
/// # Errors
/// When Kubernetes cannot be reached or refuses.
pub async fn in_force(
    client: &Client,
    workload_namespace: &str,
    endpoint_id: &str,
    pod: &BTreeMap<String, String>,
) -> Result<InForce, ClusterError> {
    let policies = Api::<NetworkPolicy>::namespaced(client.clone(), workload_namespace);
    let services = Api::<Service>::namespaced(client.clone(), workload_namespace);
    let everything = ListParams::default();
    let (policies, service) =
        futures::try_join!(policies.list(&everything), services.get_opt(endpoint_id))?;
    let selects = |policy: &NetworkPolicy| {
        let selector = policy.spec.as_ref().and_then(|s| s.pod_selector.as_ref());
        selector.is_none_or(|selector| matches(selector, pod))
    };
    let mut policies = policies.items;
    policies.retain(selects);
    Ok(InForce { policies, service })
}

/// What the operator has published for clients of an endpoint.
#[derive(Clone, Debug)]
pub struct Published {
    /// The password, where the operator made it.
    pub password: Option<SecretString>,
    /// Certificate of the authority that signed the server's, in PEM.
    pub authority: String,
}

/// Reads the connection Secret, once there is one.
///
/// # Errors
/// When Kubernetes cannot be reached or refuses.
pub async fn published(
    client: &Client,
    namespace: &str,
    connection_secret: &str,
) -> Result<Option<Published>, ClusterError> {
    let secrets = Api::<Secret>::namespaced(client.clone(), namespace);
    let secret = secrets.get_opt(connection_secret).await?;
    let Some(mut data) = secret.and_then(|secret| secret.data) else {
        return Ok(None);
    };
    let mut text = |key: &str| {
        let bytes = data.remove(key)?;
        String::from_utf8(bytes.0).ok()
    };
    Ok(text("ca.crt").map(|authority| Published {
        password: text("password").map(Into::into),
        authority,
    }))
}

/// Whether a selector selects an object with these labels (Kubernetes, "Labels and Selectors").
fn matches(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let mut equal = selector.match_labels.iter().flatten();
    let mut required = selector.match_expressions.iter().flatten();
    equal.all(|(key, value)| labels.get(key) == Some(value))
        && required.all(|requirement| meets(requirement, labels))
}

fn meets(requirement: &LabelSelectorRequirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&requirement.key);
    let is_listed = || {
        value.is_some_and(|value| {
            let mut values = requirement.values.iter().flatten();
            values.any(|listed| listed == value)
        })
    };
    match &*requirement.operator {
        "In" => is_listed(),
        "NotIn" => !is_listed(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        // An operator of a later version: better a policy too many than one too few.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn selects(selector: Value) -> bool {
        let pod = BTreeMap::from([("kisenon.com/endpoint-id".to_owned(), "ep-1".to_owned())]);
        matches(&serde_json::from_value(selector).unwrap(), &pod)
    }

    #[test]
    fn a_policy_is_found_by_whatever_selector_it_has() {
        let expression = |operator: &str, values: Value| {
            json!({"matchExpressions": [
                {"key": "kisenon.com/endpoint-id", "operator": operator, "values": values},
            ]})
        };
        assert!(selects(json!({})));
        assert!(selects(
            json!({"matchLabels": {"kisenon.com/endpoint-id": "ep-1"}})
        ));
        assert!(!selects(
            json!({"matchLabels": {"kisenon.com/endpoint-id": "ep-2"}})
        ));
        assert!(selects(expression("In", json!(["ep-0", "ep-1"]))));
        assert!(!selects(expression("NotIn", json!(["ep-1"]))));
        assert!(selects(expression("Exists", json!(null))));
        assert!(!selects(expression("DoesNotExist", json!(null))));
    }
}
