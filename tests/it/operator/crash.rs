//! A crash between any two writes, on the way up and on the way down, is made good by the next
//! operator (Sieve, OSDI'22: intermediate-state faults; the oracle is the run without a fault).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{
    ConfigMap, LimitRange, Namespace as CoreNamespace, PersistentVolumeClaim, Pod, ResourceQuota,
    Secret, Service, ServiceAccount,
};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{Api, ListParams};
use kube::runtime::watcher::{Config, Event, watcher};
use kube::{Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{Instant, interval};
use tokio_util::task::AbortOnDropHandle;

use kisenon::crd::{Endpoint, Project};
use kisenon::domain::id;

use super::create::plain;
use super::site::{Operator, SYSTEM, Site, config, laboratory};
use super::tenant::{Tenant, conditions};
use super::{delete, kubelet};
use crate::cluster::{FaultPlan, Namespace};

/// Most crash points that are tried, spread evenly over a run's writes.
const POINTS: usize = 24;
const DEADLINE: Duration = Duration::from_secs(60);

/// Writes that each tenant's objects may still have before the operator crashes, as far as that
/// tenant can tell.
#[derive(Clone, Default)]
struct Budgets(Arc<Mutex<HashMap<String, Budget>>>);

#[derive(Clone, Copy)]
struct Budget {
    left: usize,
    used: usize,
    crashed: bool,
}

impl Budgets {
    /// Grants writes to a tenant: to its own namespace and to its workload namespace.
    fn grant(&self, tenant: &str, workload: &str, left: usize) {
        let budget = Budget {
            left,
            used: 0,
            crashed: false,
        };
        let key = format!("{tenant} {workload}");
        self.0.lock().unwrap().insert(key, budget);
    }

    fn plan(&self) -> FaultPlan {
        let budgets = self.clone();
        FaultPlan::refuse(move |path| budgets.spend(path))
    }

    /// Whether the crash has come before this write.
    fn spend(&self, path: &str) -> bool {
        let mut budgets = self.0.lock().unwrap();
        let concerned = budgets
            .iter_mut()
            .find(|(key, _)| key.split(' ').any(|place| path.contains(place)));
        let Some((_, budget)) = concerned else {
            return false;
        };
        budget.crashed |= budget.left == 0;
        if !budget.crashed {
            budget.left -= 1;
            budget.used += 1;
        }
        budget.crashed
    }

    fn of(&self, tenant: &str) -> Budget {
        let budgets = self.0.lock().unwrap();
        let found = budgets.iter().find(|(key, _)| key.starts_with(tenant));
        *found.unwrap().1
    }
}

/// Lets every gate pass.
async fn kubelet(site: &Site) -> AbortOnDropHandle<()> {
    let client = site.plane.client().await;
    AbortOnDropHandle::new(tokio::spawn(async move {
        let pods: Api<Pod> = Api::all(client.clone());
        let mut events = watcher(pods, Config::default()).boxed();
        while let Some(event) = events.next().await {
            let Ok(Event::Apply(pod) | Event::InitApply(pod)) = event else {
                continue;
            };
            let status = pod.status.clone().unwrap_or_default();
            if status.container_statuses.is_none() && pod.name_any().starts_with("ep-") {
                let place = Namespace {
                    name: pod.namespace().unwrap(),
                    client: client.clone(),
                };
                kubelet::pass_in(&place, &pod).await;
            }
        }
    }))
}

/// A tenant with a Project that no operator has seen yet.
async fn fresh(site: &Site, name: &str) -> (Tenant, Namespace) {
    let tenant = Tenant::at(site, name).await;
    let endpoints = json!([{"name": "main"}, {"name": "asleep", "desiredState": "Suspended"}]);
    tenant.shop(endpoints).await;
    let workload = Namespace {
        name: id::workload_namespace(&tenant.project().await.uid().unwrap()).unwrap(),
        client: tenant.client(),
    };
    (tenant, workload)
}

/// Everything that stands for a tenant, without names that differ from tenant to tenant.
async fn state(tenant: &Tenant, workload: &Namespace) -> Value {
    let endpoints = tenant
        .api::<Endpoint>()
        .list(&ListParams::default())
        .await
        .unwrap();
    let leases: Api<Lease> = Api::namespaced(tenant.client(), SYSTEM);
    let leases = leases.list(&ListParams::default()).await.unwrap();
    let mut replace = vec![
        (workload.name.clone(), "<workload>"),
        (tenant.name().to_owned(), "<tenant>"),
        (tenant.project().await.uid().unwrap(), "<project>"),
    ];
    let mut held = 0;
    for endpoint in &endpoints {
        let uid = endpoint.uid().unwrap();
        replace.push((id::endpoint_id(&uid).unwrap(), "<id>"));
        for lease in &leases {
            if lease.spec.as_ref().and_then(|s| s.holder_identity.as_ref()) == Some(&uid) {
                held += 1;
                replace.push((lease.labels()["kisenon.com/address"].clone(), "<address>"));
            }
        }
        replace.push((uid, "<endpoint>"));
    }
    let replace = replace
        .iter()
        .map(|(from, to)| (&**from, *to))
        .collect::<Vec<_>>();
    json!([
        held,
        reasons(&tenant.project().await),
        endpoints.iter().map(reasons).collect::<Vec<_>>(),
        all::<Endpoint>(&tenant.home, &replace).await,
        all::<Secret>(&tenant.home, &replace).await,
        all::<RoleBinding>(&tenant.home, &replace).await,
        all::<RoleBinding>(workload, &replace).await,
        all::<NetworkPolicy>(workload, &replace).await,
        all::<ResourceQuota>(workload, &replace).await,
        all::<LimitRange>(workload, &replace).await,
        all::<ServiceAccount>(workload, &replace).await,
        all::<ConfigMap>(workload, &replace).await,
        all::<Secret>(workload, &replace).await,
        all::<PersistentVolumeClaim>(workload, &replace).await,
        all::<StatefulSet>(workload, &replace).await,
        all::<Service>(workload, &replace).await,
    ])
}

fn reasons<K: Serialize>(object: &K) -> Value {
    let list = conditions(object);
    let list = list.as_array().unwrap().iter();
    list.map(|c| json!([c["type"], c["status"], c["reason"]]))
        .collect()
}

async fn all<K>(place: &Namespace, replace: &[(&str, &str)]) -> Vec<Value>
where
    K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    K: Clone + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let list = place.api::<K>().list(&ListParams::default()).await.unwrap();
    let mut objects = list.iter().map(|o| plain(o, replace)).collect::<Vec<_>>();
    objects.sort_by_key(Value::to_string);
    objects
}

