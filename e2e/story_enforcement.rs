//! A network that enforces no policy: nothing is exposed on it, and it heals by itself.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Service;
use kube::ResourceExt as _;
use kube::api::{Api, ListParams};
use kube::runtime::{WatchStreamExt as _, watcher};

use crate::cluster_handle::{Cluster, Host, PolicyController};
use crate::endpoint::condition;
use crate::stage;
use crate::tenant::Tenant;

#[tokio::test]
async fn nothing_is_exposed_on_a_network_that_enforces_nothing() {
    let _stage = stage::alone().await;
    let cluster = Cluster::find().await;
    let stopped = PolicyController::stop();
    let tenant = Tenant::new(&cluster, "enforcement").await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watch = tokio::spawn(services(
        tenant.cluster.clone(),
        tenant.namespace.clone(),
        Arc::clone(&seen),
    ));
    tenant.endpoint("main", "");

    let refuted = tenant
        .until("main", Duration::from_secs(60), |endpoint| {
            condition(endpoint, "IsolationVerified")
                .is_some_and(|c| c.status == "False" && c.reason == "NotEnforced")
        })
        .await;
    let said = &condition(&refuted, "IsolationVerified").unwrap().message;
    assert!(
        said.contains(":7432 ") || said.contains("forbidden port of 10.244."),
        "{said}"
    );
    assert!(said.contains("connected"), "{said}");
    assert_ne!(condition(&refuted, "Ready").unwrap().status, "True");
    assert_eq!(
        refuted.status.as_ref().unwrap().address,
        None,
        "no address is shown"
    );
    let label = format!("kisenon.com/tenant-namespace={}", tenant.namespace);
    let standing = Api::<Service>::all(cluster.client.clone())
        .list(&ListParams::default().labels(&label))
        .await
        .unwrap();
    assert!(standing.items.is_empty(), "a Service stands");
    assert!(!watch.is_finished(), "the watch of Services broke");
    assert_eq!(
        *seen.lock().unwrap(),
        Vec::<String>::new(),
        "a Service stood for a while"
    );

    drop(stopped);
    tenant.ready("main").await;
    let login = tenant.login("main").await;
    assert_eq!(tenant.query(&login, "SELECT 1"), "1");
    login.sql(Host::Other, "SELECT 1").refusal();
    assert!(!seen.lock().unwrap().is_empty(), "the watch sees Services");
}

async fn services(cluster: Cluster, tenant: String, seen: Arc<Mutex<Vec<String>>>) {
    let label = format!("kisenon.com/tenant-namespace={tenant}");
    let config = watcher::Config::default().labels(&label);
    let shown = watcher(Api::<Service>::all(cluster.client), config).applied_objects();
    let noted = shown.map_ok(|service| {
        seen.lock().unwrap().push(service.name_any());
    });
    noted
        .take_while(|shown| std::future::ready(shown.is_ok()))
        .collect::<Vec<_>>()
        .await;
}
