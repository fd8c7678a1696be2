//! The Project and its inline endpoints as a whole.

use serde_json::{Value, json};

use super::{accepts, project, refuses};

fn named(count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| json!({"name": format!("e{n}")}))
        .collect()
}

fn open(endpoints: &[Value]) -> Value {
    project(&json!({"network": {"allowedCidrs": ["203.0.113.0/24"]}, "endpoints": endpoints}))
}

#[tokio::test]
async fn inline_endpoints_without_any_access_are_refused() {
    let words = ["say who may connect: give network.allowedCidrs for the project"];
    refuses(project(&json!({"endpoints": [{"name": "main"}]})), &words).await;
    let access = json!({"allowedCidrs": ["203.0.113.0/24"]});
    let one_of_two = json!([{"name": "a", "access": access}, {"name": "b"}]);
    refuses(project(&json!({"endpoints": one_of_two})), &words).await;
    accepts(project(
        &json!({"endpoints": [{"name": "a", "access": access}]}),
    ))
    .await;
    accepts(open(&named(2))).await;
}

#[tokio::test]
async fn two_inline_endpoints_of_one_name_are_refused() {
    let twice = [json!({"name": "main"}), json!({"name": "main"})];
    let words = ["spec.endpoints[1]: Duplicate value: {\"name\":\"main\"}"];
    refuses(open(&twice), &words).await;
}

#[tokio::test]
async fn inline_endpoints_have_an_end() {
    accepts(open(&named(32))).await;
    let words = ["spec.endpoints: Too many: 33: must have at most 32 items"];
    refuses(open(&named(33)), &words).await;
}

#[tokio::test]
async fn a_version_is_a_major_version() {
    for good in ["15", "17", "18"] {
        accepts(project(&json!({"postgresVersion": good}))).await;
    }
    for bad in ["7", "1a", "x7", ""] {
        let words = ["postgresVersion must be a major version, for example \"17\""];
        refuses(project(&json!({"postgresVersion": bad})), &words).await;
    }
    let words = ["spec.postgresVersion: Too long: may not be more than 2 bytes"];
    refuses(project(&json!({"postgresVersion": "17.2"})), &words).await;
    let words = [
        "spec.postgresVersion",
        "must be of type string: \"integer\"",
    ];
    refuses(project(&json!({"postgresVersion": 17})), &words).await;
}

#[tokio::test]
async fn a_display_name_is_one_to_128_bytes() {
    accepts(project(&json!({"displayName": "Shop & Söhne"}))).await;
    accepts(project(&json!({"displayName": "a".repeat(128)}))).await;
    let words = ["spec.displayName: Too long: may not be more than 128 bytes"];
    refuses(project(&json!({"displayName": "a".repeat(129)})), &words).await;
    let words = ["spec.displayName", "should be at least 1 chars long"];
    refuses(project(&json!({"displayName": ""})), &words).await;
}

#[tokio::test]
async fn an_unknown_deletion_policy_is_refused_with_the_known_ones() {
    accepts(project(&json!({"deletionPolicy": "Retain"}))).await;
    let words = [
        "spec.deletionPolicy: Unsupported value: \"Keep\"",
        "supported values: \"Delete\", \"Retain\"",
    ];
    refuses(project(&json!({"deletionPolicy": "Keep"})), &words).await;
}