/// Asks until the answer is yes.
async fn eventually(what: &str, mut good: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    let mut ticks = interval(Duration::from_millis(200));
    while !good().await {
        assert!(Instant::now() < deadline, "never came true: {what}");
        ticks.tick().await;
    }
}

async fn is_exposed(tenant: &Tenant) -> bool {
    let endpoints = tenant
        .api::<Endpoint>()
        .list(&ListParams::default())
        .await
        .unwrap();
    let address = |e: &Endpoint| e.status.as_ref().is_some_and(|s| s.address.is_some());
    let sleeps = |e: &Endpoint| super::tenant::is(conditions(e), "Ready", "True", "Suspended");
    endpoints.iter().any(address) && endpoints.iter().any(sleeps)
}

async fn is_gone(tenant: &Tenant, workload: &Namespace) -> bool {
    let namespaces: Api<CoreNamespace> = Api::all(tenant.client());
    tenant
        .api::<Project>()
        .get_opt("shop")
        .await
        .unwrap()
        .is_none()
        && namespaces.get_opt(&workload.name).await.unwrap().is_none()
}

/// Budgets that crash after each of some writes from the first to the last of `total`.
fn points(total: usize) -> Vec<usize> {
    let count = POINTS.min(total);
    (0..count).map(|n| n * total / count).collect()
}

