//! The life of a server: suspended and resumed, resized, lost, retuned, and its allow-list changed.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, Secret};
use kisenon::crd::Phase;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use crate::cluster_handle::{Cluster, Host};
use crate::endpoint::{self, Login};
use crate::stage;
use crate::tenant::Tenant;
use crate::wait::{eventually, watched};

const SOON: Duration = Duration::from_secs(15);
const LATER: Duration = Duration::from_secs(60);

#[tokio::test]
async fn address_and_data_survive_suspension_resize_and_loss() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::new(&cluster, "life").await;
    tenant.endpoint("main", "");
    let address = endpoint::address(&tenant.ready("main").await);
    let login = tenant.login("main").await;
    tenant.query(
        &login,
        "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)",
    );
    let kept = || {
        let login = &login;
        let answer = login.sql(Host::Client, "SELECT n FROM kept");
        async move {
            if answer.ok && answer.out.trim() == "42" {
                Ok(())
            } else {
                Err(answer.err)
            }
        }
    };

    suspend(&tenant, &login).await;
    tenant
        .change("main", json!({"desiredState": "Running"}))
        .await;
    let ready = tenant
        .until("main", LATER, |e| phase(e) == Some(Phase::Running))
        .await;
    assert_eq!(endpoint::address(&ready), address, "after resuming");
    eventually("data after resuming", SOON, kept).await;

    let changes = json!({
        "compute": {"memory": "640Mi"},
        "postgres": {"parameters": {"work_mem": "7MB"}},
    });
    tenant.change("main", changes).await;
    let work_mem = || {
        let answer = login.sql(Host::Client, "SHOW work_mem");
        async move {
            if answer.out.trim() == "7MB" {
                Ok(())
            } else {
                Err(answer.out + &answer.err)
            }
        }
    };
    eventually("the new work_mem", LATER, work_mem).await;
    assert_eq!(
        endpoint::address(&tenant.ready("main").await),
        address,
        "after a resize"
    );

    let pod = pod(&tenant).await;
    let containers = pod.spec.unwrap().containers;
    let server = containers.into_iter().find(|c| c.name == "postgres");
    let limits = server.unwrap().resources.unwrap().limits.unwrap();
    assert_eq!(limits["memory"].0, "640Mi");
    lose_pod(&tenant).await;
    eventually("data after the loss of the pod", LATER, kept).await;
    assert_eq!(endpoint::address(&tenant.ready("main").await), address);
}

/// The gate beside the server is the operator's, and costs the tenant nothing of its quota.
#[tokio::test]
async fn an_endpoint_may_use_the_whole_quota() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::empty(&cluster, "quota").await;
    tenant.apply(
        "{apiVersion: kisenon.com/v1alpha1, kind: Project, metadata: {name: shop}, \
         spec: {network: {allowedCidrs: [10.77.0.20/32]}, \
         quota: {endpoints: 1, cpu: 250m, memory: 256Mi, storage: 1Gi}}}",
    );
    tenant.endpoint("main", "compute: {cpu: 250m, memory: 256Mi}");
    tenant.ready("main").await;
    let login = tenant.login("main").await;
    assert_eq!(tenant.query(&login, "SELECT 1"), "1");
}

fn phase(endpoint: &kisenon::crd::Endpoint) -> Option<Phase> {
    let status = endpoint.status.as_ref()?;
    status
        .phase
        .filter(|_| status.observed_generation == endpoint.metadata.generation)
}

async fn suspend(tenant: &Tenant, login: &Login) {
    tenant
        .change("main", json!({"desiredState": "Suspended"}))
        .await;
    let stopped = tenant
        .until("main", LATER, |e| phase(e) == Some(Phase::Stopped))
        .await;
    assert_eq!(endpoint::address(&stopped), login.host, "while suspended");
    let pods = Api::<Pod>::namespaced(tenant.cluster.client.clone(), &tenant.workload().await);
    let left = pods.list(&Default::default()).await.unwrap().items;
    assert!(left.is_empty(), "pods of a suspended endpoint: {left:?}");
    login.sql(Host::Client, "SELECT 1").refusal();
}

