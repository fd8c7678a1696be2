//! The way down leaves nothing, in an order that never opens anything.

use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{
    Namespace as CoreNamespace, PersistentVolumeClaim, Pod, Secret, Service,
};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams};
use kube::core::PartialObjectMeta;
use kube::discovery::{Discovery, Scope, verbs};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, Resource, ResourceExt as _};
use serde_json::json;
use tokio::sync::mpsc;

use kisenon::crd::{Endpoint, Project};

use super::tenant::{PATIENCE, Tenant, shop, status, until, until_gone};

/// Every object of any namespaced kind that says it belongs to this tenant, but what is kept.
pub(super) async fn remains(client: &Client, tenant: &str) -> Vec<String> {
    let discovery = Discovery::new(client.clone()).run().await.unwrap();
    let ours = ListParams::default().labels(&format!("kisenon.com/tenant-namespace={tenant}"));
    let mut found = Vec::new();
    for group in discovery.groups() {
        for (resource, capabilities) in group.recommended_resources() {
            let is_stored = capabilities.supports_operation(verbs::LIST)
                && capabilities.supports_operation(verbs::DELETE);
            if capabilities.scope == Scope::Namespaced && is_stored {
                let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
                let list = api.list_metadata(&ours).await.unwrap();
                found.extend(
                    list.iter()
                        .map(|o| format!("{} {}", resource.kind, o.name_any())),
                );
            }
        }
    }
    let namespaces: Api<CoreNamespace> = Api::all(client.clone());
    let list = namespaces.list(&ours).await.unwrap();
    found.extend(list.iter().map(|o| format!("Namespace {}", o.name_any())));
    found
}

#[tokio::test]
async fn a_deleted_project_leaves_nothing() {
    let tenant = Tenant::new("down").await;
    let (workload, _) = tenant.exposed().await;
    tenant.delete::<Project>("shop").await;
    until_gone::<Project>(&tenant.api(), "shop").await;
    let namespaces: Api<CoreNamespace> = Api::all(tenant.client());
    until_gone(&namespaces, &workload.name).await;
    assert_eq!(remains(&tenant.client(), tenant.name()).await, [""; 0]);
    assert_eq!(super::tenant::names::<Secret>(&tenant.api()).await, [""; 0]);
}

#[tokio::test]
async fn a_deleted_tenant_leaves_nothing() {
    let tenant = Tenant::new("whole").await;
    let (workload, _) = tenant.exposed().await;
    let namespaces: Api<CoreNamespace> = Api::all(tenant.client());
    let params = DeleteParams::default();
    namespaces.delete(tenant.name(), &params).await.unwrap();
    until_gone(&namespaces, tenant.name()).await;
    until_gone(&namespaces, &workload.name).await;
    assert_eq!(remains(&tenant.client(), tenant.name()).await, [""; 0]);
}

/// Says the kind of each object whose deletion a watch shows.
fn follow<K>(
    api: Api<PartialObjectMeta<K>>,
    name: &'static str,
    gone: mpsc::UnboundedSender<&'static str>,
) where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + Send + Sync + 'static,
{
    tokio::spawn(async move {
        let mut events = watcher(api, watcher::Config::default()).boxed();
        while let Some(event) = events.next().await {
            if let Ok(Event::Delete(object)) = event
                && object.name_any().starts_with("ep-")
            {
                let _ = gone.send(name);
            }
        }
    });
}

