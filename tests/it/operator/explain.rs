//! Who can reach an endpoint, told from the objects that the operator has made.

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::Service;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use kisenon::api::explain::explain;
use kisenon::cluster::access::{InForce, in_force, pod_labels};
use kisenon::crd::Endpoint;
use kisenon::wire::endpoint::access::Reach;

use super::tenant::{Tenant, conditions, is};
use crate::cluster::Namespace;

async fn read(tenant: &Tenant, workload: &Namespace, endpoint: &Endpoint) -> InForce {
    let id = endpoint.status.as_ref().unwrap().id.clone().unwrap();
    let labels = pod_labels(tenant.name(), "shop", &endpoint.name_any(), &id);
    let server: StatefulSet = workload.api().get(&id).await.unwrap();
    let pod = server.spec.unwrap().template.metadata.unwrap();
    for (label, value) in pod.labels.unwrap() {
        assert_eq!(labels.get(&label), Some(&value), "{label}");
    }
    in_force(&workload.client, &workload.name, &id, &labels)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_the_operator_made_is_what_was_written() {
    let tenant = Tenant::new("explain").await;
    let (workload, endpoint) = tenant.exposed().await;
    let id = endpoint.status.as_ref().unwrap().id.clone().unwrap();
    // MetalLB's part.
    let address = endpoint.status.as_ref().unwrap().address.clone().unwrap();
    let status = json!({"status": {"loadBalancer": {"ingress": [{ "ip": address }]}}});
    let services = workload.api::<Service>();
    let params = PatchParams::default();
    services
        .patch_status(&id, &params, &Patch::Merge(status))
        .await
        .unwrap();
    let project = tenant.project().await;
    let told = explain(
        &endpoint,
        Some(&project),
        &read(&tenant, &workload, &endpoint).await,
    );
    assert_eq!(told.address, Some(address));
    assert_eq!(told.open_to.len(), 1);
    let open = &told.open_to[0];
    assert_eq!(
        (&*open.cidr, &*open.rule),
        ("203.0.113.0/24", &*format!("policy {id} ingress[1]"))
    );
    assert_eq!(open.sources, ["project network.allowedCidrs[0]"]);
    assert!(told.in_cluster.is_empty());
    assert_eq!(told.egress.reach, Reach::None);
    assert!(told.isolation.verified && told.isolation.at.is_some());
    assert_eq!(told.differences, []);

    let access = json!({"spec": {"access": {
        "allowedCidrs": ["0.0.0.0/0", "192.0.2.0/24"], "inCluster": "TenantNamespace",
    }}});
    tenant.merge::<Endpoint>("shop-main", access).await;
    let endpoint = tenant
        .endpoint("shop-main", "has the new policy", |e| {
            is(conditions(e), "PerimeterReady", "True", "Succeeded")
        })
        .await;
    let told = explain(
        &endpoint,
        Some(&project),
        &read(&tenant, &workload, &endpoint).await,
    );
    assert_eq!(told.open_to.len(), 1);
    assert!(told.open_to[0].except.contains(&"10.244.0.0/16".to_owned()));
    assert_eq!(told.open_to[0].sources.len(), 2);
    assert_eq!(
        told.in_cluster[0].pods,
        format!("all pods of namespace {}", tenant.name())
    );
    assert_eq!(told.differences, []);
}
