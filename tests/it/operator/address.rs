//! Addresses: kept while their endpoint lives, rested after, and never given twice (N13).

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use serde_json::json;

use kisenon::cluster::address::Addresses;
use kisenon::crd::Endpoint;
use kisenon::domain::network::address_pool::AddressPool;

use super::kubelet;
use super::site::SYSTEM;
use super::tenant::{HEALED, PATIENCE, Tenant, conditions, is, status, until, until_gone};
use crate::cluster::{self, FaultPlan, Moment, Namespace};

#[tokio::test]
async fn an_address_is_kept_through_suspension_loss_of_the_pod_and_resize() {
    let tenant = Tenant::new("kept").await;
    let (workload, endpoint) = tenant.exposed().await;
    let (id, address) = (status(&endpoint).id.unwrap(), status(&endpoint).address);
    let kept = |e: &Endpoint| assert_eq!(status(e).address, address);

    let suspend = json!({"spec": {"desiredState": "Suspended"}});
    tenant.merge::<Endpoint>("shop-main", suspend).await;
    until_gone::<Pod>(&workload.api(), &format!("{id}-0")).await;
    kept(
        &tenant
            .endpoint("shop-main", "sleeps", |e| {
                is(conditions(e), "Ready", "True", "Suspended")
            })
            .await,
    );
    let resume = json!({"spec": {"desiredState": "Running"}});
    tenant.merge::<Endpoint>("shop-main", resume).await;
    let pod = kubelet::pod(&workload, &id).await;
    kept(
        &tenant
            .endpoint("shop-main", "waits for its gate", |e| {
                is(conditions(e), "IsolationVerified", "False", "GatePending")
            })
            .await,
    );
    kubelet::pass(&workload, &id).await;

    workload
        .api::<Pod>()
        .delete(&format!("{id}-0"), &DeleteParams::default())
        .await
        .unwrap();
    until::<Pod>(
        &workload.api(),
        &format!("{id}-0"),
        "is another",
        PATIENCE,
        |p| p.metadata.uid != pod.metadata.uid,
    )
    .await;
    kubelet::pass(&workload, &id).await;
    let resize = json!({"spec": {"compute": {"cpu": "750m"}}});
    tenant.merge::<Endpoint>("shop-main", resize).await;
    until::<StatefulSet>(&workload.api(), &id, "has the new size", PATIENCE, |s| {
        serde_json::to_string(s)
            .unwrap()
            .contains(r#""cpu":"750m""#)
    })
    .await;
    kept(
        &tenant
            .endpoint("shop-main", "is seen at its new size", |e| {
                is(conditions(e), "PerimeterReady", "True", "Succeeded")
            })
            .await,
    );
    let service: Service = workload.api().get(&id).await.unwrap();
    let pinned = service.metadata.annotations.unwrap()["metallb.io/loadBalancerIPs"].clone();
    assert_eq!(Some(pinned), address);
}

#[tokio::test]
async fn an_address_that_is_given_up_rests() {
    let tenant = Tenant::new("rest").await;
    let (_, endpoint) = tenant.exposed().await;
    let address = status(&endpoint).address.unwrap();
    tenant.shop(json!([])).await;
    until_gone::<Endpoint>(&tenant.api(), "shop-main").await;
    let leases: Api<Lease> = Api::namespaced(tenant.client(), SYSTEM);
    let name = format!("address-{}", address.replace('.', "-"));
    let lease = leases.get(&name).await.unwrap();
    assert_eq!(lease.spec.unwrap_or_default().holder_identity, None);
    let since = &lease.metadata.annotations.unwrap()["kisenon.com/released-at"];
    assert!(since.parse::<Timestamp>().unwrap() <= Timestamp::now());
}

#[tokio::test]
async fn a_service_of_somebody_else_with_the_same_address_raises_an_alarm() {
    let tenant = Tenant::new("rival").await;
    let (_, endpoint) = tenant.exposed().await;
    let address = status(&endpoint).address.unwrap();
    let rival = json!({
        "metadata": {"name": "rival", "annotations": {"metallb.io/loadBalancerIPs": address}},
        "spec": {"type": "LoadBalancer", "selector": {"a": "b"}, "ports": [{"port": 80}],
            "allocateLoadBalancerNodePorts": false},
    });
    let rival = serde_json::from_value(rival).unwrap();
    let services = tenant.api::<Service>();
    services
        .create(&PostParams::default(), &rival)
        .await
        .unwrap();
    let alarmed = until::<Endpoint>(&tenant.api(), "shop-main", "is alarmed", HEALED, |e| {
        is(conditions(e), "Stalled", "True", "AddressConflict")
    })
    .await;
    let words = serde_json::to_string(&alarmed).unwrap();
    assert!(
        words.contains(&format!("{}/rival", tenant.name())),
        "{words}"
    );
    services
        .delete("rival", &DeleteParams::default())
        .await
        .unwrap();
    until::<Endpoint>(&tenant.api(), "shop-main", "is calm", HEALED, |e| {
        is(conditions(e), "Stalled", "False", "Succeeded")
    })
    .await;
}

fn addresses(client: kube::Client, home: &Namespace, pool: &str) -> Addresses {
    let pool = AddressPool::parse(&[pool]).unwrap();
    Addresses::new(client, &home.name, pool, SignedDuration::from_hours(24))
}

async fn leases(home: &Namespace) -> Vec<Arc<Lease>> {
    let list = home.api().list(&ListParams::default()).await.unwrap();
    list.items.into_iter().map(Arc::new).collect()
}

#[tokio::test]
async fn two_operators_that_race_never_give_one_address_twice() {
    let home = cluster::namespace("race").await;
    let [one, other] = [(); 2].map(|()| addresses(home.client.clone(), &home, "192.0.2.0/28"));
    let holders = (0..16).map(|n| format!("holder-{n}")).collect::<Vec<_>>();
    // Neither has seen anything of what the other does.
    let claims = holders.iter().enumerate().map(|(n, holder)| {
        let by = if n % 2 == 0 { &one } else { &other };
        async move {
            by.claim(&[], holder, "t/e", Timestamp::now())
                .await
                .unwrap()
        }
    });
    let given = futures::future::join_all(claims).await;
    assert_eq!(given.iter().collect::<BTreeSet<_>>().len(), holders.len());
    let full = one.claim(&[], "late", "t/e", Timestamp::now()).await;
    assert_eq!(
        full.unwrap_err().to_string(),
        "none of 16 addresses is free: 16 in use, 0 in quarantine"
    );
}

#[tokio::test]
async fn two_operators_that_race_for_one_rested_address_give_it_once() {
    let home = cluster::namespace("rested").await;
    let [one, other] = [(); 2].map(|()| addresses(home.client.clone(), &home, "192.0.2.1/32"));
    let now = Timestamp::now();
    one.claim(&[], "first", "t/e", now).await.unwrap();
    one.release(&leases(&home).await, "first", now)
        .await
        .unwrap();
    let seen = leases(&home).await;
    let early = other.claim(&seen, "early", "t/e", now).await.unwrap_err();
    assert!(
        early.to_string().contains("0 in use, 1 in quarantine"),
        "{early}"
    );
    let later = now + SignedDuration::from_hours(25);
    let (a, b) = tokio::join!(
        one.claim(&seen, "a", "t/e", later),
        other.claim(&seen, "b", "t/e", later),
    );
    assert_eq!(
        usize::from(a.is_ok()) + usize::from(b.is_ok()),
        1,
        "{a:?} {b:?}"
    );
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_takes_no_second_address() {
    let home = cluster::namespace("lost").await;
    let plan = FaultPlan::fail_write(1, Moment::After);
    let client = cluster::faulty(cluster::config(), &plan).unwrap();
    let addresses = addresses(client, &home, "192.0.2.0/28");
    let now = Timestamp::now();
    addresses
        .claim(&[], "holder", "t/e", now)
        .await
        .unwrap_err();
    // The watch has not shown the Lease yet.
    let address = addresses.claim(&[], "holder", "t/e", now).await.unwrap();
    let stored = leases(&home).await;
    assert_eq!(stored.len(), 1);
    assert_eq!(Addresses::held(&stored, "holder"), Some(address));
}
