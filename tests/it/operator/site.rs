//! Kisenon installed on a control plane, and operators that run there.

use std::path::Path;
use std::sync::{LazyLock, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace as CoreNamespace;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams, TypeMeta};
use kube::core::GroupVersionKind;
use kube::{Client, ResourceExt as _};
use serde_json::json;
use tokio::runtime::Builder;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use kisenon::config::Config;
use kisenon::controller::authority;
use kisenon::controller::run::{Handles, run};
use kisenon::health::{Liveness, Readiness};
use kisenon::metrics::Metrics;

use crate::cluster::{FaultPlan, LABORATORY, OPERATED, Plane, faulty};

/// The operator's own namespace.
pub(crate) const SYSTEM: &str = "kisenon-system";
/// The operator's account, and its field manager's namesake in RBAC.
pub(super) const ACCOUNT: &str = "kisenon-operator";
const START_DEADLINE: Duration = Duration::from_secs(30);

/// The HTTP API's account.
pub(super) const API_ACCOUNT: &str = "kisenon-api";

/// A control plane with Kisenon's manifests on it.
pub(crate) struct Site {
    pub(crate) plane: &'static Plane,
    installed: OnceLock<()>,
}

/// Where one operator works for many tests at once.
pub(crate) static SHARED: Site = Site::on(&OPERATED);
/// Where one test at a time runs operators of its own.
static LAB: Site = Site::on(&LABORATORY);
static LAB_IN_USE: Mutex<()> = Mutex::const_new(());
static OPERATOR: LazyLock<Operator> = LazyLock::new(|| {
    Operator::start(
        &SHARED,
        config("198.51.100.0/24", 86_400),
        FaultPlan::none(),
    )
});

/// The one operator of [`SHARED`], at work.
pub(crate) fn operator() -> &'static Operator {
    &OPERATOR
}

/// The laboratory, for the calling test alone until the guard goes.
pub(super) async fn laboratory() -> (&'static Site, MutexGuard<'static, ()>) {
    (&LAB, LAB_IN_USE.lock().await)
}

/// A configuration with this pool of addresses.
pub(super) fn config(pool: &str, quarantine_seconds: u32) -> Config {
    Config::parse(&format!(
        "image: localhost/kisenon:it\n\
         addressPool: {{ranges: ['{pool}'], quarantineSeconds: {quarantine_seconds}}}\n\
         clusterNetworks: {{pods: [10.244.0.0/16], services: [10.96.0.0/16], nodes: [192.168.7.0/24]}}\n\
         postgres: {{images: {{'17': localhost/postgres:17}}}}\n"
    ))
    .unwrap()
}

impl Site {
    const fn on(plane: &'static Plane) -> Self {
        Self {
            plane,
            installed: OnceLock::new(),
        }
    }

    /// A client of the operator's own account.
    pub(super) async fn as_operator(&self) -> Client {
        self.plane.client_as(SYSTEM, ACCOUNT).await
    }

    /// A client of the HTTP API's own account.
    pub(super) async fn as_api(&self) -> Client {
        self.plane.client_as(SYSTEM, API_ACCOUNT).await
    }

    /// Applies the manifests as they lie in the repository, once; not from within a runtime.
    fn install(&self) {
        self.installed.get_or_init(|| {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let client = self.plane.client().await;
                for object in manifests() {
                    apply(&client, &object).await;
                }
                self.until_fenced().await;
            });
        });
    }

    /// A new admission policy takes a moment to come into force.
    async fn until_fenced(&self) {
        // Each is what RBAC grants and only the fence refuses.
        let operator: Api<CoreNamespace> = Api::all(self.as_operator().await);
        until_refused("kisenon-fence", || async {
            let labels = Patch::Merge(json!({"metadata": {"labels": {"it": "fenced"}}}));
            let params = PatchParams {
                dry_run: true,
                ..PatchParams::default()
            };
            operator.patch("default", &params, &labels).await.map(drop)
        })
        .await;
        let api: Api<CoreNamespace> = Api::all(self.as_api().await);
        until_refused("kisenon-api-fence", || async {
            let namespace = serde_json::from_value(json!({"metadata": {"name": "fenced"}}));
            let params = PostParams {
                dry_run: true,
                ..PostParams::default()
            };
            api.create(&params, &namespace.unwrap()).await.map(drop)
        })
        .await;
    }
}

/// Sends a write until it is refused by this policy.
async fn until_refused<F: Future<Output = kube::Result<()>>>(policy: &str, send: impl Fn() -> F) {
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    let deadline = Instant::now() + START_DEADLINE;
    while !send()
        .await
        .is_err_and(|error| error.to_string().contains(policy))
    {
        assert!(Instant::now() < deadline, "{policy} is not in force");
        ticks.tick().await;
    }
}

