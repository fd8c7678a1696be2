//! Who may reach an endpoint, as written by its owner.

use kube::KubeSchema;
use kube::core::{Reason, Rule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may reach an endpoint. An empty list is an error and never means "everyone".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// IPv4 ranges that may connect through the load-balancer address, in CIDR notation.
    /// Addresses of pods, services, nodes and other endpoints are never admitted by a range.
    #[schemars(length(min = 1, max = 64), inner(length(max = 18)))]
    #[x_kube(validation = cidr_list())]
    pub allowed_cidrs: Vec<String>,

    /// Whether pods of the tenant's own namespace may connect as well.
    #[serde(default)]
    pub in_cluster: InCluster,
}

/// Which pods of the cluster may connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum InCluster {
    /// No pod.
    #[default]
    None,
    /// Pods of the namespace that holds the endpoint.
    TenantNamespace,
}

/// Admits IPv4 ranges whose host bits are zero (RFC 4632 section 3.1).
pub(super) fn cidr_list() -> Rule {
    Rule::new("self.all(c, isCIDR(c) && cidr(c).ip().family() == 4 && cidr(c) == cidr(c).masked())")
        .message(
            "each entry must be an IPv4 range in CIDR notation without host bits, \
         for example 203.0.113.0/24, or 203.0.113.7/32 for one address",
        )
        .reason(Reason::FieldValueInvalid)
}
