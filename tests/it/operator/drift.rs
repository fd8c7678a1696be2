//! What is edited or deleted by hand is restored at once, by the event and not by a repetition.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{
    ConfigMap, LimitRange, Namespace as CoreNamespace, PersistentVolumeClaim, ResourceQuota,
    Secret, Service, ServiceAccount,
};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{Api, DeleteParams, PostParams};
use kube::{Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use kisenon::crd::Endpoint;

use super::tenant::{
    HEALED, Tenant, conditions, is, merge, stalls, status, strip, until, until_gone,
};
use crate::cluster::Namespace;

/// What the object says, without what the API server adds.
fn content<K: Serialize>(object: &K) -> Value {
    let mut content = serde_json::to_value(object).unwrap();
    strip(&mut content);
    let fields = content.as_object_mut().unwrap();
    fields.remove("status");
    for field in [
        "/spec/clusterIP",
        "/spec/clusterIPs",
        "/spec/healthCheckNodePort",
    ] {
        if let Some(value) = content.pointer_mut(field) {
            *value = Value::Null;
        }
    }
    content
}

/// Changes the object by hand, and waits until it is again as it was.
async fn edited<K>(api: &Api<K>, name: &str, patch: Value)
where
    K: Resource<DynamicType = ()> + Clone + Debug + Send + Sync + 'static,
    K: Serialize + DeserializeOwned,
{
    let before = content(&api.get(name).await.unwrap());
    merge(api, name, patch.clone()).await;
    let what = format!("is as before {patch}");
    until(api, name, &what, HEALED, |o: &K| content(o) == before).await;
}

/// Deletes the object by hand, and waits until there is another like it.
async fn deleted<K>(place: &Namespace, name: &str)
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    K: Clone + Debug + Send + Sync + 'static + Serialize + DeserializeOwned,
{
    let api = place.api::<K>();
    let before = api.get(name).await.unwrap();
    api.delete(name, &DeleteParams::background()).await.unwrap();
    let kind = K::kind(&());
    let what = format!("stands anew as {kind}");
    let after = until(&api, name, &what, HEALED, |o: &K| o.uid() != before.uid()).await;
    if kind != "Secret" {
        assert_eq!(content(&after), content(&before));
    }
}

#[tokio::test]
async fn an_edit_of_any_child_is_undone() {
    let tenant = Tenant::new("edit").await;
    let (workload, endpoint) = tenant.exposed().await;
    let id = &*status(&endpoint).id.unwrap();
    let everyone = json!({"spec": {"ingress": [{}]}});
    edited::<NetworkPolicy>(&workload.api(), "default-deny", everyone.clone()).await;
    edited::<NetworkPolicy>(&workload.api(), id, everyone).await;
    let nobody = json!({"spec": {"podSelector": {"matchLabels": {"a": "b"}}}});
    edited::<NetworkPolicy>(&workload.api(), "default-deny", nobody).await;
    let data = json!({"data": {"pg_hba.conf": "host all all all trust"}});
    edited::<ConfigMap>(&workload.api(), id, data).await;
    let data = json!({"data": {"role.sql": "YQ=="}});
    edited::<Secret>(&workload.api(), id, data).await;
    let open = json!({"spec": {"externalTrafficPolicy": "Cluster"}});
    edited::<Service>(&workload.api(), id, open).await;
    let other =
        json!({"metadata": {"annotations": {"metallb.io/loadBalancerIPs": "198.51.100.9"}}});
    edited::<Service>(&workload.api(), id, other).await;
    edited::<StatefulSet>(&workload.api(), id, json!({"spec": {"replicas": 0}})).await;
    let more = json!({"spec": {"hard": {"limits.cpu": "1000"}}});
    edited::<ResourceQuota>(&workload.api(), "quota", more).await;
    edited::<LimitRange>(&workload.api(), "limits", json!({"spec": {"limits": []}})).await;
    let token = json!({"automountServiceAccountToken": true});
    edited::<ServiceAccount>(&workload.api(), "postgres", token).await;
    let others = json!({"subjects": [{"kind": "User", "name": "mallory"}]});
    edited::<RoleBinding>(&workload.api(), "kisenon-operator", others.clone()).await;
    edited::<RoleBinding>(&tenant.api(), "kisenon-operator", others.clone()).await;
    edited::<RoleBinding>(&tenant.api(), "kisenon-api", others).await;
    let data = json!({"data": {"host": "YQ=="}});
    edited::<Secret>(&tenant.api(), "shop-main-connection", data).await;
    let labels =
        json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}});
    let namespaces: Api<CoreNamespace> = Api::all(tenant.client());
    edited(&namespaces, &workload.name, labels).await;
}

