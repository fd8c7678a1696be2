//! Settings of the server.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{accepts, endpoint, project_with, refuses};

fn parameters(values: &Value) -> Value {
    json!({"postgres": {"parameters": values}})
}

#[tokio::test]
async fn every_known_parameter_is_accepted() {
    let all = kisenon::domain::parameter::names()
        .map(|name| (name, "1"))
        .collect::<BTreeMap<_, _>>();
    accepts(endpoint(&parameters(&json!(all)))).await;
    accepts(project_with(&parameters(&json!(all)))).await;
}

#[tokio::test]
async fn the_usual_forms_of_values_are_accepted() {
    let values = json!({
        "work_mem": "64MB",
        "statement_timeout": "30s",
        "jit": "off",
        "random_page_cost": "1.1",
        "timezone": "Europe/Zurich",
        "default_transaction_isolation": "repeatable read",
    });
    accepts(endpoint(&parameters(&values))).await;
}

#[tokio::test]
async fn a_parameter_that_could_weaken_the_server_is_refused_with_those_that_can_be_set() {
    for name in ["archive_command", "listen_addresses", "ssl", "work_men"] {
        let refused = endpoint(&parameters(&json!({name: "on", "jit": "on"})));
        let message = refuses(refused, &["spec.postgres.parameters"]).await;
        let reason = "unknown or protected parameter; these can be set: autovacuum";
        assert!(message.contains(reason), "{message}");
        for known in kisenon::domain::parameter::names() {
            assert!(message.contains(known), "{known} is missing in {message}");
        }
    }
    let inline = project_with(&parameters(&json!({"ssl": "off"})));
    let words = ["spec.endpoints[0].postgres.parameters", "these can be set"];
    refuses(inline, &words).await;
}

#[tokio::test]
async fn a_value_that_could_end_its_line_is_refused() {
    for value in [
        "64MB\nssl = off",
        "'on'",
        "$(id)",
        "on;",
        "",
        "a\\b",
        "on # no",
    ] {
        let refused = endpoint(&parameters(&json!({"work_mem": value, "jit": "on"})));
        let words = [
            "spec.postgres.parameters[work_mem]: Invalid value",
            "a parameter's value must be a number with its unit or a word, for example",
        ];
        refuses(refused, &words).await;
    }
}

#[tokio::test]
async fn a_value_is_short() {
    let refused = endpoint(&parameters(&json!({"work_mem": "1".repeat(65)})));
    let words = [
        "spec.postgres.parameters.work_mem",
        "may not be more than 64 bytes",
    ];
    refuses(refused, &words).await;
}

#[tokio::test]
async fn a_value_is_text() {
    let refused = endpoint(&parameters(&json!({"max_connections": 100})));
    let words = [
        "spec.postgres.parameters.max_connections",
        "must be of type string",
    ];
    refuses(refused, &words).await;
}
