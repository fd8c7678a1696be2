//! What cannot be built says what to do about it, and stops nobody else.

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{Namespace as CoreNamespace, PersistentVolumeClaim};
use kube::api::Api;
use serde_json::{Value, json};

use kisenon::crd::{Endpoint, Project};

use super::site;
use super::tenant::{
    Tenant, conditions, endpoint, is, merge, names, project, shop, stalls, status,
};

#[tokio::test]
async fn a_namespace_without_the_label_is_told_the_command_and_heals_by_it() {
    let tenant = Tenant::new("unlabelled").await;
    let namespaces: Api<CoreNamespace> = Api::all(tenant.client());
    let label = |value: Value| json!({"metadata": {"labels": {"kisenon.com/tenant": value}}});
    merge(&namespaces, tenant.name(), label(Value::Null)).await;
    tenant.shop(json!([{"name": "main"}])).await;
    let message = stalls::<Project>(&tenant.api(), "shop", "NamespaceNotTenant").await;
    let name = tenant.name();
    let command = format!("kubectl label namespace {name} kisenon.com/tenant={name}");
    assert!(message.contains(&command), "{message}");
    tenant.apply(&endpoint("alone", json!({}))).await;
    let message = stalls::<Endpoint>(&tenant.api(), "alone", "NamespaceNotTenant").await;
    assert!(message.contains(&command), "{message}");
    merge(&namespaces, tenant.name(), label(json!(name))).await;
    tenant.workload().await;
    tenant
        .endpoint("shop-main", "waits for its gate", waits_for_gate)
        .await;
}

fn waits_for_gate(endpoint: &Endpoint) -> bool {
    is(
        conditions(endpoint),
        "IsolationVerified",
        "False",
        "GatePending",
    )
}

#[tokio::test]
async fn an_endpoint_waits_for_the_project_it_names() {
    let tenant = Tenant::new("orphan").await;
    tenant.apply(&endpoint("first", json!({}))).await;
    let message = stalls::<Endpoint>(&tenant.api(), "first", "ProjectNotFound").await;
    assert!(message.contains("no Project shop"), "{message}");
    tenant.shop(json!([])).await;
    tenant
        .endpoint("first", "waits for its gate", waits_for_gate)
        .await;
}

#[tokio::test]
async fn an_unknown_version_of_postgres_is_told_the_known_ones() {
    let tenant = Tenant::new("version").await;
    let mut shop = shop(json!([{"name": "main"}]));
    shop["spec"]["postgresVersion"] = json!("12");
    tenant.apply(&shop).await;
    let message = stalls::<Endpoint>(&tenant.api(), "shop-main", "PostgresVersionUnknown").await;
    assert!(
        message.contains("Postgres 12") && message.contains("17"),
        "{message}"
    );
}

#[tokio::test]
async fn who_may_connect_is_never_guessed() {
    let tenant = Tenant::new("access").await;
    tenant.apply(&project(json!({}))).await;
    tenant.apply(&endpoint("nobody", json!({}))).await;
    let message = stalls::<Endpoint>(&tenant.api(), "nobody", "AccessMissing").await;
    assert!(message.contains("access.allowedCidrs"), "{message}");
    // N1: neither pods, nor Services, nor nodes, nor other endpoints, nor metadata.
    for closed in [
        "10.244.3.0/24",
        "10.96.0.0/24",
        "192.168.7.7/32",
        "198.51.100.0/28",
        "169.254.169.254/32",
    ] {
        let access = json!({"access": {"allowedCidrs": [closed]}});
        tenant.apply(&endpoint("nobody", access)).await;
        let message = stalls::<Endpoint>(&tenant.api(), "nobody", "AccessInvalid").await;
        assert!(message.contains(closed), "{message}");
    }
    let access = json!({"access": {"allowedCidrs": ["203.0.113.7/32"]}});
    tenant.apply(&endpoint("nobody", access)).await;
    tenant
        .endpoint("nobody", "waits for its gate", waits_for_gate)
        .await;
}

