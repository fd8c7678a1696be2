//! A tenant's namespace and what is looked at in it and behind it.

use std::fmt::Debug;
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Namespace as CoreNamespace, Service};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::wait::await_condition;
use kube::{Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;

use kisenon::crd::{ApiKey, Endpoint, Project};

use super::kubelet;
use super::site::{self, Site};
use crate::cluster::Namespace;

/// Longest that anything may take on a busy machine. The operator's own repetitions without an
/// event are slower ([`HEALED`]), or much slower.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Within this only an event can have brought the operator back: stalled objects are looked at
/// every 15 s, all others every 5 min.
pub(super) const HEALED: Duration = Duration::from_secs(8);

/// A namespace of the calling test alone, which is a tenant's.
pub(super) struct Tenant {
    pub(super) home: Namespace,
}

impl Tenant {
    /// Where the shared operator works.
    pub(super) async fn new(prefix: &str) -> Self {
        tokio::task::spawn_blocking(site::operator).await.unwrap();
        Self::at(&site::SHARED, prefix).await
    }

    pub(super) async fn at(site: &Site, prefix: &str) -> Self {
        let home = site.plane.tenant(prefix, prefix).await;
        Self { home }
    }

    pub(super) fn name(&self) -> &str {
        &self.home.name
    }

    pub(super) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + DeserializeOwned,
    {
        self.home.api()
    }

    pub(super) fn client(&self) -> Client {
        self.home.client.clone()
    }

    /// What `kubectl apply --server-side` does.
    pub(super) async fn apply(&self, object: &Value) {
        let params = PatchParams::apply("kubectl").force();
        let name = object["metadata"]["name"].as_str().unwrap();
        let patch = Patch::Apply(object);
        match object["kind"].as_str() {
            Some("Project") => {
                let api = self.api::<Project>();
                api.patch(name, &params, &patch).await.map(drop).unwrap();
            }
            Some("ApiKey") => {
                let api = self.api::<ApiKey>();
                api.patch(name, &params, &patch).await.map(drop).unwrap();
            }
            _ => {
                let api = self.api::<Endpoint>();
                api.patch(name, &params, &patch).await.map(drop).unwrap();
            }
        }
    }

    /// A project `shop` with these inline endpoints.
    pub(super) async fn shop(&self, endpoints: Value) {
        self.apply(&shop(endpoints)).await;
    }

    pub(super) async fn project(&self) -> Project {
        self.api().get("shop").await.unwrap()
    }

    /// The endpoint, once it is as wanted.
    pub(super) async fn endpoint(
        &self,
        name: &str,
        what: &str,
        good: impl Fn(&Endpoint) -> bool,
    ) -> Endpoint {
        until(&self.api(), name, what, PATIENCE, good).await
    }

    /// The workload namespace, once it stands.
    pub(super) async fn workload(&self) -> Namespace {
        let project = until(&self.api(), "shop", "is ready", PATIENCE, |p: &Project| {
            is(conditions(p), "Ready", "True", "Succeeded")
        })
        .await;
        Namespace {
            name: project.status.unwrap().namespace.unwrap(),
            client: self.client(),
        }
    }

    /// A project whose only endpoint, `shop-main`, is behind a proven perimeter and has a Service.
    pub(super) async fn exposed(&self) -> (Namespace, Endpoint) {
        self.shop(json!([{"name": "main"}])).await;
        let workload = self.workload().await;
        let id = self.id("shop-main").await;
        kubelet::pass(&workload, &id).await;
        let endpoint = self
            .endpoint("shop-main", "has its address opened", |e| {
                status(e).address.is_some()
            })
            .await;
        until::<Service>(&workload.api(), &id, "stands", PATIENCE, |_| true).await;
        (workload, endpoint)
    }

    /// A project whose workload namespace somebody else has made before; answers its name.
    pub(super) async fn shop_with_foreign_namespace(&self) -> String {
        // Without the label the operator only looks on, and the name follows from the UID.
        let namespaces: Api<CoreNamespace> = Api::all(self.client());
        let label = |value: Value| json!({"metadata": {"labels": {"kisenon.com/tenant": value}}});
        merge(&namespaces, self.name(), label(Value::Null)).await;
        self.shop(json!([])).await;
        stalls::<Project>(&self.api(), "shop", "NamespaceNotTenant").await;
        let uid = self.project().await.uid().unwrap();
        let name = kisenon::domain::id::workload_namespace(&uid).unwrap();
        let foreign = json!({"metadata": {"name": name}});
        let foreign = serde_json::from_value(foreign).unwrap();
        namespaces
            .create(&PostParams::default(), &foreign)
            .await
            .unwrap();
        merge(&namespaces, self.name(), label(json!(self.name()))).await;
        name
    }

    /// The permanent id of an endpoint, once it has one.
    pub(super) async fn id(&self, name: &str) -> String {
        let endpoint = self.endpoint(name, "has an id", |e| status(e).id.is_some());
        endpoint.await.status.unwrap().id.unwrap()
    }

    pub(super) async fn merge<K>(&self, name: &str, patch: Value)
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
        K: Clone + Debug + DeserializeOwned,
    {
        merge::<K>(&self.api(), name, patch).await;
    }

    pub(super) async fn delete<K>(&self, name: &str)
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
        K: Clone + Debug + DeserializeOwned,
    {
        let api = self.api::<K>();
        api.delete(name, &DeleteParams::default()).await.unwrap();
    }
}

/// A Project `shop` with these inline endpoints.
pub(super) fn shop(endpoints: Value) -> Value {
    project(json!({
        "network": {"allowedCidrs": ["203.0.113.0/24"]},
        "endpoints": endpoints,
    }))
}

/// A Project `shop`.
pub(super) fn project(spec: Value) -> Value {
    json!({
        "apiVersion": "kisenon.com/v1alpha1",
        "kind": "Project",
        "metadata": {"name": "shop"},
        "spec": spec,
    })
}

/// An Endpoint of the project `shop`.
pub(super) fn endpoint(name: &str, mut spec: Value) -> Value {
    spec["project"] = json!("shop");
    json!({
        "apiVersion": "kisenon.com/v1alpha1",
        "kind": "Endpoint",
        "metadata": {"name": name},
        "spec": spec,
    })
}

pub(super) fn status(endpoint: &Endpoint) -> kisenon::crd::EndpointStatus {
    endpoint.status.clone().unwrap_or_default()
}

/// The conditions of any object of ours, as JSON.
pub(super) fn conditions<K: Serialize>(object: &K) -> Value {
    let object = serde_json::to_value(object).unwrap();
    let current = object["status"]["observedGeneration"] == object["metadata"]["generation"];
    match &object["status"]["conditions"] {
        conditions @ Value::Array(_) if current => conditions.clone(),
        _ => json!([]),
    }
}

/// The condition of this type, or null.
pub(super) fn condition(conditions: &Value, kind: &str) -> Value {
    let list = conditions.as_array().unwrap();
    let found = list.iter().find(|c| c["type"] == kind);
    found.cloned().unwrap_or_default()
}

pub(super) fn is(conditions: Value, kind: &str, status: &str, reason: &str) -> bool {
    let found = condition(&conditions, kind);
    found["status"] == status && found["reason"] == reason
}

/// The message of `Stalled`, once it is true for this reason.
pub(super) async fn stalls<K>(api: &Api<K>, name: &str, reason: &str) -> String
where
    K: Resource<DynamicType = ()> + Clone + Debug + Send + Sync + 'static,
    K: Serialize + DeserializeOwned,
{
    let what = format!("is stalled by {reason}");
    let object = until(api, name, &what, PATIENCE, |o: &K| {
        is(conditions(o), "Stalled", "True", reason)
    })
    .await;
    let stalled = condition(&conditions(&object), "Stalled");
    stalled["message"].as_str().unwrap().to_owned()
}

/// The object, once it exists and is as wanted.
pub(super) async fn until<K>(
    api: &Api<K>,
    name: &str,
    what: &str,
    limit: Duration,
    good: impl Fn(&K) -> bool,
) -> K
where
    K: Resource<DynamicType = ()> + Clone + Debug + Send + Sync + 'static,
    K: Serialize + DeserializeOwned,
{
    let reached = await_condition(api.clone(), name, |object: Option<&K>| {
        object.is_some_and(&good)
    });
    match timeout(limit, reached).await {
        Ok(object) => object.unwrap().unwrap(),
        Err(_) => {
            let mut last = serde_json::to_value(api.get_opt(name).await.unwrap()).unwrap();
            strip(&mut last);
            panic!("{name}, which never {what}, is {last:#}");
        }
    }
}

/// Waits until no object of this name is left.
pub(super) async fn until_gone<K>(api: &Api<K>, name: &str)
where
    K: Resource<DynamicType = ()> + Clone + Debug + Send + Sync + 'static,
    K: Serialize + DeserializeOwned,
{
    let gone = await_condition(api.clone(), name, |object: Option<&K>| object.is_none());
    if timeout(PATIENCE, gone).await.is_err() {
        let last = api.get_opt(name).await.unwrap();
        let mut last = serde_json::to_value(last).unwrap();
        strip(&mut last);
        panic!("{name}, which never went, is {last:#}");
    }
}

/// What a person does with `kubectl patch` or `kubectl edit`.
pub(super) async fn merge<K>(api: &Api<K>, name: &str, patch: Value)
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let params = PatchParams {
        field_manager: Some("kubectl-edit".to_owned()),
        ..PatchParams::default()
    };
    api.patch(name, &params, &Patch::Merge(patch))
        .await
        .unwrap();
}

/// Names of the objects of one kind, in order.
pub(super) async fn names<K>(api: &Api<K>) -> Vec<String>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let list = api.list(&ListParams::default()).await.unwrap();
    let mut names = list.iter().map(|o| o.name_any()).collect::<Vec<_>>();
    names.sort_unstable();
    names
}

/// Takes away what the API server writes by itself and nobody asks for.
pub(super) fn strip(object: &mut Value) {
    if let Some(meta) = object["metadata"].as_object_mut() {
        for field in [
            "managedFields",
            "resourceVersion",
            "creationTimestamp",
            "generation",
            "uid",
        ] {
            meta.remove(field);
        }
    }
}
