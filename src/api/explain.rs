//! Who can reach an endpoint, from the policies and the Service that are in force. Pure.
//!
//! What the objects let in is told from the objects alone, and what was written beside it. Where
//! the two differ, the difference is named: one reads this when one does not trust the operator.

mod service;
mod words;

use ipnet::Ipv4Net;
use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use self::service::{check_service, service};
use self::words::{NAMESPACE_NAME, equals, label, list, peer, port};
use crate::cluster::access::InForce;
use crate::crd::condition::ConditionType;
use crate::crd::{DesiredState, Endpoint, InCluster, Phase, Project};
use crate::wire::endpoint::access::{
    AccessExplanation, Difference, DifferenceKind, Egress, Isolation, OpenRange, OpenToPods, Reach,
};

/// The port of Postgres, in the pod and in the Service.
const PORT: i32 = 5432;
const CANARY: (&str, &str) = ("app.kubernetes.io/name", "kisenon-canary");
const ANYWHERE: &str = "0.0.0.0/0";

/// What was written about who may connect.
struct Written {
    /// Each range, and where it was written.
    ranges: Vec<(Ipv4Net, String)>,
    /// Namespace whose pods may connect.
    pods_of: Option<String>,
}

/// Tells who can reach an endpoint.
#[must_use]
pub fn explain(
    endpoint: &Endpoint,
    project: Option<&Project>,
    in_force: &InForce,
) -> AccessExplanation {
    if *in_force == InForce::default() && !has_server(endpoint) {
        return nothing(endpoint, "nothing runs yet".to_owned());
    }
    let written = written(endpoint, project);
    let mut explanation = nothing(endpoint, String::new());
    explanation.notes.clear();
    explanation.egress = egress(&in_force.policies);
    explanation.service = service(in_force.service.as_ref());
    explanation.address.clone_from(&explanation.service.address);
    read_ingress(&in_force.policies, &written, &mut explanation);
    compare(&written, &mut explanation);
    check_service(in_force.service.as_ref(), &mut explanation);
    add_notes(endpoint, &mut explanation);
    explanation
}

/// Of an endpoint without a server: nobody reaches it, for this reason.
#[must_use]
pub fn nothing(endpoint: &Endpoint, reason: String) -> AccessExplanation {
    AccessExplanation {
        address: None,
        open_to: Vec::new(),
        in_cluster: Vec::new(),
        egress: Egress {
            reach: Reach::None,
            rules: Vec::new(),
        },
        isolation: isolation(endpoint),
        service: service(None),
        differences: Vec::new(),
        notes: vec![reason],
    }
}

/// Whether a pod may be there, which an absent policy would leave open.
fn has_server(endpoint: &Endpoint) -> bool {
    let phase = endpoint.status.as_ref().and_then(|status| status.phase);
    !matches!(phase, None | Some(Phase::Pending | Phase::Stopped))
}

fn written(endpoint: &Endpoint, project: Option<&Project>) -> Written {
    let own = endpoint.spec.access.as_ref();
    let network = project.and_then(|project| project.spec.network.as_ref());
    let (texts, place) = match (own, network) {
        (Some(access), _) => (&*access.allowed_cidrs, "endpoint access.allowedCidrs"),
        (None, Some(network)) => (&*network.allowed_cidrs, "project network.allowedCidrs"),
        (None, None) => (&[][..], ""),
    };
    let ranges = texts.iter().enumerate().filter_map(|(index, text)| {
        let net = text.parse::<Ipv4Net>().ok()?;
        Some((net.trunc(), format!("{place}[{index}]")))
    });
    Written {
        ranges: ranges.collect(),
        pods_of: own
            .filter(|access| access.in_cluster == InCluster::TenantNamespace)
            .and(endpoint.metadata.namespace.clone()),
    }
}

/// Goes through every rule that lets somebody in.
fn read_ingress(policies: &[NetworkPolicy], written: &Written, into: &mut AccessExplanation) {
    let holds = |policy: &&NetworkPolicy| is_of_type(policy, "Ingress");
    if !policies.iter().any(|policy| holds(&policy)) {
        let rule = "no policy holds what comes in".to_owned();
        into.open_to.push(range(ANYWHERE, Vec::new(), rule.clone()));
        into.in_cluster.push(pods("every pod", rule));
        return;
    }
    for policy in policies.iter().filter(holds) {
        let rules = policy
            .spec
            .iter()
            .flat_map(|spec| spec.ingress.iter().flatten());
        for (index, rule) in rules.enumerate() {
            let name = format!("policy {} ingress[{index}]", name_of(policy));
            read_rule(rule, &name, written, into);
        }
    }
}

