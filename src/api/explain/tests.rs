use super::*;
use k8s_openapi::api::core::v1::Service;
use serde_json::{Value, json};

use crate::wire::endpoint::access::DifferenceKind::{OpenButNotWritten, WrittenButNotOpen};

fn endpoint(access: &Value) -> Endpoint {
    let mut endpoint = json!({
        "apiVersion": "kisenon.com/v1alpha1", "kind": "Endpoint",
        "metadata": {"name": "shop-main", "namespace": "acme"},
        "spec": {"project": "shop"},
        "status": {"conditions": [{
            "type": "IsolationVerified", "status": "True", "reason": "Succeeded",
            "message": "4 probes were refused", "lastTransitionTime": "2026-01-02T03:04:05Z",
        }]},
    });
    if !access.is_null() {
        endpoint["spec"]["access"] = access.clone();
    }
    serde_json::from_value(endpoint).unwrap()
}

fn project(cidrs: &Value) -> Project {
    serde_json::from_value(json!({
        "apiVersion": "kisenon.com/v1alpha1", "kind": "Project",
        "metadata": {"name": "shop", "namespace": "acme"},
        "spec": {"network": {"allowedCidrs": cidrs}},
    }))
    .unwrap()
}

fn canary(port: u16) -> Value {
    json!({
        "peers": [{
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kisenon-system"}},
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "kisenon-canary"}},
        }],
        "ports": [{"port": port, "protocol": "TCP"}],
    })
}

/// The endpoint's policy as the operator makes it, with these clients.
fn own(clients: Value) -> NetworkPolicy {
    let (gate, control) = (canary(7433), canary(7431));
    policy(
        "ep-1",
        json!({
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {"from": gate["peers"], "ports": gate["ports"]},
                {"from": clients, "ports": [{"port": 5432, "protocol": "TCP"}]},
            ],
            "egress": [{"to": control["peers"], "ports": control["ports"]}],
        }),
    )
}

fn deny() -> NetworkPolicy {
    policy(
        "default-deny",
        json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
    )
}

fn policy(name: &str, spec: Value) -> NetworkPolicy {
    let policy = json!({"metadata": {"name": name}, "spec": spec});
    serde_json::from_value(policy).unwrap()
}

fn open_service() -> Service {
    serde_json::from_value(json!({
        "spec": {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [{"port": 5432}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.7"}]}},
    }))
    .unwrap()
}

fn in_force(policies: Vec<NetworkPolicy>) -> InForce {
    InForce {
        policies,
        service: Some(open_service()),
    }
}

fn kinds(explanation: &AccessExplanation) -> Vec<DifferenceKind> {
    explanation.differences.iter().map(|d| d.kind).collect()
}

#[test]
fn each_range_names_its_rule_and_where_it_was_written() {
    let endpoint = endpoint(
        &json!({"allowedCidrs": ["192.0.2.0/24", "0.0.0.0/0"], "inCluster": "TenantNamespace"}),
    );
    let clients = json!([
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.244.0.0/16"]}},
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "acme"}}},
    ]);
    let found = explain(&endpoint, None, &in_force(vec![deny(), own(clients)]));
    assert_eq!(found.address.as_deref(), Some("198.51.100.7"));
    assert_eq!(found.open_to.len(), 1);
    let open = &found.open_to[0];
    assert_eq!(
        (&*open.cidr, &*open.rule),
        ("0.0.0.0/0", "policy ep-1 ingress[1]")
    );
    assert_eq!(open.except, ["10.244.0.0/16"]);
    assert_eq!(
        open.sources,
        [
            "endpoint access.allowedCidrs[0]",
            "endpoint access.allowedCidrs[1]"
        ]
    );
    assert_eq!(found.in_cluster[0].pods, "all pods of namespace acme");
    assert_eq!(
        found.in_cluster[0].source.as_deref(),
        Some("endpoint access.inCluster")
    );
    assert_eq!(found.egress.reach, Reach::None);
    assert!(found.isolation.verified);
    assert_eq!(found.differences, []);
}

#[test]
fn a_range_of_the_project_is_said_to_be_the_projects() {
    let project = project(&json!(["203.0.113.0/24"]));
    let clients = json!([{"ipBlock": {"cidr": "203.0.113.0/24"}}]);
    let found = explain(
        &endpoint(&Value::Null),
        Some(&project),
        &in_force(vec![own(clients)]),
    );
    assert_eq!(
        found.open_to[0].sources,
        ["project network.allowedCidrs[0]"]
    );
    assert_eq!(found.differences, []);
}