#[tokio::test]
async fn a_parameter_out_of_bounds_changes_nothing_that_runs() {
    let tenant = Tenant::new("bounds").await;
    let (workload, before) = tenant.exposed().await;
    let id = status(&before).id.unwrap();
    let set = workload.api::<StatefulSet>().get(&id).await.unwrap();
    let parameters =
        |value: &str| json!({"spec": {"postgres": {"parameters": {"max_connections": value}}}});
    tenant
        .merge::<Endpoint>("shop-main", parameters("1000000"))
        .await;
    let message = stalls::<Endpoint>(&tenant.api(), "shop-main", "ParameterInvalid").await;
    assert!(message.contains("max_connections"), "{message}");
    let stalled = tenant.endpoint("shop-main", "exists", |_| true).await;
    assert_eq!(status(&stalled).address, status(&before).address);
    let after = workload.api::<StatefulSet>().get(&id).await.unwrap();
    assert_eq!(after.spec, set.spec);
    tenant
        .merge::<Endpoint>("shop-main", parameters("100"))
        .await;
    tenant
        .endpoint("shop-main", "goes on", |e| {
            is(conditions(e), "Stalled", "False", "Succeeded")
        })
        .await;
}

#[tokio::test]
async fn a_younger_endpoint_never_takes_from_the_quota_of_older_ones() {
    let tenant = Tenant::new("quota").await;
    let quota = |endpoints: u32| {
        project(json!({
            "network": {"allowedCidrs": ["203.0.113.0/24"]}, "quota": {"endpoints": endpoints},
        }))
    };
    tenant.apply(&quota(1)).await;
    tenant.apply(&endpoint("older", json!({}))).await;
    let older = tenant.endpoint("older", "waits for its gate", waits_for_gate);
    let created = older.await.metadata.creation_timestamp.unwrap();
    // Ages are whole seconds; of two made in one, chance decides.
    let mut n = 0;
    let younger = loop {
        n += 1;
        let name = format!("younger-{n}");
        tenant.apply(&endpoint(&name, json!({}))).await;
        let made = tenant.endpoint(&name, "exists", |_| true).await;
        if made.metadata.creation_timestamp.unwrap().0 > created.0 {
            break name;
        }
        tenant.delete::<Endpoint>(&name).await;
        super::tenant::until_gone::<Endpoint>(&tenant.api(), &name).await;
    };
    let message = stalls::<Endpoint>(&tenant.api(), &younger, "QuotaExceeded").await;
    assert!(
        message.contains("quota.endpoints of Project shop"),
        "{message}"
    );
    tenant
        .endpoint("older", "keeps its place", waits_for_gate)
        .await;
    tenant.apply(&quota(2)).await;
    tenant.endpoint(&younger, "has room", waits_for_gate).await;
}

/// K7: by UID, not by name.
#[tokio::test]
async fn a_namespace_that_is_not_ours_is_never_taken_over() {
    let tenant = Tenant::new("adopt").await;
    let workload = tenant.shop_with_foreign_namespace().await;
    let message = stalls::<Project>(&tenant.api(), "shop", "AlreadyOwned").await;
    assert!(message.contains(&workload), "{message}");
    let foreign = crate::cluster::Namespace {
        name: workload,
        client: tenant.client(),
    };
    assert_eq!(
        names::<PersistentVolumeClaim>(&foreign.api()).await,
        [""; 0]
    );
    let writes = site::operator().writes(&[&foreign.name]);
    assert_eq!(writes, [""; 0]);
}

#[tokio::test]
async fn a_volume_that_cannot_grow_is_told_and_the_server_goes_on() {
    let tenant = Tenant::new("grow").await;
    let (workload, before) = tenant.exposed().await;
    let id = status(&before).id.unwrap();
    let size = json!({"spec": {"storage": {"size": "2Gi"}}});
    tenant.merge::<Endpoint>("shop-main", size).await;
    let message = stalls::<Endpoint>(&tenant.api(), "shop-main", "StorageResizeRefused").await;
    assert!(message.contains("stays as large as it is"), "{message}");
    let after = tenant.endpoint("shop-main", "exists", |_| true).await;
    assert_eq!(status(&after).address, status(&before).address);
    let set = workload.api::<StatefulSet>().get(&id).await.unwrap();
    assert_eq!(set.spec.unwrap().replicas, Some(1));
}