#[tokio::test]
async fn a_child_that_is_deleted_is_made_anew() {
    let tenant = Tenant::new("undelete").await;
    let (workload, endpoint) = tenant.exposed().await;
    let id = &*status(&endpoint).id.unwrap();
    deleted::<NetworkPolicy>(&workload, "default-deny").await;
    deleted::<NetworkPolicy>(&workload, id).await;
    deleted::<ConfigMap>(&workload, id).await;
    deleted::<Secret>(&workload, id).await;
    deleted::<Secret>(&tenant.home, "shop-main-connection").await;
    deleted::<Service>(&workload, id).await;
    deleted::<StatefulSet>(&workload, id).await;
    deleted::<ResourceQuota>(&workload, "quota").await;
    deleted::<LimitRange>(&workload, "limits").await;
    deleted::<ServiceAccount>(&workload, "postgres").await;
    deleted::<RoleBinding>(&workload, "kisenon-operator").await;
    deleted::<RoleBinding>(&tenant.home, "kisenon-operator").await;
    deleted::<RoleBinding>(&tenant.home, "kisenon-api").await;
}

#[tokio::test]
async fn labels_that_are_taken_away_come_back() {
    let tenant = Tenant::new("label").await;
    let (workload, endpoint) = tenant.exposed().await;
    let id = &*status(&endpoint).id.unwrap();
    let labels = |names: &[&str]| {
        let none = names.iter().map(|name| ((*name).to_owned(), Value::Null));
        json!({"metadata": {"labels": none.collect::<serde_json::Map<_, _>>()}})
    };
    for gone in [
        labels(&["kisenon.com/endpoint"]),
        labels(&["kisenon.com/tenant-namespace"]),
    ] {
        edited::<Secret>(&tenant.api(), "shop-main-connection", gone).await;
    }
    for gone in [
        labels(&["app.kubernetes.io/managed-by"]),
        labels(&["kisenon.com/endpoint"]),
        labels(&["kisenon.com/tenant-namespace"]),
        json!({"metadata": {"labels": null}}),
    ] {
        edited::<NetworkPolicy>(&workload.api(), id, gone.clone()).await;
        edited::<Service>(&workload.api(), id, gone.clone()).await;
        edited::<StatefulSet>(&workload.api(), id, gone.clone()).await;
        edited::<PersistentVolumeClaim>(&workload.api(), id, gone.clone()).await;
        edited::<NetworkPolicy>(&workload.api(), "default-deny", gone.clone()).await;
    }
}

/// The fence: a Secret of a tenant's namespace without our label is the tenant's own.
#[tokio::test]
async fn a_connection_secret_that_is_made_the_tenants_own_is_left_alone() {
    let tenant = Tenant::new("disown").await;
    tenant.exposed().await;
    let secrets = tenant.api::<Secret>();
    let name = "shop-main-connection";
    merge(&secrets, name, json!({"metadata": {"labels": null}})).await;
    let message = stalls::<Endpoint>(&tenant.api(), "shop-main", "ApplyFailed").await;
    assert!(message.contains("kisenon-fence"), "{message}");
    let left = secrets.get(name).await.unwrap();
    assert_eq!(left.metadata.labels, None);
    deleted::<Secret>(&tenant.home, name).await;
    tenant
        .endpoint("shop-main", "goes on", |e| {
            is(conditions(e), "Stalled", "False", "Succeeded")
        })
        .await;
}

/// Policies add up: one more opens what ours close. N9
#[tokio::test]
async fn a_policy_of_somebody_else_is_deleted_from_a_workload_namespace() {
    let tenant = Tenant::new("foreign").await;
    let (workload, _) = tenant.exposed().await;
    for labels in [
        json!(null),
        json!({"app.kubernetes.io/managed-by": "Helm"}),
        json!({"app.kubernetes.io/managed-by": "kisenon"}),
    ] {
        let policy = json!({
            "metadata": {"name": "open", "labels": labels},
            "spec": {"podSelector": {}, "ingress": [{}], "egress": [{}]},
        });
        let api = workload.api::<NetworkPolicy>();
        let policy = serde_json::from_value(policy).unwrap();
        api.create(&PostParams::default(), &policy).await.unwrap();
        tokio::time::timeout(HEALED, until_gone(&api, "open"))
            .await
            .unwrap_or_else(|_| panic!("the policy with labels {labels} stays"));
    }
}
