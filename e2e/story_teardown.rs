//! Deletion leaves nothing behind, unless the data is to be kept.

use std::process::Command;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{
    Namespace, PersistentVolume, PersistentVolumeClaim, Pod, Secret, Service,
};
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams};

use crate::cluster_handle::{Cluster, run};
use crate::stage;
use crate::tenant::Tenant;
use crate::wait::eventually;
use crate::{endpoint, packets};

const SOON: Duration = Duration::from_secs(60);
const NODE: &str = "--net=/run/netns/kisenon-node";

/// Names of the tenant's things that still stand, the last to go among them.
async fn left(cluster: &Cluster, tenant: &str, workload: &str, address: &str) -> Vec<String> {
    let client = &cluster.client;
    let mut left = Vec::new();
    let everything = ListParams::default();
    let spaces = Api::<Namespace>::all(client.clone())
        .list(&everything)
        .await
        .unwrap();
    let volumes = Api::<PersistentVolume>::all(client.clone())
        .list(&everything)
        .await
        .unwrap();
    let services = Api::<Service>::all(client.clone())
        .list(&everything)
        .await
        .unwrap();
    left.extend(
        spaces
            .iter()
            .map(ResourceExt::name_any)
            .filter(|name| name == workload),
    );
    left.extend(
        volumes
            .iter()
            .filter(|v| claimed_in(v, workload))
            .map(ResourceExt::name_any),
    );
    left.extend(
        services
            .iter()
            .filter(|service| service.namespace().as_deref() == Some(workload))
            .map(ResourceExt::name_any),
    );
    let mut rules = Command::new("nsenter");
    rules.args([NODE, "iptables-save"]);
    let rules = run(rules, "").output();
    let named = |line: &&str| line.contains(workload) || line.contains(&format!("{address}/32"));
    left.extend(rules.lines().filter(named).map(str::to_owned));
    let leases = Api::<Lease>::namespaced(client.clone(), "kisenon-system");
    for lease in leases.list(&everything).await.unwrap() {
        let owner = lease
            .annotations()
            .get("kisenon.com/endpoint")
            .cloned()
            .unwrap_or_default();
        let rests = lease.annotations().contains_key("kisenon.com/released-at")
            && lease
                .spec
                .as_ref()
                .is_none_or(|spec| spec.holder_identity.is_none());
        if owner.starts_with(&format!("{tenant}/")) && !rests {
            left.push(lease.name_any());
        }
    }
    left
}

fn claimed_in(volume: &PersistentVolume, namespace: &str) -> bool {
    let claim = volume
        .spec
        .as_ref()
        .and_then(|spec| spec.claim_ref.as_ref());
    claim.is_some_and(|claim| claim.namespace.as_deref() == Some(namespace))
}

async fn leaves_nothing(tenant: &Tenant, workload: &str, address: &str) {
    let ask = || async {
        let left = left(&tenant.cluster, &tenant.namespace, workload, address).await;
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:#?}"))
        }
    };
    eventually("nothing is left", SOON, ask).await;
    // The address does not go to the next one at once.
    let name = format!("address-{}", address.replace('.', "-"));
    let leases = Api::<Lease>::namespaced(tenant.cluster.client.clone(), "kisenon-system");
    assert!(
        leases.get_opt(&name).await.unwrap().is_some(),
        "it rests in quarantine"
    );
}

#[tokio::test]
async fn a_deleted_endpoint_and_project_leave_nothing() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::new(&cluster, "teardown").await;
    tenant.endpoint("main", "");
    let ready = tenant.ready("main").await;
    let (workload, address) = (tenant.workload().await, endpoint::address(&ready));
    let standing = left(&cluster, &tenant.namespace, &workload, &address).await;
    assert!(
        standing.iter().any(|line| line.contains("KUBE-")),
        "{standing:?}"
    );

    let namespace = &*tenant.namespace;
    cluster
        .kubectl(&[
            "-n",
            namespace,
            "delete",
            "endpoint.kisenon.com/main",
            "--timeout=60s",
        ])
        .output();
    let client = cluster.client.clone();
    let params = ListParams::default();
    let in_workload = Api::<Pod>::namespaced(client.clone(), &workload);
    assert_eq!(
        in_workload.list(&params).await.unwrap().items.len(),
        0,
        "pods"
    );
    let claims = Api::<PersistentVolumeClaim>::namespaced(client.clone(), &workload);
    let gone = || async {
        let found = claims.list(&params).await.unwrap().items;
        if found.is_empty() {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        }
    };
    eventually("the data is gone", SOON, gone).await;
    let secrets = Api::<Secret>::namespaced(client.clone(), namespace);
    assert!(secrets.get_opt("main-connection").await.unwrap().is_none());
    let workload_secrets = Api::<Secret>::namespaced(client, &workload);
    assert_eq!(
        workload_secrets.list(&params).await.unwrap().items.len(),
        0,
        "credentials"
    );

    cluster
        .kubectl(&[
            "-n",
            namespace,
            "delete",
            "project.kisenon.com/shop",
            "--timeout=60s",
        ])
        .output();
    leaves_nothing(&tenant, &workload, &address).await;
}

#[tokio::test]
async fn a_deleted_tenant_namespace_leaves_nothing() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::new(&cluster, "teardown-all").await;
    tenant.endpoint("main", "");
    let address = endpoint::address(&tenant.ready("main").await);
    let workload = tenant.workload().await;
    cluster
        .kubectl(&["delete", "namespace", &tenant.namespace, "--timeout=90s"])
        .output();
    leaves_nothing(&tenant, &workload, &address).await;
    let vip = vec![format!("{address}:5432")];
    let from = packets::From::Lan(crate::cluster_handle::Host::Client);
    assert_eq!(packets::reached(&cluster, &from, &vip), [].into());
}

#[tokio::test]
async fn retained_data_stays() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::empty(&cluster, "retain").await;
    tenant.apply(
        "{apiVersion: kisenon.com/v1alpha1, kind: Project, metadata: {name: shop}, \
         spec: {deletionPolicy: Retain, network: {allowedCidrs: [10.77.0.20/32]}}}",
    );
    tenant.endpoint("main", "");
    let id = endpoint::id(&tenant.ready("main").await);
    let workload = tenant.workload().await;
    cluster
        .kubectl(&["delete", "namespace", &tenant.namespace, "--timeout=90s"])
        .output();
    let client = cluster.client.clone();
    let claims = Api::<PersistentVolumeClaim>::namespaced(client.clone(), &workload);
    let claim = claims.get(&id).await.unwrap();
    assert_eq!(claim.metadata.deletion_timestamp, None);
    assert_eq!(claim.status.unwrap().phase.as_deref(), Some("Bound"));
    let pods = Api::<Pod>::namespaced(client.clone(), &workload);
    assert_eq!(
        pods.list(&ListParams::default()).await.unwrap().items.len(),
        0
    );
    let services = Api::<Service>::namespaced(client.clone(), &workload);
    assert_eq!(
        services
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .len(),
        0
    );
    let spaces = Api::<Namespace>::all(client);
    spaces
        .delete(&workload, &DeleteParams::default())
        .await
        .unwrap();
}
