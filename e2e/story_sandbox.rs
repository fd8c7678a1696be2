//! The gate beside a server: what its death does, and what a new network under both does.

use std::process::{Child, Command};
use std::time::Duration;

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::ResourceExt as _;
use kube::api::Api;

use crate::cluster_handle::{Cluster, Host, PolicyController, run};
use crate::endpoint::{self, condition};
use crate::process;
use crate::stage;
use crate::tenant::Tenant;
use crate::wait::{eventually, watched};

const EVIDENCE: &str = "kisenon.com/gate-evidence";
/// In the command line of a server; words are apart by a zero byte.
const SERVER: &str = "postgres\0-D";
const SOON: Duration = Duration::from_secs(30);
const LATER: Duration = Duration::from_secs(90);

/// The pods of the tenant's project and the name of the only one.
async fn pods(tenant: &Tenant) -> (Api<Pod>, String) {
    let endpoint = tenant.endpoints().get("main").await.unwrap();
    let client = tenant.cluster.client.clone();
    let pods = Api::namespaced(client, &tenant.workload().await);
    (pods, format!("{}-0", endpoint::id(&endpoint)))
}

fn gate(pod: &Pod) -> Option<&ContainerStatus> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    statuses.iter().find(|status| status.name == "gate")
}

/// Whether the evidence that the pod bears is of its present gate, and that is not `earlier`.
fn is_heard_anew(pod: Option<&Pod>, earlier: &str) -> bool {
    let id = pod
        .and_then(gate)
        .and_then(|gate| gate.container_id.clone());
    let evidence = pod.and_then(|pod| pod.annotations().get(EVIDENCE));
    id.zip(evidence)
        .is_some_and(|(id, evidence)| id != earlier && evidence.contains(&id))
}

/// SIGKILL to the one process of a pod whose command line holds `word`.
#[track_caller]
fn kill(uid: &str, word: &str) {
    let [pid] = *process::of_pod(uid, word) else {
        panic!("{word} is not one process of the pod");
    };
    let mut command = Command::new("kill");
    command.args(["-s", "KILL", &pid.to_string()]);
    run(command, "").output();
}

fn is_open(connection: &mut Child) -> bool {
    connection.try_wait().unwrap().is_none()
}

#[tokio::test]
async fn a_killed_gate_leaves_the_server_alone() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::new(&cluster, "gate").await;
    tenant.endpoint("main", "");
    tenant.ready("main").await;
    let login = tenant.login("main").await;
    let started = tenant.query(&login, "SELECT pg_postmaster_start_time()");
    let mut held = login.start(Host::Client, "SELECT pg_sleep(600)");
    let (pods, name) = pods(&tenant).await;

    // Twice: after the second death kubelet waits before it starts the gate again.
    for _ in 0..2 {
        let before = pods.get(&name).await.unwrap();
        let earlier = gate(&before).unwrap().container_id.clone().unwrap();
        kill(&before.uid().unwrap(), "gate");
        let heard = move |pod: Option<&Pod>| is_heard_anew(pod, &earlier);
        let after = watched(pods.clone(), &name, SOON, heard).await.unwrap();
        assert_eq!(after.uid(), before.uid(), "the pod stays");
    }
    let ready = tenant.ready("main").await;
    assert!(condition(&ready, "IsolationVerified").is_some_and(|c| c.status == "True"));
    let still = tenant.query(&login, "SELECT pg_postmaster_start_time()");
    assert_eq!(still, started, "the server was not restarted");
    assert!(is_open(&mut held), "who was connected stays connected");
    let _ = held.kill();
    let _ = held.wait();
}

/// The volume with the pass outlives the sandbox, and so does a claim in the status; the new
/// network is proved all the same before Postgres runs in it.
#[tokio::test]
async fn a_new_network_needs_a_new_proof() {
    let _stage = stage::alone().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::new(&cluster, "sandbox").await;
    tenant.endpoint("main", "");
    tenant.ready("main").await;
    let login = tenant.login("main").await;
    tenant.query(&login, "CREATE TABLE kept AS SELECT 42 AS n");
    let (pods, name) = pods(&tenant).await;
    let before = pods.get(&name).await.unwrap();
    let (uid, earlier) = (
        before.uid().unwrap(),
        gate(&before).unwrap().container_id.clone().unwrap(),
    );

    // On a network that enforces nothing the pass of the network before must not count.
    let stopped = PolicyController::stop();
    kill(&uid, "/pause");
    let another = earlier.clone();
    let restarted = move |pod: Option<&Pod>| {
        let gate = pod.and_then(gate);
        gate.is_some_and(|g| {
            let is_running = g.state.as_ref().is_some_and(|s| s.running.is_some());
            is_running && g.container_id.as_ref() != Some(&another)
        })
    };
    watched(pods.clone(), &name, LATER, restarted).await;
    let refuted = || {
        let running = process::of_pod(&uid, SERVER);
        assert!(
            running.is_empty(),
            "Postgres ran before a proof: {running:?}"
        );
        let endpoints = tenant.endpoints();
        async move {
            let endpoint = endpoints.get("main").await.unwrap();
            let seen = condition(&endpoint, "IsolationVerified").cloned().unwrap();
            match seen.reason.as_str() {
                "NotEnforced" => Ok(()),
                _ => Err(seen.message),
            }
        }
    };
    eventually("the new network is refused", LATER, refuted).await;
    login.sql(Host::Client, "SELECT 1").refusal();

    drop(stopped);
    let kept = || {
        let answer = login.sql(Host::Client, "SELECT n FROM kept");
        async move {
            if answer.ok && answer.out.trim() == "42" {
                Ok(())
            } else {
                Err(answer.err)
            }
        }
    };
    eventually("data behind the new proof", LATER, kept).await;
    tenant.ready("main").await;
    let after = pods.get(&name).await.unwrap();
    assert!(
        is_heard_anew(Some(&after), &earlier),
        "the proof is a new one"
    );
}
