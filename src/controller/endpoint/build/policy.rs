//! The endpoint's policy: who may reach the server, and the canary's two proofs. Pure.

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::validate::ValidEndpoint;
use super::{PORT, metadata};
use crate::crd::label::ENDPOINT_ID;
use crate::domain::network::Block;
use crate::probe::{CANARY_CONTROL_PORT, GATE_CONTROL_PORT};

/// A label that only the API server sets (N9).
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

pub(super) fn build(valid: &ValidEndpoint, operator_namespace: &str) -> NetworkPolicy {
    let mut clients = valid.blocks.iter().map(ip_block).collect::<Vec<_>>();
    if valid.admits_tenant_pods {
        clients.push(NetworkPolicyPeer {
            namespace_selector: Some(labelled(NAMESPACE_NAME, &valid.tenant_namespace)),
            ..NetworkPolicyPeer::default()
        });
    }
    let canary = NetworkPolicyPeer {
        namespace_selector: Some(labelled(NAMESPACE_NAME, operator_namespace)),
        pod_selector: Some(labelled("app.kubernetes.io/name", "kisenon-canary")),
        ..NetworkPolicyPeer::default()
    };
    let mut ingress = vec![NetworkPolicyIngressRule {
        from: Some(vec![canary.clone()]),
        ports: Some(vec![tcp(i32::from(GATE_CONTROL_PORT))]),
    }];
    // A rule without peers would admit everyone.
    if !clients.is_empty() {
        ingress.push(NetworkPolicyIngressRule {
            from: Some(clients),
            ports: Some(vec![tcp(PORT)]),
        });
    }
    NetworkPolicy {
        metadata: metadata(valid),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(labelled(ENDPOINT_ID, &valid.id)),
            policy_types: Some(vec!["Ingress".into(), "Egress".into()]),
            ingress: Some(ingress),
            egress: Some(vec![NetworkPolicyEgressRule {
                to: Some(vec![canary]),
                ports: Some(vec![tcp(i32::from(CANARY_CONTROL_PORT))]),
            }]),
        }),
    }
}

fn ip_block(block: &Block) -> NetworkPolicyPeer {
    let except = block
        .except
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    NetworkPolicyPeer {
        ip_block: Some(IPBlock {
            cidr: block.cidr.to_string(),
            except: (!except.is_empty()).then_some(except),
        }),
        ..NetworkPolicyPeer::default()
    }
}

fn labelled(key: &str, value: &str) -> LabelSelector {
    LabelSelector {
        match_labels: Some([(key.to_owned(), value.to_owned())].into()),
        ..LabelSelector::default()
    }
}

/// Numeric, since sets of named ports have gone stale in policy controllers (N16).
fn tcp(port: i32) -> NetworkPolicyPort {
    NetworkPolicyPort {
        port: Some(IntOrString::Int(port)),
        protocol: Some("TCP".into()),
        end_port: None,
    }
}
