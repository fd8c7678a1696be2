//! Allow-lists: IPv4 ranges, at least one, never open by accident.

use serde_json::{Value, json};

use super::{accepts, endpoint, project, project_with, refuses};

const RANGE: &str = "each entry must be an IPv4 range in CIDR notation without host bits, \
                     for example 203.0.113.0/24, or 203.0.113.7/32 for one address";

fn access(ranges: &Value) -> Value {
    json!({"access": {"allowedCidrs": ranges}})
}

fn ranges(count: u8) -> Value {
    (0..count)
        .map(|n| format!("203.0.113.{n}/32"))
        .collect::<Vec<_>>()
        .into()
}

#[tokio::test]
async fn ranges_and_single_addresses_are_accepted() {
    for list in [
        json!(["203.0.113.0/24"]),
        json!(["203.0.113.7/32", "198.51.100.0/25", "0.0.0.0/0"]),
        ranges(64),
    ] {
        accepts(endpoint(&access(&list))).await;
        accepts(project(&json!({"network": {"allowedCidrs": list}}))).await;
        accepts(project_with(&access(&list))).await;
    }
}

#[tokio::test]
async fn what_is_no_range_is_refused() {
    for bad in [
        "everyone",
        "",
        "203.0.113.7",
        "203.0.113.0/33",
        "203.0.113/24",
        "203.0.113.0/024",
        "*",
    ] {
        let list = json!(["198.51.100.0/24", bad]);
        let words = ["spec.access.allowedCidrs: Invalid value", RANGE];
        refuses(endpoint(&access(&list)), &words).await;
    }
}

#[tokio::test]
async fn host_bits_are_refused() {
    for bad in ["203.0.113.7/24", "0.0.0.1/0", "203.0.113.1/31"] {
        refuses(endpoint(&access(&json!([bad]))), &[RANGE]).await;
    }
}

#[tokio::test]
async fn ipv6_is_refused() {
    for bad in ["2001:db8::/32", "::/0", "::ffff:0:0/96"] {
        refuses(endpoint(&access(&json!([bad]))), &[RANGE]).await;
    }
}

#[tokio::test]
async fn an_empty_allow_list_is_refused() {
    let empty = "should have at least 1 items";
    let words = ["spec.access.allowedCidrs", empty];
    refuses(endpoint(&access(&json!([]))), &words).await;
    let network = json!({"network": {"allowedCidrs": []}});
    let words = ["spec.network.allowedCidrs", empty];
    refuses(project(&network), &words).await;
    let words = ["spec.endpoints[0].access.allowedCidrs", empty];
    refuses(project_with(&access(&json!([]))), &words).await;
}

#[tokio::test]
async fn a_missing_allow_list_is_refused() {
    let words = ["spec.access.allowedCidrs: Required value"];
    refuses(endpoint(&json!({"access": {}})), &words).await;
    let pods = json!({"access": {"inCluster": "TenantNamespace"}});
    refuses(endpoint(&pods), &words).await;
    let words = ["spec.network.allowedCidrs: Required value"];
    refuses(project(&json!({"network": {}})), &words).await;
}

#[tokio::test]
async fn too_many_ranges_are_refused() {
    let words = ["spec.access.allowedCidrs", "must have at most 64 items"];
    refuses(endpoint(&access(&ranges(65))), &words).await;
}

#[tokio::test]
async fn bad_ranges_of_projects_and_inline_endpoints_are_refused_too() {
    let bad = json!(["203.0.113.7/24"]);
    let words = ["spec.network.allowedCidrs", RANGE];
    refuses(project(&json!({"network": {"allowedCidrs": bad}})), &words).await;
    let words = ["spec.endpoints[0].access.allowedCidrs", RANGE];
    refuses(project_with(&access(&bad)), &words).await;
}

#[tokio::test]
async fn an_unknown_kind_of_client_in_the_cluster_is_refused() {
    let everyone = json!({"access": {"allowedCidrs": ["203.0.113.0/24"], "inCluster": "All"}});
    let words = [
        "spec.access.inCluster: Unsupported value: \"All\"",
        "supported values: \"None\", \"TenantNamespace\"",
    ];
    refuses(endpoint(&everyone), &words).await;
}