async fn pod(tenant: &Tenant) -> Pod {
    let endpoint = tenant.endpoints().get("main").await.unwrap();
    let name = format!("{}-0", endpoint::id(&endpoint));
    let pods = Api::<Pod>::namespaced(tenant.cluster.client.clone(), &tenant.workload().await);
    pods.get(&name).await.unwrap()
}

async fn lose_pod(tenant: &Tenant) {
    let lost = pod(tenant).await.metadata;
    let (name, workload) = (lost.name.unwrap(), tenant.workload().await);
    let pods = Api::<Pod>::namespaced(tenant.cluster.client.clone(), &workload);
    pods.delete(&name, &Default::default()).await.unwrap();
    let uid = lost.uid;
    let another = move |pod: Option<&Pod>| pod.is_some_and(|pod| pod.metadata.uid != uid);
    watched(pods, &name, LATER, another).await;
}

#[tokio::test]
async fn narrowing_the_allow_list_ends_connections() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::new(&cluster, "access").await;
    tenant.endpoint(
        "main",
        "access: {allowedCidrs: [10.77.0.20/32, 10.77.0.30/32]}",
    );
    tenant.ready("main").await;
    let login = tenant.login("main").await;
    let started = tenant.query(&login, "SELECT pg_postmaster_start_time()");
    let mut held =
        [Host::Client, Host::Other].map(|host| login.start(host, "SELECT pg_sleep(600)"));
    let sleeping = || {
        let count = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'";
        let answer = login.sql(Host::Client, count);
        async move {
            if answer.out.trim() == "2" {
                Ok(())
            } else {
                Err(answer.out + &answer.err)
            }
        }
    };
    eventually("two held connections", SOON, sleeping).await;

    tenant
        .change(
            "main",
            json!({"access": {"allowedCidrs": ["10.77.0.30/32"]}}),
        )
        .await;
    let ended = || {
        let status = held[0].try_wait().unwrap();
        async move { status.ok_or_else(|| "it still runs".to_owned()) }
    };
    let status = eventually("the end of the connection", SOON, ended).await;
    assert!(!status.success(), "the query was cut off");
    tenant.ready("main").await;
    login.sql(Host::Client, "SELECT 1").refusal();
    assert!(
        held[1].try_wait().unwrap().is_none(),
        "who stays admitted stays connected"
    );
    let _ = held[1].kill();
    let _ = held[1].wait();

    tenant
        .change(
            "main",
            json!({"access": {"allowedCidrs": ["10.77.0.20/32"]}}),
        )
        .await;
    let back = || {
        let answer = login.sql(Host::Client, "SELECT pg_postmaster_start_time()");
        async move {
            if answer.ok {
                Ok(answer.output())
            } else {
                Err(answer.err)
            }
        }
    };
    let still = eventually("the client is let in again", SOON, back).await;
    assert_eq!(still, started, "none of it took a restart");
    tenant.ready("main").await;
    login.sql(Host::Other, "SELECT 1").refusal();
}

#[tokio::test]
async fn a_new_certificate_is_served_without_a_restart() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::new(&cluster, "certificate").await;
    tenant.endpoint("main", "");
    let id = endpoint::id(&tenant.ready("main").await);
    let login = tenant.login("main").await;
    let facts = || tenant.query(&login, "SELECT pg_postmaster_start_time()");
    let (before, started) = (serial(&login, &cluster), facts());
    assert!(before.starts_with("serial="), "{before}");

    let secrets = Api::<Secret>::namespaced(cluster.client.clone(), &tenant.workload().await);
    let without = Patch::Merge(json!({"data": {"tls.crt": null}}));
    secrets
        .patch(&id, &PatchParams::default(), &without)
        .await
        .unwrap();
    let renewed = || {
        let after = serial(&login, &cluster);
        let is_new = after.starts_with("serial=") && after != before;
        async move { if is_new { Ok(()) } else { Err(after) } }
    };
    eventually("another certificate", SOON, renewed).await;
    // With verify-full: it is of the same authority, and for the same address.
    assert_eq!(facts(), started, "none of it took a restart");
}

fn serial(login: &Login, cluster: &Cluster) -> String {
    let command = format!(
        "openssl s_client -starttls postgres -connect {}:5432 </dev/null 2>/dev/null \
         | openssl x509 -noout -serial",
        login.host
    );
    cluster.lan(Host::Client, &[], &command).out
}
