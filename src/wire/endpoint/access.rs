//! Who may reach an endpoint: as its owner writes it, and as the cluster enforces it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who may reach an endpoint. An empty list is an error and never means "everyone".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Access {
    /// IPv4 ranges in CIDR notation.
    #[cfg_attr(feature = "server", schema(example = json!(["203.0.113.0/24"])))]
    pub allowed_cidrs: Vec<String>,
    /// Whether pods of the tenant's own namespace may connect as well.
    #[serde(default)]
    pub in_cluster: InCluster,
}

/// A part of [`Access`]; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessInput {
    /// IPv4 ranges in CIDR notation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_cidrs: Option<Vec<String>>,
    /// Whether pods of the tenant's own namespace may connect as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_cluster: Option<InCluster>,
}

/// Which pods of the cluster may connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub enum InCluster {
    /// No pod.
    #[default]
    None,
    /// Pods of the namespace that holds the endpoint.
    TenantNamespace,
}

/// Who can reach an endpoint, read from the policies and the Service that are in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccessExplanation {
    /// Load-balancer address, while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Addresses outside the cluster that are let in.
    pub open_to: Vec<OpenRange>,
    /// Pods that are let in.
    pub in_cluster: Vec<OpenToPods>,
    /// What the server itself may reach.
    pub egress: Egress,
    /// Whether packets have shown that all this is enforced.
    pub isolation: Isolation,
    /// The way in.
    pub service: ServiceAccess,
    /// Where the objects in force and what was written differ; empty where they agree.
    pub differences: Vec<Difference>,
    /// What else there is to know.
    pub notes: Vec<String>,
}

/// Addresses that are let in, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OpenRange {
    /// The range.
    pub cidr: String,
    /// Its closed parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// The rule that lets them in.
    #[cfg_attr(
        feature = "server",
        schema(example = "policy ep-0a1b2c3d4e5f4789 ingress[1]")
    )]
    pub rule: String,
    /// What was written to that end; empty where nothing was.
    #[cfg_attr(feature = "server", schema(example = json!(["endpoint access.allowedCidrs[0]"])))]
    pub sources: Vec<String>,
}

/// Pods that are let in, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OpenToPods {
    /// Which pods, in words.
    pub pods: String,
    /// The rule that lets them in.
    pub rule: String,
    /// What was written to that end; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// What the server itself may reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Egress {
    /// `none`, `some` or `any`. The port that proves isolation does not count.
    pub reach: Reach,
    /// The rules that let it out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

/// How far a server can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Reach {
    /// Nothing.
    None,
    /// What the rules name.
    Some,
    /// Everything: no policy holds it.
    Any,
}

/// Whether packets have shown that the perimeter is enforced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Isolation {
    /// Whether they have.
    pub verified: bool,
    /// The evidence, or what is missing.
    pub message: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(value_type = Option<String>, format = DateTime))]
    pub at: Option<Timestamp>,
}

/// The way in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccess {
    /// Whether an address leads to the server.
    pub exposed: bool,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// The objects in force and what was written differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Which way.
    pub kind: DifferenceKind,
    /// What differs, in words.
    pub message: String,
}

/// Which way the objects in force and what was written differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum DifferenceKind {
    /// The objects let in, or out, what nobody wrote.
    OpenButNotWritten,
    /// It was written, and the objects do not let it in.
    WrittenButNotOpen,
}
