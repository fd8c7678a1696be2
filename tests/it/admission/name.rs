//! Names of objects, which other names are made of.

use serde_json::{Value, json};

use super::{accepts, object, refuses};

fn endpoint_called(name: &str) -> Value {
    object("Endpoint", name, &json!({"project": "shop"}))
}

fn project_called(name: &str, endpoints: &Value) -> Value {
    let network = json!({"allowedCidrs": ["203.0.113.0/24"]});
    object(
        "Project",
        name,
        &json!({"network": network, "endpoints": endpoints}),
    )
}

#[tokio::test]
async fn names_of_objects_have_an_end() {
    accepts(endpoint_called(&"a".repeat(63))).await;
    let words = ["metadata.name must have at most 63 characters: shorten it"];
    refuses(endpoint_called(&"a".repeat(64)), &words).await;
    accepts(project_called(&"a".repeat(52), &json!([]))).await;
    let words = ["metadata.name must have at most 52 characters: shorten it"];
    refuses(project_called(&"a".repeat(53), &json!([])), &words).await;
}

#[tokio::test]
async fn the_names_of_project_and_inline_endpoint_fit_together() {
    let endpoints = json!([{"name": "b".repeat(40)}]);
    accepts(project_called(&"a".repeat(22), &endpoints)).await;
    let words = [
        "the project's name, a hyphen and an endpoint's name must have at most 63 characters",
        "shorten one",
    ];
    refuses(project_called(&"a".repeat(23), &endpoints), &words).await;
}

#[tokio::test]
async fn an_inline_endpoints_name_can_be_part_of_a_name() {
    for good in ["a", "0", "main-2"] {
        accepts(project_called("shop", &json!([{"name": good}]))).await;
    }
    for bad in ["Main", "-main", "main-", "a.b", "a_b"] {
        let words = [
            "spec.endpoints[0].name: Invalid value",
            "name must be lower-case letters, digits and hyphens",
        ];
        refuses(project_called("shop", &json!([{"name": bad}])), &words).await;
    }
    let words = ["spec.endpoints[0].name: Too long: may not be more than 40 bytes"];
    refuses(
        project_called("shop", &json!([{"name": "a".repeat(41)}])),
        &words,
    )
    .await;
    let words = ["spec.endpoints[0].name", "should be at least 1 chars long"];
    refuses(project_called("shop", &json!([{"name": ""}])), &words).await;
}

#[tokio::test]
async fn an_endpoint_names_its_project() {
    let words = ["spec.project: Required value"];
    refuses(object("Endpoint", "it", &json!({})), &words).await;
    let words = ["spec.project", "should be at least 1 chars long"];
    refuses(object("Endpoint", "it", &json!({"project": ""})), &words).await;
    let long = json!({"project": "a".repeat(64)});
    let words = ["spec.project: Too long: may not be more than 63 bytes"];
    refuses(object("Endpoint", "it", &long), &words).await;
}