/// N11: while a pod is left, the policy stays; while the Service stands, so do the pods.
#[tokio::test]
async fn the_way_in_goes_first_and_the_policy_last() {
    let tenant = Tenant::new("order").await;
    let (workload, endpoint) = tenant.exposed().await;
    let id = status(&endpoint).id.unwrap();
    // A pod that takes its time: something else has yet to be done with it.
    let hold = json!({"metadata": {"finalizers": ["kisenon.com/it"]}});
    let pod = format!("{id}-0");
    super::tenant::merge::<Pod>(&workload.api(), &pod, hold).await;
    tenant.shop(json!([])).await;
    until_gone::<Service>(&workload.api(), &id).await;
    until::<Pod>(&workload.api(), &pod, "is told to go", PATIENCE, |p| {
        p.metadata.deletion_timestamp.is_some()
    })
    .await;
    let (sender, mut gone) = mpsc::unbounded_channel();
    let place = &workload.name;
    follow::<Pod>(
        Api::namespaced(tenant.client(), place),
        "Pod",
        sender.clone(),
    );
    follow::<NetworkPolicy>(
        Api::namespaced(tenant.client(), place),
        "NetworkPolicy",
        sender,
    );
    // Several repetitions of the operator, during all of which the pod is still there.
    let nothing = tokio::time::timeout(Duration::from_secs(3), gone.recv()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    let release = json!({"metadata": {"finalizers": null}});
    super::tenant::merge::<Pod>(&workload.api(), &pod, release).await;
    until_gone::<Endpoint>(&tenant.api(), "shop-main").await;
    until_gone::<NetworkPolicy>(&workload.api(), &id).await;
    assert_eq!(gone.recv().await, Some("Pod"));
    assert_eq!(gone.recv().await, Some("NetworkPolicy"));
    // What closes the whole namespace stays as long as the namespace.
    let deny: NetworkPolicy = workload.api().get("default-deny").await.unwrap();
    assert_eq!(deny.metadata.deletion_timestamp, None);
}

#[tokio::test]
async fn retained_data_outlives_endpoint_and_project() {
    let tenant = Tenant::new("retain").await;
    let (workload, endpoint) = tenant.exposed().await;
    let id = status(&endpoint).id.unwrap();
    let retain = json!({"spec": {"deletionPolicy": "Retain"}});
    tenant.merge::<Project>("shop", retain).await;
    tenant.delete::<Project>("shop").await;
    until_gone::<Project>(&tenant.api(), "shop").await;
    let claim: PersistentVolumeClaim = workload.api().get(&id).await.unwrap();
    assert_eq!(claim.metadata.deletion_timestamp, None);
    let deny: NetworkPolicy = workload.api().get("default-deny").await.unwrap();
    assert_eq!(deny.metadata.deletion_timestamp, None);
    until_gone::<Service>(&workload.api(), &id).await;

    // K7: a Project by the same name is another one, with a namespace of its own, and the way
    // down of its endpoints leads there.
    let (later, endpoint) = tenant.exposed().await;
    assert_ne!(later.name, workload.name);
    let later_id = status(&endpoint).id.unwrap();
    tenant.apply(&shop(json!([]))).await;
    until_gone::<Endpoint>(&tenant.api(), "shop-main").await;
    until_gone::<Service>(&later.api(), &later_id).await;
    until_gone::<NetworkPolicy>(&later.api(), &later_id).await;
    let claim: PersistentVolumeClaim = workload.api().get(&id).await.unwrap();
    assert_eq!(claim.metadata.deletion_timestamp, None);
}

#[tokio::test]
async fn a_protected_project_is_not_deleted() {
    let tenant = Tenant::new("protect").await;
    let mut protected = shop(json!([]));
    protected["spec"]["deletionProtection"] = json!(true);
    tenant.apply(&protected).await;
    tenant.workload().await;
    let params = DeleteParams::default();
    let refusal = tenant
        .api::<Project>()
        .delete("shop", &params)
        .await
        .unwrap_err();
    assert!(
        refusal
            .to_string()
            .contains(r#""deletionProtection":false"#),
        "{refusal}"
    );
    let off = json!({"spec": {"deletionProtection": false}});
    tenant.merge::<Project>("shop", off).await;
    tenant.delete::<Project>("shop").await;
    until_gone::<Project>(&tenant.api(), "shop").await;
}
