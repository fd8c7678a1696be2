//! The faults that other tests inject do what they say, against the real API server.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test they help"
)]

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams, ListParams, ObjectMeta, PostParams};

use crate::cluster::{self, FaultPlan, Moment, Namespace};

fn map(name: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        ..ConfigMap::default()
    }
}

fn maps(home: &Namespace, plan: &FaultPlan) -> Api<ConfigMap> {
    let client = cluster::faulty(cluster::config(), plan).unwrap();
    Api::namespaced(client, &home.name)
}

async fn exists(home: &Namespace, name: &str) -> bool {
    home.api::<ConfigMap>()
        .get_opt(name)
        .await
        .unwrap()
        .is_some()
}

#[tokio::test]
async fn without_a_fault_writes_are_counted_and_reads_are_not() {
    let home = cluster::namespace("fault").await;
    let plan = FaultPlan::none();
    let maps = maps(&home, &plan);
    maps.create(&PostParams::default(), &map("a"))
        .await
        .unwrap();
    maps.list(&ListParams::default()).await.unwrap();
    maps.delete("a", &DeleteParams::default()).await.unwrap();
    let path = format!("/api/v1/namespaces/{}/configmaps", home.name);
    assert_eq!(
        plan.seen(),
        [format!("POST {path}"), format!("DELETE {path}/a")]
    );
    assert_eq!(plan.writes(), 2);
}

#[tokio::test]
async fn a_write_that_fails_before_is_not_done_and_the_next_one_is() {
    let home = cluster::namespace("fault").await;
    let plan = FaultPlan::fail_write(2, Moment::Before);
    let maps = maps(&home, &plan);
    let create = PostParams::default();
    maps.create(&create, &map("a")).await.unwrap();
    let error = maps.create(&create, &map("b")).await.unwrap_err();
    assert!(matches!(error, kube::Error::Service(_)), "{error:?}");
    assert!(!exists(&home, "b").await);
    maps.create(&create, &map("b")).await.unwrap();
    assert_eq!(plan.writes(), 3);
}

#[tokio::test]
async fn a_write_that_fails_after_is_done() {
    let home = cluster::namespace("fault").await;
    let plan = FaultPlan::fail_write(1, Moment::After);
    let maps = maps(&home, &plan);
    let error = maps
        .create(&PostParams::default(), &map("a"))
        .await
        .unwrap_err();
    assert!(matches!(error, kube::Error::Service(_)), "{error:?}");
    assert!(exists(&home, "a").await);
}

#[tokio::test]
async fn only_writes_to_chosen_paths_count() {
    let home = cluster::namespace("fault").await;
    let plan = FaultPlan::fail_write(1, Moment::Before).on_paths(|path| path.ends_with("/a"));
    let maps = maps(&home, &plan);
    maps.create(&PostParams::default(), &map("a"))
        .await
        .unwrap();
    maps.delete("a", &DeleteParams::default())
        .await
        .unwrap_err();
    assert!(exists(&home, "a").await);
    assert_eq!(plan.writes(), 1);
}
