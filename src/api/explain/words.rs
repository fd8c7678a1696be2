//! Peers, selectors and ports of policies, in words.

use std::fmt::Write as _;

use k8s_openapi::api::networking::v1::{NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// A label that only the API server sets (N9).
pub(super) const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// A peer.
pub(super) fn peer(peer: &NetworkPolicyPeer) -> String {
    if let Some(block) = &peer.ip_block {
        return block.cidr.clone();
    }
    let mut words = match &peer.pod_selector {
        Some(selector) if !is_empty(selector) => format!("pods with {}", selected(selector)),
        _ => "all pods".to_owned(),
    };
    match &peer.namespace_selector {
        None => words.push_str(" of the workload namespace"),
        Some(selector) if is_empty(selector) => words.push_str(" of every namespace"),
        Some(selector) => match label(selector, NAMESPACE_NAME) {
            Some(name) if equals(Some(selector), NAMESPACE_NAME, name) => {
                // Writing to a String cannot fail.
                let _ = write!(words, " of namespace {name}");
            }
            _ => {
                let _ = write!(words, " of namespaces with {}", selected(selector));
            }
        },
    }
    words
}

fn is_empty(selector: &LabelSelector) -> bool {
    selector
        .match_labels
        .as_ref()
        .is_none_or(std::collections::BTreeMap::is_empty)
        && selector
            .match_expressions
            .as_ref()
            .is_none_or(Vec::is_empty)
}

fn selected(selector: &LabelSelector) -> String {
    let equal = selector.match_labels.iter().flatten();
    let equal = equal.map(|(key, value)| format!("{key}={value}"));
    let others = selector.match_expressions.iter().flatten();
    let others = others.map(|e| {
        let values = e.values.as_deref().unwrap_or_default().join(",");
        format!("{} {} {values}", e.key, e.operator)
    });
    list(equal.chain(others))
}

/// A port, or several.
pub(super) fn port(port: &NetworkPolicyPort) -> String {
    match (&port.port, port.end_port) {
        (Some(IntOrString::Int(first)), Some(last)) => format!("{first}-{last}"),
        (Some(IntOrString::Int(port)), None) => port.to_string(),
        (Some(IntOrString::String(name)), _) => name.clone(),
        (None, _) => "any".to_owned(),
    }
}

/// Several of them; none means anybody, as in a rule.
pub(super) fn list(words: impl Iterator<Item = impl std::fmt::Display>) -> String {
    let words = words.map(|word| word.to_string()).collect::<Vec<_>>();
    if words.is_empty() {
        "anybody".to_owned()
    } else {
        words.join(", ")
    }
}

/// Whether a selector asks for exactly this label and nothing else.
pub(super) fn equals(selector: Option<&LabelSelector>, key: &str, value: &str) -> bool {
    selector.is_some_and(|selector| {
        label(selector, key) == Some(value)
            && selector
                .match_labels
                .as_ref()
                .is_some_and(|all| all.len() == 1)
            && selector
                .match_expressions
                .as_ref()
                .is_none_or(Vec::is_empty)
    })
}

/// What a selector wants this label to be.
pub(super) fn label<'a>(selector: &'a LabelSelector, key: &str) -> Option<&'a str> {
    selector.match_labels.as_ref()?.get(key).map(String::as_str)
}
