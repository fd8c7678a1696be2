//! Where all is as it should be, nothing is written: neither after noise nor after a restart.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{
    ConfigMap, LimitRange, Namespace as CoreNamespace, PersistentVolumeClaim, Pod, ResourceQuota,
    Secret, Service, ServiceAccount,
};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{Api, ListParams};
use kube::{Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use serde_json::json;

use kisenon::crd::{Endpoint, Project};

use super::site::{Operator, SYSTEM, config, laboratory};
use super::tenant::{Tenant, merge, names, until_gone};
use crate::cluster::{FaultPlan, Namespace};

/// Adds an annotation to every object of one kind, as many a tool does.
async fn touch<K>(api: Api<K>, value: &str)
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned,
{
    for name in names(&api).await {
        let noise = json!({"metadata": {"annotations": {"it": value}}});
        merge(&api, &name, noise).await;
    }
}

async fn touch_all(tenant: &Tenant, workload: &Namespace, value: &str) {
    touch::<NetworkPolicy>(workload.api(), value).await;
    touch::<ResourceQuota>(workload.api(), value).await;
    touch::<LimitRange>(workload.api(), value).await;
    touch::<RoleBinding>(workload.api(), value).await;
    touch::<ServiceAccount>(workload.api(), value).await;
    touch::<ConfigMap>(workload.api(), value).await;
    touch::<Secret>(workload.api(), value).await;
    touch::<PersistentVolumeClaim>(workload.api(), value).await;
    touch::<StatefulSet>(workload.api(), value).await;
    touch::<Pod>(workload.api(), value).await;
    touch::<Service>(workload.api(), value).await;
    touch::<Secret>(tenant.api(), value).await;
    touch::<RoleBinding>(tenant.api(), value).await;
    let namespaces: Api<CoreNamespace> = Api::all(tenant.client());
    let noise = json!({"metadata": {"annotations": {"it": value}}});
    merge(&namespaces, &workload.name, noise).await;
    touch::<Endpoint>(tenant.api(), value).await;
    touch::<Project>(tenant.api(), value).await;
}

/// Versions of the objects of one kind, by name.
async fn versions<K>(api: Api<K>, all: &mut BTreeMap<String, Option<String>>)
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned,
{
    let list = api.list(&ListParams::default()).await.unwrap();
    let version = |o: &K| {
        (
            format!("{} {}", K::kind(&()), o.name_any()),
            o.resource_version(),
        )
    };
    all.extend(list.iter().map(version));
}

async fn all_versions(tenant: &Tenant, workload: &Namespace) -> BTreeMap<String, Option<String>> {
    let mut all = BTreeMap::new();
    versions::<NetworkPolicy>(workload.api(), &mut all).await;
    versions::<LimitRange>(workload.api(), &mut all).await;
    versions::<RoleBinding>(workload.api(), &mut all).await;
    versions::<ServiceAccount>(workload.api(), &mut all).await;
    versions::<ConfigMap>(workload.api(), &mut all).await;
    versions::<Secret>(workload.api(), &mut all).await;
    versions::<PersistentVolumeClaim>(workload.api(), &mut all).await;
    versions::<StatefulSet>(workload.api(), &mut all).await;
    versions::<Pod>(workload.api(), &mut all).await;
    versions::<Service>(workload.api(), &mut all).await;
    versions::<Secret>(tenant.api(), &mut all).await;
    versions::<RoleBinding>(tenant.api(), &mut all).await;
    versions::<Endpoint>(tenant.api(), &mut all).await;
    versions::<Project>(tenant.api(), &mut all).await;
    let leases = Api::<Lease>::namespaced(tenant.client(), SYSTEM);
    versions(leases, &mut all).await;
    all
}

#[tokio::test]
async fn at_the_fixed_point_nothing_is_written() {
    let (site, _alone) = laboratory().await;
    let settings = || config("198.51.100.0/24", 86_400);
    let operator = Operator::begin(site, settings(), FaultPlan::none()).await;
    let tenant = Tenant::at(site, "fixed").await;
    let (workload, _) = tenant.exposed().await;
    let endpoints = json!([{"name": "main"}, {"name": "asleep", "desiredState": "Suspended"}]);
    tenant.shop(endpoints).await;
    tenant.id("shop-asleep").await;
    let mut count = operator.quiet(0).await;

    let written = operator.plan.writes();
    for round in ["1", "2"] {
        touch_all(&tenant, &workload, round).await;
        count = operator.quiet(count).await;
        assert_eq!(operator.plan.seen()[written..], [""; 0], "round {round}");
    }

    // The next operator records as applied what was created: one write each, since what was
    // created has no field that is not applied.
    operator.end().await;
    let operator = Operator::begin(site, settings(), FaultPlan::none()).await;
    operator.quiet(0).await;
    let mut once = std::collections::BTreeSet::new();
    let mut written = operator.plan.seen();
    written.retain(|write| write.contains(&workload.name));
    let again = written.iter().filter(|write| !once.insert(*write));
    assert_eq!(again.collect::<Vec<_>>(), [""; 0]);
    // From then on a new one applies everything once more, and none of it changes anything.
    let before = all_versions(&tenant, &workload).await;
    operator.end().await;
    let operator = Operator::begin(site, settings(), FaultPlan::none()).await;
    let count = operator.quiet(0).await;
    let after = all_versions(&tenant, &workload).await;
    let changed = after
        .iter()
        .filter(|(name, version)| before.get(*name) != Some(version));
    assert_eq!(changed.collect::<Vec<_>>(), []);
    let written = operator.plan.writes();
    touch_all(&tenant, &workload, "3").await;
    operator.quiet(count).await;
    assert_eq!(operator.plan.seen()[written..], [""; 0]);

    tenant.delete::<Project>("shop").await;
    until_gone::<Project>(&tenant.api(), "shop").await;
    operator.end().await;
}