#[test]
fn neighbours_that_the_operator_joins_are_no_difference() {
    let endpoint = endpoint(&json!({"allowedCidrs": ["192.0.2.0/25", "192.0.2.128/25"]}));
    let clients = json!([{"ipBlock": {"cidr": "192.0.2.0/24"}}]);
    let found = explain(&endpoint, None, &in_force(vec![own(clients)]));
    assert_eq!(found.open_to[0].sources.len(), 2);
    assert_eq!(found.differences, []);
}

#[test]
fn what_the_objects_let_in_and_nobody_wrote_is_a_difference() {
    let endpoint = endpoint(&json!({"allowedCidrs": ["192.0.2.0/24"]}));
    let clients = json!([{"ipBlock": {"cidr": "192.0.2.0/24"}}]);
    for rule in [
        json!({"from": [{"ipBlock": {"cidr": "192.0.0.0/16"}}]}),
        json!({"from": [{"podSelector": {}}], "ports": [{"port": 5000, "endPort": 6000}]}),
        json!({"from": [{"namespaceSelector": {}}], "ports": [{"port": "postgres"}]}),
    ] {
        let foreign = policy("by-hand", json!({"ingress": [rule]}));
        let found = explain(
            &endpoint,
            None,
            &in_force(vec![own(clients.clone()), foreign]),
        );
        assert_eq!(kinds(&found), [OpenButNotWritten], "{rule}");
        assert!(
            found.differences[0]
                .message
                .contains("policy by-hand ingress[0]")
        );
    }
    let open = policy("by-hand", json!({"ingress": [{}]}));
    let found = explain(&endpoint, None, &in_force(vec![own(clients), open]));
    assert_eq!(found.open_to[1].cidr, "0.0.0.0/0");
    assert_eq!(kinds(&found), [OpenButNotWritten; 2]);
}

#[test]
fn what_was_written_and_is_not_open_is_a_difference() {
    let wanted = json!({"allowedCidrs": ["192.0.2.0/24"], "inCluster": "TenantNamespace"});
    let found = explain(&endpoint(&wanted), None, &in_force(vec![deny()]));
    assert_eq!(found.open_to, []);
    assert_eq!(kinds(&found), [WrittenButNotOpen; 2]);
    assert!(
        found.differences[0]
            .message
            .contains("endpoint access.allowedCidrs[0]")
    );
}

#[test]
fn without_any_policy_everybody_is_let_in_and_the_server_out() {
    let found = explain(
        &endpoint(&json!({"allowedCidrs": ["192.0.2.0/24"]})),
        None,
        &in_force(vec![]),
    );
    assert_eq!(found.open_to[0].cidr, "0.0.0.0/0");
    assert_eq!(found.in_cluster[0].pods, "every pod");
    assert_eq!(found.egress.reach, Reach::Any);
    assert_eq!(kinds(&found), [OpenButNotWritten; 3]);
}

#[test]
fn a_way_out_is_a_difference_and_the_canary_is_none() {
    let wanted = json!({"allowedCidrs": ["192.0.2.0/24"]});
    let clients = json!([{"ipBlock": {"cidr": "192.0.2.0/24"}}]);
    let dns = policy(
        "dns",
        json!({"policyTypes": ["Egress"], "egress": [{"ports": [{"port": 53}]}]}),
    );
    let found = explain(&endpoint(&wanted), None, &in_force(vec![own(clients), dns]));
    assert_eq!(found.egress.reach, Reach::Some);
    assert_eq!(found.egress.rules, ["policy dns egress[0] to anybody"]);
    assert_eq!(kinds(&found), [OpenButNotWritten]);
}

#[test]
fn a_service_that_leads_around_the_policies_is_a_difference() {
    let wanted = json!({"allowedCidrs": ["192.0.2.0/24"]});
    let clients = json!([{"ipBlock": {"cidr": "192.0.2.0/24"}}]);
    let mut force = in_force(vec![own(clients)]);
    let spec = json!({"externalTrafficPolicy": "Cluster", "externalIPs": ["192.0.2.9"],
        "ports": [{"port": 5432, "nodePort": 30000}]});
    force.service.as_mut().unwrap().spec = serde_json::from_value(spec).unwrap();
    let found = explain(&endpoint(&wanted), None, &force);
    assert_eq!(kinds(&found), [OpenButNotWritten; 3]);
    force.service = None;
    let closed = explain(&endpoint(&wanted), None, &force);
    assert!(!closed.service.exposed && closed.address.is_none());
}

#[test]
fn before_anything_runs_nobody_is_let_in() {
    let waiting = endpoint(&json!({"allowedCidrs": ["192.0.2.0/24"]}));
    let found = explain(&waiting, None, &InForce::default());
    assert!(found.open_to.is_empty() && found.differences.is_empty());
    let mut running = waiting;
    running.status.as_mut().unwrap().phase = Some(Phase::Running);
    let found = explain(&running, None, &InForce::default());
    assert_eq!(found.open_to[0].cidr, "0.0.0.0/0");
}