fn read_rule(
    rule: &NetworkPolicyIngressRule,
    name: &str,
    written: &Written,
    into: &mut AccessExplanation,
) {
    let ports = rule.ports.as_deref().unwrap_or_default();
    let peers = rule.from.as_deref().unwrap_or_default();
    if !ports.is_empty() && !ports.iter().any(is_postgres) {
        let listed = list(ports.iter().map(port));
        let from = list(peers.iter().map(peer));
        into.notes.push(format!(
            "{name} lets {from} reach port {listed}, not Postgres"
        ));
        return;
    }
    if peers.is_empty() {
        into.open_to
            .push(range(ANYWHERE, Vec::new(), name.to_owned()));
        into.in_cluster.push(pods("every pod", name.to_owned()));
    }
    for admitted in peers {
        match &admitted.ip_block {
            Some(block) => {
                let except = block.except.clone().unwrap_or_default();
                let mut open = range(&block.cidr, except, name.to_owned());
                open.sources = sources(&block.cidr, written);
                into.open_to.push(open);
            }
            None => {
                let mut open = pods(&peer(admitted), name.to_owned());
                let is_written = written
                    .pods_of
                    .as_deref()
                    .is_some_and(|namespace| is_namespace(admitted, namespace));
                open.source = is_written.then(|| "endpoint access.inCluster".to_owned());
                into.in_cluster.push(open);
            }
        }
    }
}

/// Where the ranges were written that lie in an admitted one: the operator joins neighbours.
fn sources(cidr: &str, written: &Written) -> Vec<String> {
    let Ok(admitted) = cidr.parse::<Ipv4Net>() else {
        return Vec::new();
    };
    let ranges = written.ranges.iter();
    ranges
        .filter(|(range, _)| admitted.contains(range) || range.contains(&admitted))
        .map(|(_, place)| place.clone())
        .collect()
}

/// Sets what was written beside what is open.
fn compare(written: &Written, into: &mut AccessExplanation) {
    let wanted = written.ranges.iter().map(|(range, _)| *range).collect();
    let wanted = Ipv4Net::aggregate(&wanted);
    let open = |range: &OpenRange| range.cidr.parse::<Ipv4Net>().ok();
    let admitted = Ipv4Net::aggregate(&into.open_to.iter().filter_map(open).collect());
    let mut found = Vec::new();
    for range in &into.open_to {
        let is_wanted = open(range).is_some_and(|net| wanted.iter().any(|w| w.contains(&net)));
        if !is_wanted {
            let message = format!("{} lets {} in, which nobody wrote", range.rule, range.cidr);
            found.push((DifferenceKind::OpenButNotWritten, message));
        }
    }
    for (range, place) in &written.ranges {
        if !admitted.iter().any(|open| open.contains(range)) {
            let message = format!("{place} says {range}, and no policy lets all of it in");
            found.push((DifferenceKind::WrittenButNotOpen, message));
        }
    }
    for open in into.in_cluster.iter().filter(|open| open.source.is_none()) {
        let message = format!("{} lets {} in, which nobody wrote", open.rule, open.pods);
        found.push((DifferenceKind::OpenButNotWritten, message));
    }
    if let Some(namespace) = &written.pods_of
        && into.in_cluster.iter().all(|open| open.source.is_none())
    {
        let message = format!(
            "endpoint access.inCluster says pods of namespace {namespace}, and no policy lets them in"
        );
        found.push((DifferenceKind::WrittenButNotOpen, message));
    }
    if into.egress.reach != Reach::None {
        let message = format!(
            "the server may reach out: {}",
            list(into.egress.rules.iter())
        );
        found.push((DifferenceKind::OpenButNotWritten, message));
    }
    let differences = found.into_iter();
    into.differences
        .extend(differences.map(|(kind, message)| Difference { kind, message }));
}

