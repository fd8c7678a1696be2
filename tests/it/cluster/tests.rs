//! The control plane does what the other tests rely on.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test they help"
)]

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ResourceQuota, ServiceAccount};
use kube::Api;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::runtime::wait::{await_condition, conditions};
use serde_json::{Value, from_value, json};

use kisenon::crd::{ApiKey, Endpoint, Project};

const PATIENCE: Duration = Duration::from_secs(60);

fn object<K: serde::de::DeserializeOwned>(value: Value) -> K {
    from_value(value).unwrap()
}

#[tokio::test]
async fn our_kinds_are_served() {
    let tenant = super::tenant("served", "acme").await;
    let all = ListParams::default();
    assert_eq!(tenant.api::<Project>().list(&all).await.unwrap().items, []);
    assert_eq!(tenant.api::<Endpoint>().list(&all).await.unwrap().items, []);
    assert_eq!(tenant.api::<ApiKey>().list(&all).await.unwrap().items, []);
}

#[tokio::test]
async fn every_test_owns_its_namespace() {
    let (one, other) = (
        super::namespace("own").await,
        super::tenant("own", "t").await,
    );
    assert_ne!(one.name, other.name);
    let namespaces: Api<Namespace> = Api::all(one.client.clone());
    let label = |n: Namespace| n.metadata.labels.unwrap().remove(super::TENANT_LABEL);
    assert_eq!(label(namespaces.get(&one.name).await.unwrap()), None);
    let labelled = namespaces.get(&other.name).await.unwrap();
    assert_eq!(label(labelled).as_deref(), Some("t"));
}

#[tokio::test]
async fn a_service_account_has_no_rights_of_the_administrator() {
    let home = super::namespace("account").await;
    let account = object(json!({"metadata": {"name": "nobody"}}));
    let accounts = home.api::<ServiceAccount>();
    accounts
        .create(&PostParams::default(), &account)
        .await
        .unwrap();
    let client = super::client_as(&home.name, "nobody").await;
    let maps: Api<ConfigMap> = Api::namespaced(client, &home.name);
    let kube::Error::Api(status) = maps.list(&ListParams::default()).await.unwrap_err() else {
        panic!("the answer is a refusal");
    };
    assert_eq!(status.code, 403);
    let user = format!("system:serviceaccount:{}:nobody", home.name);
    assert!(status.message.contains(&user), "{}", status.message);
}

#[tokio::test]
async fn a_deleted_namespace_goes_with_what_is_in_it() {
    let home = super::namespace("gone").await;
    let map = object(json!({"metadata": {"name": "inside"}}));
    home.api::<ConfigMap>()
        .create(&PostParams::default(), &map)
        .await
        .unwrap();
    let namespaces: Api<Namespace> = Api::all(home.client.clone());
    let made = namespaces.get(&home.name).await.unwrap();
    namespaces
        .delete(&home.name, &DeleteParams::default())
        .await
        .unwrap();
    let gone = conditions::is_deleted(made.metadata.uid.as_deref().unwrap());
    let wait = await_condition(namespaces, &home.name, gone);
    tokio::time::timeout(PATIENCE, wait).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_an_object_owns_is_collected_with_it() {
    let home = super::namespace("owner").await;
    let maps = home.api::<ConfigMap>();
    let create = PostParams::default();
    let owner = object(json!({"metadata": {"name": "owner"}}));
    let owner = maps.create(&create, &owner).await.unwrap();
    let owned = object(json!({"metadata": {"name": "owned", "ownerReferences": [{
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner.metadata.uid,
    }]}}));
    let owned = maps.create(&create, &owned).await.unwrap();
    maps.delete("owner", &DeleteParams::default())
        .await
        .unwrap();
    let gone = conditions::is_deleted(owned.metadata.uid.as_deref().unwrap());
    let wait = await_condition(maps, "owned", gone);
    tokio::time::timeout(PATIENCE, wait).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_count_quota_holds_for_our_kinds() {
    let home = super::namespace("quota").await;
    let quotas = home.api::<ResourceQuota>();
    let quota = object(json!({
        "metadata": {"name": "tenant"},
        "spec": {"hard": {"count/projects.kisenon.com": "1"}},
    }));
    quotas.create(&PostParams::default(), &quota).await.unwrap();
    let counted = |quota: Option<&ResourceQuota>| {
        quota
            .and_then(|q| q.status.as_ref()?.used.as_ref())
            .is_some_and(|used| used.contains_key("count/projects.kisenon.com"))
    };
    let wait = await_condition(quotas, "tenant", counted);
    tokio::time::timeout(PATIENCE, wait).await.unwrap().unwrap();
    let projects = home.api::<Project>();
    let project = |name: &str| object(json!({"metadata": {"name": name}, "spec": {}}));
    let create = PostParams::default();
    projects.create(&create, &project("first")).await.unwrap();
    let error = projects
        .create(&create, &project("second"))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("exceeded quota: tenant"),
        "{error}"
    );
}

#[tokio::test]
async fn the_kubeconfig_file_works_for_programs() {
    let home = super::namespace("file").await;
    let path = super::kubeconfig();
    let text = std::fs::read_to_string(&path).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    let server = config["clusters"][0]["cluster"]["server"].as_str().unwrap();
    assert!(server.starts_with("https://127.0.0.1:"), "{server}");
    let read = kube::config::Kubeconfig::read_from(path).unwrap();
    let client = kube::Client::try_from(kube::Config::try_from(read).unwrap()).unwrap();
    let namespaces: Api<Namespace> = Api::all(client);
    namespaces.get(&home.name).await.unwrap();
}
