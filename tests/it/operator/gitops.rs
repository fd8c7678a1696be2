//! A Project in Git and people at the same objects: each keeps what is theirs.

use kube::ResourceExt as _;
use serde_json::{Value, json};

use kisenon::crd::{DesiredState, Endpoint, Project};

use super::tenant::{HEALED, PATIENCE};
use super::tenant::{Tenant, conditions, endpoint, is, shop, stalls, until, until_gone};

fn with_cpu(cpu: &str) -> Value {
    json!([{"name": "main", "compute": {"cpu": cpu}}])
}

#[tokio::test]
async fn a_field_that_the_template_does_not_name_is_whoever_sets_it() {
    let tenant = Tenant::new("mine").await;
    tenant.shop(with_cpu("500m")).await;
    tenant.id("shop-main").await;
    let suspend = json!({"spec": {"desiredState": "Suspended"}});
    tenant.merge::<Endpoint>("shop-main", suspend).await;
    tenant
        .endpoint("shop-main", "is suspended", |e| {
            is(conditions(e), "Ready", "True", "Suspended")
        })
        .await;
    // The next commit changes something else.
    tenant.shop(with_cpu("600m")).await;
    let after = tenant
        .endpoint("shop-main", "has the new size", |e| {
            e.spec.compute.cpu == "600m"
        })
        .await;
    assert_eq!(after.spec.desired_state, DesiredState::Suspended);
}

#[tokio::test]
async fn a_field_of_the_template_that_is_edited_by_hand_comes_back() {
    let tenant = Tenant::new("theirs").await;
    tenant.shop(with_cpu("500m")).await;
    tenant.id("shop-main").await;
    let edit = json!({"spec": {"compute": {"cpu": "2"}}});
    tenant.merge::<Endpoint>("shop-main", edit).await;
    until::<Endpoint>(&tenant.api(), "shop-main", "is 500m again", HEALED, |e| {
        e.spec.compute.cpu == "500m"
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_leaves_the_template_is_deleted_and_a_deleted_one_comes_back() {
    let tenant = Tenant::new("leave").await;
    tenant.shop(json!([{"name": "one"}, {"name": "two"}])).await;
    tenant.id("shop-one").await;
    let before = tenant.endpoint("shop-two", "exists", |_| true).await.uid();
    tenant.apply(&endpoint("by-hand", json!({}))).await;
    tenant.shop(json!([{"name": "two"}])).await;
    until_gone::<Endpoint>(&tenant.api(), "shop-one").await;
    tenant.delete::<Endpoint>("shop-two").await;
    tenant
        .endpoint("shop-two", "stands anew", |e| e.uid() != before)
        .await;
    // One that never came from the template is no business of the template's.
    tenant.shop(json!([])).await;
    until_gone::<Endpoint>(&tenant.api(), "shop-two").await;
    let by_hand: Endpoint = tenant.api().get("by-hand").await.unwrap();
    assert_eq!(by_hand.metadata.deletion_timestamp, None);
}

#[tokio::test]
async fn labels_and_annotations_of_others_survive() {
    let tenant = Tenant::new("marks").await;
    tenant.shop(with_cpu("500m")).await;
    tenant.id("shop-main").await;
    let marks = json!({"metadata": {
        "labels": {"team": "blue"},
        "annotations": {"argocd.argoproj.io/tracking-id": "a:b"},
    }});
    tenant.merge::<Endpoint>("shop-main", marks.clone()).await;
    tenant.merge::<Project>("shop", marks).await;
    tenant.shop(with_cpu("600m")).await;
    let endpoint = tenant
        .endpoint("shop-main", "is done with the new size", |e| {
            e.spec.compute.cpu == "600m" && !conditions(e).as_array().unwrap().is_empty()
        })
        .await;
    let project = until::<Project>(&tenant.api(), "shop", "is ready", PATIENCE, |p| {
        is(conditions(p), "Ready", "True", "Succeeded")
    })
    .await;
    for (labels, annotations) in [
        (endpoint.labels(), endpoint.annotations()),
        (project.labels(), project.annotations()),
    ] {
        assert_eq!(labels["team"], "blue");
        assert_eq!(annotations["argocd.argoproj.io/tracking-id"], "a:b");
    }
}

#[tokio::test]
async fn an_endpoint_made_by_hand_is_never_taken_over_by_a_template() {
    let tenant = Tenant::new("taken").await;
    tenant.shop(json!([])).await;
    tenant.workload().await;
    tenant.apply(&endpoint("shop-main", json!({}))).await;
    let by_hand = tenant.endpoint("shop-main", "exists", |_| true).await;
    tenant.shop(with_cpu("2")).await;
    let message = stalls::<Project>(&tenant.api(), "shop", "EndpointNameTaken").await;
    assert!(message.contains("Endpoint shop-main exists"), "{message}");
    let after: Endpoint = tenant.api().get("shop-main").await.unwrap();
    assert_eq!((after.uid(), &after.spec), (by_hand.uid(), &by_hand.spec));
    // Renamed, both stand.
    tenant.apply(&shop(json!([{"name": "other"}]))).await;
    tenant.id("shop-other").await;
}
