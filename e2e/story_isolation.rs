//! What packets meet between tenants: nearly everything is closed, and the probes are shown to work.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::Api;

use crate::cluster_handle::{Cluster, Host};
use crate::endpoint;
use crate::packets::{From, probe_pod, reached, shell};
use crate::process;
use crate::stage;
use crate::tenant::Tenant;

/// The API server on the node and through its Service, our own API, and who signs people in.
const CONTROL: [&str; 4] = [
    "10.77.0.10:6443",
    "10.96.0.1:443",
    "10.77.0.90:443",
    "10.77.0.1:9443",
];
const METADATA: &str = "169.254.169.254:80";
const GATE_PORT: u16 = 7433;

/// An endpoint and every address it has.
struct Server {
    pod: String,
    service: String,
    outside: String,
    health_port: i32,
    pid: i32,
}

impl Server {
    /// Every address of its Postgres.
    fn ways_in(&self) -> Vec<String> {
        [&self.pod, &self.service, &self.outside]
            .map(|address| format!("{address}:5432"))
            .into()
    }

    /// Those, and what else listens for it.
    fn all(&self) -> Vec<String> {
        let mut all = self.ways_in();
        all.push(format!("{}:{GATE_PORT}", self.pod));
        all
    }
}

async fn server(tenant: &Tenant, name: &str) -> Server {
    let found = tenant.ready(name).await;
    let (id, workload) = (endpoint::id(&found), tenant.workload().await);
    let client = tenant.cluster.client.clone();
    let pods = Api::<Pod>::namespaced(client.clone(), &workload);
    let pod = pods.get(&format!("{id}-0")).await.unwrap();
    let services = Api::<Service>::namespaced(client, &workload);
    let spec = services.get(&id).await.unwrap().spec.unwrap();
    for port in spec.ports.iter().flatten() {
        assert_eq!(port.node_port, None, "no second way in (N5)");
    }
    let uid = pod.metadata.uid.unwrap();
    let pid = process::of_pod(&uid, "postgres");
    Server {
        pod: pod.status.unwrap().pod_ip.unwrap(),
        service: spec.cluster_ip.unwrap(),
        outside: endpoint::address(&found),
        health_port: spec.health_check_node_port.unwrap_or_default(),
        pid: *pid.first().expect("a process of the server's pod"),
    }
}

fn none() -> BTreeSet<String> {
    BTreeSet::new()
}

fn these(targets: &[String]) -> BTreeSet<String> {
    targets.iter().cloned().collect()
}

fn texts(targets: &[&str]) -> Vec<String> {
    targets.iter().map(|&target| target.to_owned()).collect()
}

/// The canary, whose control port is open to every pod.
async fn canary(cluster: &Cluster) -> (String, Vec<String>) {
    let services = Api::<Service>::namespaced(cluster.client.clone(), "kisenon-system");
    let spec = services.get("kisenon-canary").await.unwrap().spec.unwrap();
    let address = spec.cluster_ip.unwrap();
    let forbidden = vec![format!("{address}:7432")];
    (format!("{address}:7431"), forbidden)
}

#[tokio::test]
async fn tenants_cannot_reach_each_other() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let first = Tenant::new(&cluster, "isolation-a").await;
    let second = Tenant::new(&cluster, "isolation-b").await;
    first.endpoint("closed", "");
    // As wide as a list can be: pods stay out all the same (N1).
    first.endpoint(
        "wide",
        "access: {allowedCidrs: [0.0.0.0/0], inCluster: TenantNamespace}",
    );
    second.endpoint("own", "");
    probe_pod(&cluster, &first.namespace);
    probe_pod(&cluster, &second.namespace);
    let closed = server(&first, "closed").await;
    let wide = server(&first, "wide").await;
    let own = server(&second, "own").await;
    let workload = second.workload().await;
    probe_pod(&cluster, &workload);

    from_the_lan(&cluster, &closed, &wide);
    from_tenants_pods(&cluster, [&first, &second], [&closed, &wide, &own]).await;
    from_workload_pods(&cluster, &workload, [&closed, &wide, &own]).await;
}

