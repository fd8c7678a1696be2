//! A tenant of the API: its namespace and quota are made with its first write.

use k8s_openapi::api::core::v1::{Namespace as CoreNamespace, ResourceQuota};
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams};
use serde_json::json;

use kisenon::auth::random;
use kisenon::cluster::intent::ClusterError;
use kisenon::cluster::tenant::ensure;
use kisenon::config::api::TenantQuota;

use super::app::App;
use crate::cluster::{self, Namespace};

fn small() -> TenantQuota {
    TenantQuota {
        projects: 1,
        endpoints: 2,
        api_keys: 5,
    }
}

/// A tenant of the API, whose namespace stands.
async fn tenant() -> (String, Namespace) {
    let client = cluster::client().await;
    let id = random::hex::<12>().unwrap();
    let name = kisenon::domain::tenant::namespace(&id);
    ensure(&client, &id, &name, small()).await.unwrap();
    (id, Namespace { name, client })
}

#[tokio::test]
async fn the_namespace_is_a_tenants_and_its_quota_counts() {
    let (id, home) = tenant().await;
    let namespaces: Api<CoreNamespace> = Api::all(home.client.clone());
    let namespace = namespaces.get(&home.name).await.unwrap();
    assert_eq!(namespace.labels()["kisenon.com/tenant"], id);
    assert_eq!(
        namespace.labels()["pod-security.kubernetes.io/enforce"],
        "restricted"
    );
    let quotas: Api<ResourceQuota> = home.api();
    let quota = quotas.get("kisenon-tenant").await.unwrap();
    let used = quota.status.unwrap().used.unwrap();
    assert_eq!(used["count/projects.kisenon.com"].0, "0");
    // An admin has given this tenant more: that stays.
    let more = json!({"spec": {"hard": {"count/projects.kisenon.com": "7"}}});
    let params = kube::api::PatchParams::default();
    quotas
        .patch("kisenon-tenant", &params, &kube::api::Patch::Merge(more))
        .await
        .unwrap();
    ensure(&home.client, &id, &home.name, small())
        .await
        .unwrap();
    let quota = quotas.get("kisenon-tenant").await.unwrap();
    assert_eq!(
        quota.spec.unwrap().hard.unwrap()["count/projects.kisenon.com"].0,
        "7"
    );
}

#[tokio::test]
async fn a_namespace_of_somebody_else_is_not_taken_over() {
    let client = cluster::client().await;
    let id = random::hex::<12>().unwrap();
    let name = kisenon::domain::tenant::namespace(&id);
    let foreign = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
    let namespaces: Api<CoreNamespace> = Api::all(client.clone());
    namespaces
        .create(&Default::default(), &foreign)
        .await
        .unwrap();
    let refused = ensure(&client, &id, &name, small()).await;
    assert!(
        matches!(refused, Err(ClusterError::Forbidden(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_full_quota_is_said_in_numbers_and_nothing_is_written() {
    let (_, home) = tenant().await;
    let quota = "tenantQuota: {projects: 1, endpoints: 2, apiKeys: 5}\n";
    let app = App::start_with(home.client.clone(), quota).await;
    let client = app.key(&home, json!({})).await;
    client
        .post("/v1/projects", json!({"name": "one"}))
        .await
        .ok(201);
    let refused = client.post("/v1/projects", json!({"name": "two"})).await;
    let said = refused.refused(403, "quota_exceeded");
    assert!(said.contains("1 of 1 projects"), "{said}");
    let document = |name: &str| {
        format!(
            "apiVersion: kisenon.com/v1alpha1\nkind: Endpoint\nmetadata: {{name: {name}}}\nspec: {{project: one}}\n"
        )
    };
    // Each document alone would fit.
    let three = ["a", "b", "c"].map(document).join("---\n");
    let refused = client.manifests("", &three).await;
    let said = refused.refused(403, "quota_exceeded");
    assert!(said.contains("endpoints"), "{said}");
    assert_eq!(
        client.get("/v1/endpoints").await.ok(200)["items"],
        json!([])
    );
}

#[tokio::test]
async fn a_namespace_that_was_taken_away_is_made_anew() {
    let (id, home) = tenant().await;
    let namespaces: Api<CoreNamespace> = Api::all(home.client.clone());
    namespaces
        .delete(&home.name, &DeleteParams::default())
        .await
        .unwrap();
    let gone = kube::runtime::wait::await_condition(
        namespaces,
        &home.name,
        |namespace: Option<&CoreNamespace>| namespace.is_none(),
    );
    tokio::time::timeout(super::app::PATIENCE, gone)
        .await
        .unwrap()
        .unwrap();
    ensure(&home.client, &id, &home.name, small())
        .await
        .unwrap();
    let quotas: Api<ResourceQuota> = home.api();
    assert!(quotas.get_opt("kisenon-tenant").await.unwrap().is_some());
}