async fn run(site: &'static Site, plan: FaultPlan) -> Operator {
    Operator::begin(site, config("198.51.100.0/24", 86_400), plan).await
}

#[tokio::test]
async fn a_crash_between_any_two_writes_is_made_good() {
    let (site, _alone) = laboratory().await;
    let _kubelet = kubelet(site).await;

    // The run without a fault: how many writes, and what stands in the end.
    let budgets = Budgets::default();
    let operator = run(site, budgets.plan()).await;
    let (tenant, workload) = fresh(site, "whole").await;
    budgets.grant(tenant.name(), &workload.name, usize::MAX);
    eventually("the first is exposed", async || is_exposed(&tenant).await).await;
    operator.quiet(0).await;
    let up = budgets.of(tenant.name()).used;
    let wanted = state(&tenant, &workload).await;
    budgets.grant(tenant.name(), &workload.name, usize::MAX);
    tenant.delete::<Project>("shop").await;
    eventually("the first is gone", async || {
        is_gone(&tenant, &workload).await
    })
    .await;
    let down = budgets.of(tenant.name()).used;
    operator.end().await;

    // One tenant for each crash point.
    let crashes = points(up).into_iter().map(|n| async move {
        let (tenant, workload) = fresh(site, &format!("crash-{n}")).await;
        (n, tenant, workload)
    });
    let crashes = join_all(crashes).await;
    let budgets = Budgets::default();
    for (n, tenant, workload) in &crashes {
        budgets.grant(tenant.name(), &workload.name, *n);
    }
    let operator = run(site, budgets.plan()).await;
    for (n, tenant, _) in &crashes {
        eventually(&format!("write {n} has failed"), async || {
            budgets.of(tenant.name()).crashed || is_exposed(tenant).await
        })
        .await;
    }
    operator.end().await;
    let operator = run(site, FaultPlan::none()).await;
    for (n, tenant, workload) in &crashes {
        eventually(&format!("made good after write {n}"), async || {
            is_exposed(tenant).await
        })
        .await;
        let mut last = Value::Null;
        let deadline = Instant::now() + Duration::from_secs(20);
        while last != wanted && Instant::now() < deadline {
            last = state(tenant, workload).await;
        }
        assert_eq!(last, wanted, "after a crash at write {n} of {up}");
    }
    operator.end().await;

    // And down again.
    let budgets = Budgets::default();
    for ((_, tenant, workload), n) in crashes.iter().zip(points(down).into_iter().cycle()) {
        budgets.grant(tenant.name(), &workload.name, n);
        tenant.delete::<Project>("shop").await;
    }
    let operator = run(site, budgets.plan()).await;
    for (_, tenant, workload) in &crashes {
        eventually("the way down has failed", async || {
            budgets.of(tenant.name()).crashed || is_gone(tenant, workload).await
        })
        .await;
    }
    operator.end().await;
    let operator = run(site, FaultPlan::none()).await;
    for (_, tenant, workload) in &crashes {
        eventually("it is gone", async || is_gone(tenant, workload).await).await;
        assert_eq!(
            delete::remains(&tenant.client(), tenant.name()).await,
            [""; 0]
        );
    }
    let leases: Api<Lease> = Api::namespaced(site.plane.client().await, SYSTEM);
    let leases = leases.list(&ListParams::default()).await.unwrap();
    let held = leases
        .iter()
        .filter(|l| l.spec.as_ref().is_some_and(|s| s.holder_identity.is_some()));
    assert_eq!(
        held.map(|lease| lease.name_any()).collect::<Vec<_>>(),
        [""; 0]
    );
    operator.end().await;
}