/// Every object of the manifests that the kustomization lists, in its order.
fn manifests() -> Vec<DynamicObject> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let list: serde_json::Value = serde_saphyr::from_str(&read("kustomization.yaml")).unwrap();
    let files = list["resources"].as_array().unwrap();
    files
        .iter()
        .flat_map(|file| {
            let text = read(file.as_str().unwrap());
            let documents = text.split("\n---\n").map(str::to_owned);
            documents.collect::<Vec<_>>()
        })
        .map(|document| serde_saphyr::from_str(&document).unwrap())
        .collect()
}

async fn apply(client: &Client, object: &DynamicObject) {
    let TypeMeta { api_version, kind } = object.types.clone().unwrap();
    let gvk = GroupVersionKind::try_from(TypeMeta { api_version, kind }).unwrap();
    let (resource, _) = kube::discovery::pinned_kind(client, &gvk).await.unwrap();
    let api: Api<DynamicObject> = match object.namespace() {
        Some(namespace) => Api::namespaced_with(client.clone(), &namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    api.patch(
        &object.name_any(),
        &PatchParams::apply("it"),
        &Patch::Apply(object),
    )
    .await
    .unwrap();
}

/// A running operator. It ends, its reconciles finished, when this value goes.
pub(crate) struct Operator {
    /// What it has written.
    pub(super) plan: FaultPlan,
    pub(super) metrics: Metrics,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Operator {
    /// Starts one, in a thread and a runtime of its own, and waits until it has seen everything.
    pub(super) fn start(site: &'static Site, config: Config, plan: FaultPlan) -> Self {
        let metrics = Metrics::new("0.0.0", "it");
        let stop = CancellationToken::new();
        let (says, ready) = std::sync::mpsc::channel();
        let thread = {
            let (plan, metrics, stop) = (plan.clone(), metrics.clone(), stop.clone());
            std::thread::spawn(move || {
                site.install();
                let runtime = Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    let readiness = Readiness::new(&["watches"]);
                    let handles = handles(site, config, &plan, metrics, readiness.clone()).await;
                    let running = tokio::spawn(run(handles, stop));
                    let mut ticks = tokio::time::interval(Duration::from_millis(10));
                    while !readiness.is_ready() {
                        ticks.tick().await;
                    }
                    says.send(()).unwrap();
                    running.await.unwrap();
                });
            })
        };
        // The first start includes that of the control plane.
        ready.recv_timeout(START_DEADLINE * 4).unwrap();
        Self {
            plan,
            metrics,
            stop,
            thread: Some(thread),
        }
    }

    /// Starts one from within a runtime.
    pub(super) async fn begin(site: &'static Site, config: Config, plan: FaultPlan) -> Self {
        let start = move || Self::start(site, config, plan);
        tokio::task::spawn_blocking(start).await.unwrap()
    }

    /// Ends it, its reconciles finished.
    pub(super) async fn end(self) {
        tokio::task::spawn_blocking(move || drop(self))
            .await
            .unwrap();
    }

    /// Waits until it has reconciled something since `count`, and then nothing for a while.
    /// Answers the new count.
    pub(super) async fn quiet(&self, count: u64) -> u64 {
        let deadline = Instant::now() + START_DEADLINE;
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        let (mut last, mut since) = (count, Instant::now());
        while last == count || since.elapsed() < Duration::from_secs(1) {
            ticks.tick().await;
            let now = self.reconciles();
            if now != last {
                (last, since) = (now, Instant::now());
            }
            assert!(Instant::now() < deadline, "{last} reconciles since {count}");
        }
        last
    }

    /// How many reconciles have ended.
    pub(super) fn reconciles(&self) -> u64 {
        let text = self.metrics.encode();
        let lines = text
            .lines()
            .filter(|l| l.starts_with("kisenon_reconcile_total"));
        lines
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum()
    }

    /// Writes so far to paths that hold one of `words`.
    pub(super) fn writes(&self, words: &[&str]) -> Vec<String> {
        let mut seen = self.plan.seen();
        seen.retain(|write| words.iter().any(|word| write.contains(word)));
        seen
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn handles(
    site: &Site,
    config: Config,
    plan: &FaultPlan,
    metrics: Metrics,
    readiness: Readiness,
) -> Handles {
    let account = site.plane.config_as(SYSTEM, ACCOUNT).await;
    let sound = Client::try_from(account.clone()).unwrap();
    let authority = authority::load_or_create(&sound, SYSTEM, Timestamp::now())
        .await
        .unwrap();
    Handles {
        client: faulty(account, plan).unwrap(),
        namespace: SYSTEM.to_owned(),
        reporter: "it".to_owned(),
        config,
        authority,
        metrics,
        readiness,
        liveness: Liveness::new(Duration::from_secs(60), Instant::now()),
        now: Timestamp::now,
    }
}
