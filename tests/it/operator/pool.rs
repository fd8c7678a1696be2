//! A pool that is used up: told with figures, and healed by time alone (N13).

use serde_json::json;

use kisenon::crd::{Endpoint, Project};

use super::site::{Operator, config, laboratory};
use super::tenant::{Tenant, conditions, endpoint, is, stalls, until_gone};
use crate::cluster::FaultPlan;

fn has_address(endpoint: &Endpoint) -> bool {
    is(conditions(endpoint), "AddressAssigned", "False", "Waiting")
}

#[tokio::test]
async fn an_exhausted_pool_is_told_with_figures_and_heals_after_quarantine() {
    let (site, _alone) = laboratory().await;
    let settings = config("198.18.0.10-198.18.0.11", 2);
    let operator = Operator::begin(site, settings, FaultPlan::none()).await;
    let tenant = Tenant::at(site, "pool").await;
    tenant.shop(json!([])).await;
    for name in ["one", "two"] {
        tenant.apply(&endpoint(name, json!({}))).await;
        tenant.endpoint(name, "holds an address", has_address).await;
    }
    tenant.apply(&endpoint("three", json!({}))).await;
    let message = stalls::<Endpoint>(&tenant.api(), "three", "PoolExhausted").await;
    assert_eq!(
        message,
        "none of 2 addresses is free: 2 in use, 0 in quarantine"
    );
    // It stops nobody who needs no address.
    let asleep = json!({"desiredState": "Suspended"});
    tenant.apply(&endpoint("asleep", asleep)).await;
    tenant
        .endpoint("asleep", "is asleep", |e| {
            is(conditions(e), "Ready", "True", "Suspended")
        })
        .await;
    tenant.delete::<Endpoint>("one").await;
    tenant
        .endpoint("three", "sees one rest", |e| {
            let words = conditions(e).to_string();
            words.contains("1 in use, 1 in quarantine, the next one free at") || has_address(e)
        })
        .await;
    tenant
        .endpoint("three", "has the rested address", has_address)
        .await;
    tenant.delete::<Project>("shop").await;
    until_gone::<Project>(&tenant.api(), "shop").await;
    operator.end().await;
}
