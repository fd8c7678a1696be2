//! What cannot be changed once it is stored, and what can.

use serde_json::{Value, json};

use super::{accepts_change, endpoint, project, project_with, refuses_change};

/// A field of an endpoint in two states, and what the refusal of the second says.
fn fixed() -> Vec<(Value, Value, &'static str)> {
    let class = |name: &str| json!({"storage": {"className": name}});
    vec![
        (
            json!({"database": "main"}),
            json!({"database": "other"}),
            "database cannot be changed: create further databases in a new",
        ),
        (
            json!({"role": {"name": "app"}}),
            json!({"role": {"name": "other"}}),
            "role.name cannot be changed: make a new",
        ),
        (
            class("fast"),
            class("slow"),
            "storage.className cannot be changed: make a new",
        ),
        (
            json!({"storage": {"size": "2Gi"}}),
            json!({"storage": {"size": "1Gi"}}),
            "storage.size can only grow: write the present size or a larger one",
        ),
    ]
}

#[tokio::test]
async fn an_endpoint_keeps_database_role_and_disk() {
    for (before, after, message) in fixed() {
        refuses_change(endpoint(&before), endpoint(&after), &[message]).await;
        accepts_change(endpoint(&before), endpoint(&before)).await;
    }
}

#[tokio::test]
async fn an_inline_endpoint_keeps_them_too() {
    for (before, after, message) in fixed() {
        let words = ["spec.endpoints[0]", message];
        refuses_change(project_with(&before), project_with(&after), &words).await;
    }
}

#[tokio::test]
async fn leaving_a_field_out_is_no_way_to_change_it() {
    for (before, _, message) in fixed() {
        if before["storage"]["className"] == "fast" || before["storage"]["size"] == "2Gi" {
            refuses_change(endpoint(&before), endpoint(&json!({})), &[message]).await;
        }
    }
    let class = json!({"storage": {"className": "fast"}});
    let words = ["storage.className cannot be changed"];
    refuses_change(endpoint(&json!({})), endpoint(&class), &words).await;
}

#[tokio::test]
async fn a_disk_may_grow() {
    let size = |size: &str| endpoint(&json!({"storage": {"size": size}}));
    let grown = accepts_change(size("1Gi"), size("1.5Gi")).await;
    assert_eq!(grown["spec"]["storage"]["size"], "1.5Gi");
    accepts_change(size("1Gi"), size("1024Mi")).await;
}

#[tokio::test]
async fn an_endpoint_stays_in_its_project() {
    let words = ["project cannot be changed: make a new Endpoint in the other project"];
    let other = endpoint(&json!({"project": "other"}));
    refuses_change(endpoint(&json!({})), other, &words).await;
}

#[tokio::test]
async fn a_project_keeps_its_version() {
    let version = |version: &str| project(&json!({"postgresVersion": version}));
    let words = ["postgresVersion cannot be changed: make a new Project with the other version"];
    refuses_change(version("16"), version("17"), &words).await;
    // Left out, it is filled in with the default, which is another one.
    refuses_change(version("16"), project(&json!({})), &words).await;
    accepts_change(version("17"), project(&json!({}))).await;
}

#[tokio::test]
async fn everything_else_of_an_endpoint_may_change() {
    let after = json!({
        "compute": {"cpu": "2", "memory": "4Gi"},
        "postgres": {"parameters": {"work_mem": "64MB"}},
        "role": {"passwordSecretRef": {"name": "mine"}},
        "access": {"allowedCidrs": ["203.0.113.0/24"], "inCluster": "TenantNamespace"},
        "desiredState": "Suspended",
    });
    accepts_change(endpoint(&json!({})), endpoint(&after)).await;
    accepts_change(endpoint(&after), endpoint(&json!({}))).await;
}

#[tokio::test]
async fn inline_endpoints_may_come_and_go() {
    let list = |names: &[&str]| {
        let endpoints = names.iter().map(|n| json!({"name": n})).collect::<Vec<_>>();
        project(&json!({
            "network": {"allowedCidrs": ["203.0.113.0/24"]},
            "endpoints": endpoints,
        }))
    };
    accepts_change(list(&["a", "b"]), list(&["b", "c"])).await;
    accepts_change(list(&["a"]), list(&[])).await;
}
