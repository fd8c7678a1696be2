//! A tenant of one story: a namespace of its own, gone when the story ends.

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kisenon::crd::Endpoint;
use kube::ResourceExt as _;
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::json;
use tokio::sync::OnceCell;

use crate::cluster_handle::{Cluster, Host};
use crate::endpoint::{Login, condition};
use crate::wait::watched;

const READY: Duration = Duration::from_secs(120);
const PREFIX: &str = "e2e-";
const SYSTEM: &str = "kisenon-system";
/// What every run does first.
static ONCE: OnceCell<()> = OnceCell::const_new();

/// A tenant with one Project, `shop`.
pub(crate) struct Tenant {
    pub(crate) cluster: Cluster,
    pub(crate) namespace: String,
}

impl Tenant {
    /// Makes the namespace and a Project on Postgres 17 that admits the LAN's client.
    pub(crate) async fn new(cluster: &Cluster, story: &str) -> Self {
        let tenant = Self::empty(cluster, story).await;
        tenant.apply(
            "{apiVersion: kisenon.com/v1alpha1, kind: Project, metadata: {name: shop}, \
             spec: {network: {allowedCidrs: [10.77.0.20/32]}}}",
        );
        tenant
    }

    /// Makes the namespace alone.
    pub(crate) async fn empty(cluster: &Cluster, story: &str) -> Self {
        ONCE.get_or_init(|| end_quarantine(cluster)).await;
        let namespace = unique(story);
        cluster.apply(
            "default",
            &format!(
                "{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}, \
                 labels: {{kisenon.com/tenant: {namespace}}}}}}}"
            ),
        );
        Self {
            cluster: cluster.clone(),
            namespace,
        }
    }

    /// The tenant of somebody who has signed in, whose namespace the API makes.
    pub(crate) async fn signed_in(cluster: &Cluster, namespace: &str) -> Self {
        ONCE.get_or_init(|| end_quarantine(cluster)).await;
        Self {
            cluster: cluster.clone(),
            namespace: namespace.to_owned(),
        }
    }

    /// `kubectl apply` in the tenant's namespace.
    #[track_caller]
    pub(crate) fn apply(&self, objects: &str) {
        self.cluster.apply(&self.namespace, objects);
    }

    /// Applies an Endpoint of the Project `shop` with these further fields of its spec, in YAML flow style.
    #[track_caller]
    pub(crate) fn endpoint(&self, name: &str, fields: &str) {
        self.apply(&format!(
            "{{apiVersion: kisenon.com/v1alpha1, kind: Endpoint, metadata: {{name: {name}}}, \
             spec: {{project: shop, {fields}}}}}"
        ));
    }

    /// Changes a field of an Endpoint's spec.
    pub(crate) async fn change(&self, name: &str, spec: serde_json::Value) {
        let patch = Patch::Merge(json!({ "spec": spec }));
        self.endpoints()
            .patch(name, &PatchParams::default(), &patch)
            .await
            .unwrap();
    }

    /// The tenant's Endpoints.
    pub(crate) fn endpoints(&self) -> Api<Endpoint> {
        Api::namespaced(self.cluster.client.clone(), &self.namespace)
    }

    /// Waits until the Endpoint is Ready for its present generation.
    pub(crate) async fn ready(&self, name: &str) -> Endpoint {
        self.until(name, READY, |endpoint| {
            condition(endpoint, "Ready").is_some_and(|c| {
                c.status == "True" && c.observed_generation == endpoint.metadata.generation
            })
        })
        .await
    }

    /// Waits until the Endpoint is as described.
    pub(crate) async fn until(
        &self,
        name: &str,
        limit: Duration,
        is_so: impl Fn(&Endpoint) -> bool,
    ) -> Endpoint {
        let met = move |endpoint: Option<&Endpoint>| endpoint.is_some_and(&is_so);
        watched(self.endpoints(), name, limit, met).await.unwrap()
    }

    /// The workload namespace of the Project.
    pub(crate) async fn workload(&self) -> String {
        let label = format!("kisenon.com/tenant-namespace={}", self.namespace);
        let found = Api::<Namespace>::all(self.cluster.client.clone())
            .list(&ListParams::default().labels(&label))
            .await
            .unwrap();
        found
            .items
            .first()
            .expect("a workload namespace")
            .name_any()
    }

    /// What the connection Secret of an Endpoint tells.
    pub(crate) async fn login(&self, endpoint: &str) -> Login {
        let secrets = Api::<Secret>::namespaced(self.cluster.client.clone(), &self.namespace);
        let secret = secrets
            .get(&format!("{endpoint}-connection"))
            .await
            .unwrap();
        Login::new(&self.cluster, &secret)
    }

    /// Logs in as the LAN's client and returns what the query answers.
    #[track_caller]
    pub(crate) fn query(&self, login: &Login, sql: &str) -> String {
        login.sql(Host::Client, sql).output()
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let shown = ["-n", &self.namespace, "get", "prj,kep", "-o", "wide"];
            eprintln!("{}", self.cluster.kubectl(&shown).out);
        }
        // Its teardown runs on behind the stories; one of them looks at what it leaves.
        self.cluster
            .kubectl(&["delete", "namespace", &self.namespace, "--wait=false"]);
    }
}

/// A name of this story alone.
pub(crate) fn unique(story: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let second = jiff::Timestamp::now().as_second() % 1_000_000;
    format!("{PREFIX}{story}-{second}-{}-{count}", process::id())
}

/// Addresses of earlier runs rest in quarantine for a day: with a small pool, the next runs
/// would find none. Their rest is declared over. In tenants of the API, whose namespaces have
/// other names, it is the endpoints that are called `e2e-…`.
async fn end_quarantine(cluster: &Cluster) {
    let leases = Api::<Lease>::namespaced(cluster.client.clone(), SYSTEM);
    let labelled = ListParams::default().labels("kisenon.com/address");
    for lease in leases.list(&labelled).await.unwrap() {
        let owner = lease.annotations().get("kisenon.com/endpoint").cloned();
        let is_free = lease.spec.is_none_or(|spec| spec.holder_identity.is_none());
        let is_ours =
            |owner: String| owner.starts_with(PREFIX) || owner.contains(&format!("/{PREFIX}"));
        if is_free && owner.is_some_and(is_ours) {
            let name = lease.metadata.name.unwrap_or_default();
            let long_ago = json!({"metadata": {"annotations": {"kisenon.com/released-at": "2000-01-01T00:00:00Z"}}});
            leases
                .patch(&name, &PatchParams::default(), &Patch::Merge(long_ago))
                .await
                .unwrap();
        }
    }
}
