//! The way in: one load-balancer address, pinned. Pure.

use std::net::Ipv4Addr;

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::validate::ValidEndpoint;
use super::{PORT, metadata};
use crate::crd::label::ENDPOINT_ID;

/// Pins the address (MetalLB manual, "Requesting specific IPs").
const LOAD_BALANCER_IPS: &str = "metallb.io/loadBalancerIPs";

pub(super) fn build(valid: &ValidEndpoint, address: Ipv4Addr) -> Service {
    let mut metadata = metadata(valid);
    metadata.annotations = Some([(LOAD_BALANCER_IPS.to_owned(), address.to_string())].into());
    Service {
        metadata,
        spec: Some(ServiceSpec {
            type_: Some("LoadBalancer".into()),
            selector: Some([(ENDPOINT_ID.to_owned(), valid.id.clone())].into()),
            ports: Some(vec![ServicePort {
                name: Some("postgres".into()),
                port: PORT,
                protocol: Some("TCP".into()),
                target_port: Some(IntOrString::Int(PORT)),
                ..ServicePort::default()
            }]),
            // Keeps the client's own address, on which the policy decides (N3).
            external_traffic_policy: Some("Local".into()),
            // A node port would be a second way in, past the address (N5).
            allocate_load_balancer_node_ports: Some(false),
            ip_family_policy: Some("SingleStack".into()),
            ip_families: Some(vec!["IPv4".into()]),
            // The 1 s grain of probes must not stand between a ready server and its first client.
            publish_not_ready_addresses: Some(true),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}
