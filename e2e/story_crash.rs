//! The operator killed in the middle of its work: another start finishes it.

use std::process::Command;
use std::time::Duration;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Service};
use kube::api::{Api, DeleteParams, ListParams};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;

use crate::cluster_handle::{Cluster, run};
use crate::stage;
use crate::tenant::Tenant;
use crate::wait::{eventually, watched};
use crate::{endpoint, process};

const SYSTEM: &str = "kisenon-system";
const LIMIT: Duration = Duration::from_secs(120);

#[tokio::test]
async fn work_is_finished_after_a_kill_at_any_point() {
    let _stage = stage::alone().await;
    let cluster = Cluster::find().await;
    let _rested = Rested(cluster.clone());
    let tenant = Tenant::new(&cluster, "crash").await;
    tenant.endpoint("main", "");

    // Three moments of the way up.
    first::<ConfigMap>(&tenant, "app.kubernetes.io/managed-by=kisenon").await;
    kill(&cluster).await;
    first::<StatefulSet>(&tenant, "").await;
    kill(&cluster).await;
    let label = format!("kisenon.com/tenant-namespace={}", tenant.namespace);
    first::<Service>(&tenant, &label).await;
    kill(&cluster).await;
    replace(&cluster);
    let up = tenant.ready("main").await;
    let login = tenant.login("main").await;
    assert_eq!(tenant.query(&login, "SELECT 1"), "1");

    // And two of the way down.
    let workload = tenant.workload().await;
    let services = Api::<Service>::namespaced(cluster.client.clone(), &workload);
    let id = endpoint::id(&up);
    let endpoints = tenant.endpoints();
    endpoints
        .delete("main", &DeleteParams::default())
        .await
        .unwrap();
    kill(&cluster).await;
    let gone = |service: Option<&Service>| service.is_none();
    watched(services, &id, LIMIT, gone).await;
    kill(&cluster).await;
    let gone = |endpoint: Option<&kisenon::crd::Endpoint>| endpoint.is_none();
    watched(endpoints, "main", LIMIT, gone).await;
    let left = Api::<Pod>::namespaced(cluster.client.clone(), &workload);
    assert_eq!(
        left.list(&ListParams::default()).await.unwrap().items.len(),
        0
    );
    cluster
        .kubectl(&["delete", "namespace", &tenant.namespace, "--timeout=60s"])
        .output();
    let namespaces = Api::<Namespace>::all(cluster.client.clone());
    let gone = |namespace: Option<&Namespace>| namespace.is_none();
    watched(namespaces, &workload, LIMIT, gone).await;
}

/// Waits for the first object of this kind in the workload namespace.
async fn first<K>(tenant: &Tenant, labels: &str)
where
    K: Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>,
    K: Clone + std::fmt::Debug + DeserializeOwned,
{
    let label = format!("kisenon.com/tenant-namespace={}", tenant.namespace);
    let client = &tenant.cluster.client;
    let ask = || async {
        let spaces = Api::<Namespace>::all(client.clone());
        let spaces = spaces
            .list(&ListParams::default().labels(&label))
            .await
            .unwrap();
        let space = spaces.items.first().ok_or("no workload namespace yet")?;
        let list = Api::<K>::namespaced(client.clone(), &space.name_any())
            .list(&ListParams::default().labels(labels))
            .await
            .unwrap();
        list.items.first().map(|_| ()).ok_or("none yet".to_owned())
    };
    eventually(&K::kind(&()), LIMIT, ask).await;
}

/// SIGKILL to every process of the operator, as soon as there is one.
async fn kill(cluster: &Cluster) {
    let pods = Api::<Pod>::namespaced(cluster.client.clone(), SYSTEM);
    let operators = ListParams::default().labels("app.kubernetes.io/name=kisenon-operator");
    let ask = || async {
        let pods = pods.list(&operators).await.unwrap();
        let uids = pods.iter().filter_map(|pod| pod.metadata.uid.as_deref());
        let pids = uids
            .flat_map(|uid| process::of_pod(uid, "controller"))
            .collect::<Vec<_>>();
        if pids.is_empty() {
            Err("no process yet".to_owned())
        } else {
            Ok(pids)
        }
    };
    for pid in eventually("the operator runs", LIMIT, ask).await {
        let mut command = Command::new("kill");
        command.args(["-s", "KILL", &pid.to_string()]);
        run(command, "").output();
    }
}

/// Puts another pod in the operator's place, which must wait out the Lease of the dead one. It
/// takes no longer than that: for its own pod kubelet waits longer after each crash.
fn replace(cluster: &Cluster) {
    let force = ["--force", "--grace-period=0"];
    let pods = [
        "-n",
        SYSTEM,
        "delete",
        "pod",
        "-l",
        "app.kubernetes.io/name=kisenon-operator",
    ];
    cluster.kubectl(&[&pods[..], &force].concat()).output();
}

/// Gives the cluster an operator without a crash to its name in the end.
struct Rested(Cluster);

impl Drop for Rested {
    fn drop(&mut self) {
        let pods = [
            "-n",
            SYSTEM,
            "delete",
            "pod",
            "-l",
            "app.kubernetes.io/name=kisenon-operator",
        ];
        self.0.kubectl(&pods);
        let rollout = [
            "-n",
            SYSTEM,
            "rollout",
            "status",
            "deployment/kisenon-operator",
            "--timeout=60s",
        ];
        self.0.kubectl(&rollout);
    }
}