fn from_the_lan(cluster: &Cluster, closed: &Server, wide: &Server) {
    let (vip, open) = (&closed.ways_in()[2..], &wide.ways_in()[2..]);
    let dial = |host, targets: &[String]| reached(cluster, &From::Lan(host), targets);
    assert_eq!(dial(Host::Client, vip), these(vip), "the allowed client");
    assert_eq!(
        dial(Host::Other, vip),
        none(),
        "a host outside the allow-list"
    );
    assert_eq!(
        dial(Host::Other, open),
        these(open),
        "0.0.0.0/0 admits the LAN"
    );
    let node = (30_000..30_008).map(|port| format!("10.77.0.10:{port}"));
    let node = node
        .chain([format!("10.77.0.10:{}", 5432)])
        .collect::<Vec<_>>();
    assert_eq!(dial(Host::Client, &node), none(), "ports of the node (N5)");
}

async fn from_tenants_pods(cluster: &Cluster, tenants: [&Tenant; 2], servers: [&Server; 3]) {
    let [first, second] = tenants;
    let [closed, wide, own] = servers;
    let (control, forbidden) = canary(cluster).await;
    let dial = |tenant: &Tenant, targets: &[String]| {
        reached(cluster, &From::Pod(&tenant.namespace, "probe"), targets)
    };
    let known = [texts(&CONTROL), vec![control], forbidden].concat();
    assert_eq!(
        dial(second, &known),
        these(&known),
        "the probe itself works"
    );
    let closed_to_second = [closed.all(), wide.all(), own.all()].concat();
    assert_eq!(
        dial(second, &closed_to_second),
        none(),
        "a pod of another tenant"
    );
    let closed_to_first = [
        closed.all(),
        own.all(),
        vec![format!("{}:{GATE_PORT}", wide.pod)],
    ];
    assert_eq!(
        dial(first, &closed_to_first.concat()),
        none(),
        "inCluster: None"
    );
    let inside = &wide.ways_in()[..2];
    assert_eq!(
        dial(first, inside),
        these(inside),
        "inCluster: TenantNamespace"
    );
}

async fn from_workload_pods(cluster: &Cluster, workload: &str, servers: [&Server; 3]) {
    let (control, forbidden) = canary(cluster).await;
    let own = servers[2];
    let mut targets = servers.map(Server::all).concat();
    targets.extend(texts(&CONTROL));
    targets.extend(texts(&[
        METADATA,
        "10.96.0.10:53",
        "10.77.0.10:10250",
        "10.77.0.20:22",
    ]));
    targets.extend(forbidden);
    let from = From::Pod(workload, "probe");
    assert_eq!(reached(cluster, &from, &targets), none(), "default-deny");
    let control = vec![control];
    assert_eq!(reached(cluster, &from, &control), none(), "default-deny");

    health_port_tells_of_health_only(cluster, workload, own);

    // The server's own pod has the canary's control port and nothing else.
    let own_address = format!("{}:5432", own.pod);
    targets.retain(|target| *target != own_address);
    let from = From::NetworkOf(own.pid);
    assert_eq!(
        reached(cluster, &from, &targets),
        none(),
        "a server's egress"
    );
    assert_eq!(
        reached(cluster, &from, &control),
        these(&control),
        "the probe itself works"
    );
}

/// kube-router lets every pod reach ports 30000 to 32767 of the node itself. What listens there
/// for an endpoint is kube-proxy's health answer, which Kubernetes opens with every Service that
/// keeps the client's address; it is never a second way to Postgres.
fn health_port_tells_of_health_only(cluster: &Cluster, workload: &str, own: &Server) {
    let ask = format!(
        "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout 10 busybox nc -w 3 10.77.0.10 {}",
        own.health_port
    );
    let said = shell(cluster, &From::Pod(workload, "probe"), &ask).output();
    assert!(said.contains("localEndpoints"), "{said}");
}
