//! What one applied Project becomes: exactly these objects, and no way in before the proof.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{
    ConfigMap, LimitRange, Namespace as CoreNamespace, PersistentVolumeClaim, ResourceQuota,
    Secret, Service, ServiceAccount,
};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{Api, ListParams};
use kube::{Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use kisenon::crd::{Endpoint, Project};

use super::kubelet;
use super::site::SYSTEM;
use super::tenant::{Tenant, conditions, is, names, status, strip, until};
use crate::cluster::Namespace;

/// Every child of one kind as stored, without what differs from run to run.
async fn children<K>(place: &Namespace, replace: &[(&str, &str)]) -> Vec<Value>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    K: Clone + Debug + Serialize + DeserializeOwned,
{
    let managed = ListParams::default().labels("app.kubernetes.io/managed-by=kisenon");
    let list = place.api::<K>().list(&managed).await.unwrap();
    list.iter().map(|object| plain(object, replace)).collect()
}

/// One object as stored, without what differs from run to run.
pub(super) fn plain<K: Serialize>(object: &K, replace: &[(&str, &str)]) -> Value {
    let mut object = serde_json::to_value(object).unwrap();
    strip(&mut object);
    object.as_object_mut().unwrap().remove("status");
    for field in [
        "/spec/clusterIP",
        "/spec/clusterIPs",
        "/spec/healthCheckNodePort",
    ] {
        if let Some(value) = object.pointer_mut(field) {
            *value = json!("<given by the API server>");
        }
    }
    let annotations = object.pointer_mut("/spec/template/metadata/annotations");
    if let Some(annotations) = annotations {
        annotations["kisenon.com/template-digest"] = json!("<digest>");
    }
    hide(&mut object);
    let mut text = object.to_string();
    for (from, to) in replace {
        text = text.replace(from, to);
    }
    serde_json::from_str(&text).unwrap()
}

/// Content that is secret, random or long.
fn hide(object: &mut Value) {
    let is_secret = object["kind"] == "Secret";
    let Some(data) = object.get_mut("data").and_then(Value::as_object_mut) else {
        return;
    };
    for (key, value) in data {
        *value = json!(match (is_secret, &**key) {
            (false, "pg_hba.conf" | "database.sql" | "admitted.json") => continue,
            (true, _) => "<secret>",
            (false, _) => "<text>",
        });
    }
}

/// K1-K4, N1, N3, N5, N6, N9, N13, N16: the fields that these ask for stand in the snapshots.
#[tokio::test]
async fn one_applied_project_becomes_exactly_these_objects() {
    let tenant = Tenant::new("create").await;
    let endpoints = json!([
        {"name": "main"},
        {"name": "asleep", "desiredState": "Suspended", "access": {
            "allowedCidrs": ["0.0.0.0/0"], "inCluster": "TenantNamespace"}},
    ]);
    tenant.shop(endpoints).await;
    let workload = tenant.workload().await;
    let (main, asleep) = (tenant.id("shop-main").await, tenant.id("shop-asleep").await);
    tenant
        .endpoint("shop-asleep", "is asleep", |e| {
            is(conditions(e), "Ready", "True", "Suspended")
        })
        .await;
    kubelet::pod(&workload, &main).await;
    let project = tenant.project().await.uid().unwrap();
    let replace = [
        (&*workload.name, "<workload>"),
        (tenant.name(), "<tenant>"),
        (&*main, "<main>"),
        (&*asleep, "<asleep>"),
        (&*project, "<project uid>"),
    ];
    let namespaces: Api<CoreNamespace> = Api::all(tenant.client());
    let namespace = namespaces.get(&workload.name).await.unwrap();
    insta::assert_json_snapshot!(
        "project",
        json!({
            "Namespace": plain(&namespace, &replace),
            "RoleBinding": children::<RoleBinding>(&workload, &replace).await,
            "RoleBinding of the tenant": children::<RoleBinding>(&tenant.home, &replace).await,
            "ResourceQuota": children::<ResourceQuota>(&workload, &replace).await,
            "LimitRange": children::<LimitRange>(&workload, &replace).await,
            "ServiceAccount": children::<ServiceAccount>(&workload, &replace).await,
        })
    );
    insta::assert_json_snapshot!(
        "policies",
        by_name::<NetworkPolicy>(&workload, &replace).await
    );
    insta::assert_json_snapshot!(
        "servers",
        json!({
            "ConfigMap": by_name::<ConfigMap>(&workload, &replace).await["<main>"],
            "Secret": by_name::<Secret>(&workload, &replace).await["<main>"],
            "PersistentVolumeClaim": by_name::<PersistentVolumeClaim>(&workload, &replace).await["<main>"],
            "StatefulSet": by_name::<StatefulSet>(&workload, &replace).await["<main>"],
        })
    );
    let suspended = &by_name::<StatefulSet>(&workload, &replace).await["<asleep>"];
    assert_eq!(suspended["spec"]["replicas"], 0);
    // No way in, for either of them, while no gate has passed.
    assert_eq!(names::<Service>(&workload.api()).await, [""; 0]);
    assert_eq!(names::<Secret>(&tenant.api()).await, [""; 0]);

    kubelet::pass(&workload, &main).await;
    let exposed = tenant
        .endpoint("shop-main", "has its address opened", |e| {
            status(e).address.is_some()
        })
        .await;
    let address = status(&exposed).address.unwrap();
    let uid = exposed.uid().unwrap();
    let replace = [
        &replace[..],
        &[(&*address, "<address>"), (&*uid, "<main uid>")],
    ]
    .concat();
    insta::assert_json_snapshot!(
        "exposure",
        json!({
            "Service": children::<Service>(&workload, &replace).await,
            "Secret": children::<Secret>(&tenant.home, &replace).await,
            "Lease": lease(&tenant, &address, &replace).await,
        })
    );
}

async fn by_name<K>(place: &Namespace, replace: &[(&str, &str)]) -> Value
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    K: Clone + Debug + Serialize + DeserializeOwned,
{
    let objects = children::<K>(place, replace).await;
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
    objects.into_iter().map(|o| (name(&o), o)).collect()
}

async fn lease(tenant: &Tenant, address: &str, replace: &[(&str, &str)]) -> Value {
    let leases: Api<Lease> = Api::namespaced(tenant.client(), SYSTEM);
    let name = format!("address-{}", address.replace('.', "-"));
    let lease = leases.get(&name).await.unwrap();
    let mut lease = plain(&lease, replace);
    lease["metadata"]["name"] = json!("<address>");
    lease
}

#[tokio::test]
async fn the_connection_secret_holds_all_that_a_client_needs() {
    let tenant = Tenant::new("connect").await;
    let (_, endpoint) = tenant.exposed().await;
    let status = status(&endpoint);
    let name = status.connection_secret.unwrap();
    let secret: Secret = tenant.api().get(&name).await.unwrap();
    let text = |key: &str| String::from_utf8(secret.data.as_ref().unwrap()[key].0.clone()).unwrap();
    let address = status.address.unwrap();
    assert_eq!(
        secret.type_.as_deref(),
        Some("servicebinding.io/postgresql")
    );
    assert_eq!(text("host"), address);
    let (user, password, database) = (text("username"), text("password"), text("database"));
    assert_eq!(
        text("uri"),
        format!("postgresql://{user}:{password}@{address}:5432/{database}?sslmode=verify-full")
    );
    assert!(text("ca.crt").starts_with("-----BEGIN CERTIFICATE-----"));
    // It goes with the Endpoint whatever becomes of the operator.
    assert_eq!(secret.owner_references()[0].uid, endpoint.uid().unwrap());
}

#[tokio::test]
async fn an_endpoint_says_which_step_it_waits_for() {
    let tenant = Tenant::new("steps").await;
    let (workload, endpoint) = tenant.exposed().await;
    assert!(is(
        conditions(&endpoint),
        "PerimeterReady",
        "True",
        "Succeeded"
    ));
    assert!(is(
        conditions(&endpoint),
        "IsolationVerified",
        "True",
        "Succeeded"
    ));
    assert!(is(
        conditions(&endpoint),
        "AddressAssigned",
        "False",
        "Waiting"
    ));
    assert!(is(conditions(&endpoint), "ServerReady", "False", "Waiting"));
    let address = status(&endpoint).address.unwrap();
    let id = status(&endpoint).id.unwrap();
    let given = json!({"status": {"loadBalancer": {"ingress": [{"ip": address}]}}});
    workload
        .api::<Service>()
        .patch_status(&id, &Default::default(), &kube::api::Patch::Merge(given))
        .await
        .unwrap();
    tenant
        .endpoint("shop-main", "has its address", |e| {
            is(conditions(e), "AddressAssigned", "True", "Succeeded")
        })
        .await;
    until::<Project>(
        &tenant.api(),
        "shop",
        "counts",
        super::tenant::PATIENCE,
        |p| {
            p.status
                .as_ref()
                .and_then(|s| s.endpoints)
                .is_some_and(|c| c.total == 1 && c.ready == 0)
        },
    )
    .await;
    let _: Endpoint = endpoint;
}