/// What the server may reach. The canary's port, by which isolation is proved, does not count.
fn egress(policies: &[NetworkPolicy]) -> Egress {
    let mut held = policies
        .iter()
        .filter(|policy| is_of_type(policy, "Egress"))
        .peekable();
    if held.peek().is_none() {
        return Egress {
            reach: Reach::Any,
            rules: vec!["no policy holds what goes out".to_owned()],
        };
    }
    let mut rules = Vec::new();
    for policy in held {
        let listed = policy
            .spec
            .iter()
            .flat_map(|spec| spec.egress.iter().flatten());
        for (index, rule) in listed.enumerate() {
            let peers = rule.to.as_deref().unwrap_or_default();
            let ports = rule.ports.as_deref().unwrap_or_default();
            let is_proof = !peers.is_empty() && !ports.is_empty() && peers.iter().all(is_canary);
            if !is_proof {
                let to = if peers.is_empty() {
                    "anybody".to_owned()
                } else {
                    list(peers.iter().map(peer))
                };
                rules.push(format!(
                    "policy {} egress[{index}] to {to}",
                    name_of(policy)
                ));
            }
        }
    }
    Egress {
        reach: if rules.is_empty() {
            Reach::None
        } else {
            Reach::Some
        },
        rules,
    }
}

fn isolation(endpoint: &Endpoint) -> Isolation {
    let conditions = endpoint.status.iter().flat_map(|status| &status.conditions);
    let mut verified = conditions.filter(|c| c.type_ == ConditionType::IsolationVerified.as_ref());
    match verified.next() {
        Some(condition) => Isolation {
            verified: condition.status == "True",
            message: condition.message.clone(),
            at: Some(condition.last_transition_time.0),
        },
        None => Isolation {
            verified: false,
            message: "no packets have been sent yet to show it".to_owned(),
            at: None,
        },
    }
}

fn add_notes(endpoint: &Endpoint, into: &mut AccessExplanation) {
    if endpoint.spec.desired_state == DesiredState::Suspended {
        let note = "the endpoint is suspended: whoever is let in finds nobody listening";
        into.notes.push(note.to_owned());
    }
    let node =
        "processes of the node on which the server runs always reach it, and need its password";
    into.notes.push(node.to_owned());
}

/// Without types a policy holds what comes in, and what goes out if it says anything about it
/// (Kubernetes, `NetworkPolicySpec`).
fn is_of_type(policy: &NetworkPolicy, wanted: &str) -> bool {
    let Some(spec) = &policy.spec else {
        return false;
    };
    match &spec.policy_types {
        Some(types) if !types.is_empty() => types.iter().any(|kind| kind == wanted),
        _ => wanted == "Ingress" || spec.egress.is_some(),
    }
}

fn is_postgres(port: &NetworkPolicyPort) -> bool {
    let is_tcp = port.protocol.as_deref().is_none_or(|p| p == "TCP");
    is_tcp
        && match (&port.port, port.end_port) {
            (None, _) => true,
            (Some(IntOrString::Int(first)), last) => {
                (*first..=last.unwrap_or(*first)).contains(&PORT)
            }
            // A name may mean any port.
            (Some(IntOrString::String(_)), _) => true,
        }
}

fn is_canary(peer: &NetworkPolicyPeer) -> bool {
    peer.ip_block.is_none()
        && equals(peer.pod_selector.as_ref(), CANARY.0, CANARY.1)
        && peer
            .namespace_selector
            .as_ref()
            .is_some_and(|s| label(s, NAMESPACE_NAME).is_some())
}

/// Whether a peer is exactly all pods of a namespace.
fn is_namespace(peer: &NetworkPolicyPeer, namespace: &str) -> bool {
    equals(peer.namespace_selector.as_ref(), NAMESPACE_NAME, namespace)
        && peer.pod_selector.is_none()
        && peer.ip_block.is_none()
}

fn range(cidr: &str, except: Vec<String>, rule: String) -> OpenRange {
    OpenRange {
        cidr: cidr.to_owned(),
        except,
        rule,
        sources: Vec::new(),
    }
}

fn pods(which: &str, rule: String) -> OpenToPods {
    OpenToPods {
        pods: which.to_owned(),
        rule,
        source: None,
    }
}

fn name_of(policy: &NetworkPolicy) -> &str {
    policy.metadata.name.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests;
