//! What is left out is filled in by the API server, so that everyone reads the same object.

use serde_json::json;

use super::{accepts, endpoint, object, project, project_with};

#[tokio::test]
async fn an_endpoint_needs_only_its_project() {
    let stored = accepts(endpoint(&json!({}))).await;
    let filled = json!({
        "project": "shop",
        "compute": {"cpu": "500m", "memory": "512Mi"},
        "storage": {"size": "1Gi"},
        "database": "main",
        "role": {"name": "app"},
        "desiredState": "Running",
    });
    assert_eq!(stored["spec"], filled);
}

#[tokio::test]
async fn the_rest_of_a_half_written_object_is_filled_in() {
    let half = json!({
        "compute": {"cpu": "2"},
        "storage": {"className": "fast"},
        "role": {"passwordSecretRef": {"name": "mine"}},
        "access": {"allowedCidrs": ["203.0.113.0/24"]},
        "postgres": {},
    });
    let stored = accepts(endpoint(&half)).await;
    let spec = &stored["spec"];
    assert_eq!(spec["compute"]["memory"], "512Mi");
    assert_eq!(spec["storage"]["size"], "1Gi");
    assert_eq!(spec["role"]["name"], "app");
    assert_eq!(spec["role"]["passwordSecretRef"]["key"], "password");
    assert_eq!(spec["access"]["inCluster"], "None");
    assert_eq!(spec["postgres"]["parameters"], json!({}));
}

#[tokio::test]
async fn an_empty_project_is_filled_in() {
    let stored = accepts(project(&json!({}))).await;
    let filled = json!({
        "postgresVersion": "17",
        "quota": {"endpoints": 10, "cpu": "8", "memory": "16Gi", "storage": "100Gi"},
        "deletionProtection": false,
        "deletionPolicy": "Delete",
    });
    assert_eq!(stored["spec"], filled);
    let stored = accepts(project(&json!({"quota": {"cpu": "4"}}))).await;
    let filled = json!({"endpoints": 10, "cpu": "4", "memory": "16Gi", "storage": "100Gi"});
    assert_eq!(stored["spec"]["quota"], filled);
}

#[tokio::test]
async fn a_template_stays_as_written_since_only_that_is_held_to() {
    let written = json!({"compute": {"cpu": "2"}, "storage": {}, "role": {}});
    let stored = accepts(project_with(&written)).await;
    let template = json!({"name": "main", "compute": {"cpu": "2"}, "storage": {}, "role": {}});
    assert_eq!(stored["spec"]["endpoints"], json!([template]));
}

#[tokio::test]
async fn a_key_is_not_revoked_unless_it_says_so() {
    let spec = super::api_key::spec(&json!({}));
    let stored = accepts(object("ApiKey", "it", &spec)).await;
    assert_eq!(stored["spec"]["revoked"], false);
}
