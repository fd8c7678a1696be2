//! Amounts of processor, memory and disk.

use serde_json::{Value, json};

use super::{accepts, endpoint, project, project_with, refuses};

/// A field, its first and last amounts, and amounts just outside.
const BOUNDS: [(&str, &str, [&str; 2], [&str; 2]); 3] = [
    ("compute", "cpu", ["100m", "32"], ["99m", "32001m"]),
    ("compute", "memory", ["128Mi", "256Gi"], ["127Mi", "257Gi"]),
    ("storage", "size", ["256Mi", "16Ti"], ["255Mi", "17Ti"]),
];

const NO_QUANTITY: [&str; 6] = ["lots", "", "1GiB", "1 Gi", "-1", "0x10"];

fn field(parent: &str, name: &str, amount: &str) -> Value {
    json!({parent: {name: amount}})
}

#[tokio::test]
async fn amounts_within_their_bounds_are_accepted() {
    for (parent, name, inside, _) in BOUNDS {
        for amount in inside {
            accepts(endpoint(&field(parent, name, amount))).await;
            accepts(project_with(&field(parent, name, amount))).await;
        }
    }
    accepts(endpoint(&field("compute", "cpu", "1.5"))).await;
    accepts(endpoint(&field("storage", "size", "10G"))).await;
}

#[tokio::test]
async fn amounts_out_of_bounds_are_refused() {
    for (parent, name, [min, max], outside) in BOUNDS {
        let path = format!("spec.{parent}.{name}: Invalid value");
        let message =
            format!("{parent}.{name} must be a quantity from {min} to {max}, for example");
        for amount in outside {
            refuses(endpoint(&field(parent, name, amount)), &[&path, &message]).await;
            let inline = project_with(&field(parent, name, amount));
            refuses(inline, &["spec.endpoints[0]", &message]).await;
        }
    }
}

#[tokio::test]
async fn what_is_no_quantity_is_refused() {
    for (parent, name, ..) in BOUNDS {
        let message = format!("{parent}.{name} must be a quantity from");
        for amount in NO_QUANTITY {
            refuses(endpoint(&field(parent, name, amount)), &[&message]).await;
        }
    }
}

#[tokio::test]
async fn what_is_admitted_can_be_read() {
    for amount in ["1.50", "01", "999m", "0.5k", "1.00000000000000"] {
        accepts(project(&field("quota", "cpu", amount))).await;
        assert!(kisenon::domain::quantity::milli(amount).is_ok(), "{amount}");
    }
    for amount in [
        "1e2",
        "1E2",
        "+1",
        "5000n",
        "5000u",
        "0000000000000001",
        ".5",
        "1.",
    ] {
        let words = ["quota.cpu must be a quantity from 0 to 1000, for example 8"];
        refuses(project(&field("quota", "cpu", amount)), &words).await;
    }
}

#[tokio::test]
async fn a_quota_may_be_nothing_at_all_and_has_an_end() {
    for (name, last, above) in [
        ("cpu", "1000", "1001"),
        ("memory", "4Ti", "5Ti"),
        ("storage", "256Ti", "257Ti"),
    ] {
        accepts(project(&field("quota", name, "0"))).await;
        accepts(project(&field("quota", name, last))).await;
        let message = format!("quota.{name} must be a quantity from 0 to {last}, for example");
        for amount in [above, "-1", "many"] {
            let words = [
                &format!("spec.quota.{name}: Invalid value"),
                message.as_str(),
            ];
            refuses(project(&field("quota", name, amount)), &words).await;
        }
    }
}

#[tokio::test]
async fn a_quota_counts_endpoints_from_none_to_a_hundred() {
    let quota = |count: i32| project(&json!({"quota": {"endpoints": count}}));
    accepts(quota(0)).await;
    accepts(quota(100)).await;
    let least = [
        "spec.quota.endpoints",
        "should be greater than or equal to 0",
    ];
    refuses(quota(-1), &least).await;
    let most = [
        "spec.quota.endpoints",
        "should be less than or equal to 100",
    ];
    refuses(quota(101), &most).await;
}
