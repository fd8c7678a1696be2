//! What a Service adds: the address that leads to the server, and ways around the policies.

use k8s_openapi::api::core::v1::Service;

use crate::wire::endpoint::access::{AccessExplanation, Difference, DifferenceKind, ServiceAccess};

/// Where the way in leads, as its load balancer says.
pub(super) fn service(service: Option<&Service>) -> ServiceAccess {
    let address = service
        .and_then(|service| service.status.as_ref()?.load_balancer.as_ref())
        .and_then(|balancer| balancer.ingress.as_ref()?.first()?.ip.clone());
    ServiceAccess {
        exposed: address.is_some(),
        address,
    }
}

/// A Service may lead around the policies.
pub(super) fn check_service(service: Option<&Service>, into: &mut AccessExplanation) {
    let Some(spec) = service.and_then(|service| service.spec.as_ref()) else {
        let note = "there is no Service: no address leads to the server";
        into.notes.push(note.to_owned());
        return;
    };
    let mut found = Vec::new();
    let ports = spec.ports.iter().flatten();
    for node_port in ports
        .filter_map(|port| port.node_port)
        .filter(|port| *port != 0)
    {
        found.push(format!(
            "port {node_port} of every node leads to the server as well"
        ));
    }
    if spec.external_traffic_policy.as_deref() != Some("Local") {
        found.push("the Service hides clients' addresses, on which the policies decide".to_owned());
    }
    if let Some(addresses) = spec.external_ips.as_ref().filter(|ips| !ips.is_empty()) {
        found.push(format!(
            "the addresses {} lead to the server as well",
            addresses.join(", ")
        ));
    }
    let kind = DifferenceKind::OpenButNotWritten;
    let differences = found.into_iter();
    into.differences
        .extend(differences.map(|message| Difference { kind, message }));
}
