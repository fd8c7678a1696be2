//! An API on which no operator works: the test says what one would, and so decides when.

use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use kube::api::{Api, Patch, PatchParams};
use kube::{Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use kisenon::crd::{Endpoint, Project};

use super::machine::Machine;
use crate::cluster::{self, Namespace};
use crate::resource::app::{App, apply_key, until};

/// An API of the calling test's own, a tenant, and a machine with a key of it.
pub(super) struct Steered {
    pub(super) home: Namespace,
    pub(super) machine: Machine,
    _app: App,
}

impl Steered {
    pub(super) async fn start(name: &str) -> Self {
        let home = cluster::tenant(name, name).await;
        let app = App::start().await;
        let (key, _) = apply_key(&home, json!({})).await;
        let client = app.with(&key);
        until("the key is accepted", async || {
            (client.get("/v1/me").await.status == 200).then_some(())
        })
        .await;
        let machine = Machine::new()
            .with("KISENON_API_URL", &app.base)
            .with("KISENON_API_KEY", &key);
        Self {
            home,
            machine,
            _app: app,
        }
    }

    /// A project `shop` that lets somebody in.
    pub(super) fn shop(&self) {
        let args = "projects create shop --allow 203.0.113.0/24 --no-wait";
        let args = args.split(' ').collect::<Vec<_>>();
        self.machine.keon(&args).ok();
    }

    /// An endpoint `main` of it.
    pub(super) fn main(&self) {
        let args = "endpoints create main --project shop --no-wait";
        let args = args.split(' ').collect::<Vec<_>>();
        self.machine.keon(&args).ok();
    }

    /// What the operator says of the latest wish for an endpoint, once it is there.
    pub(super) async fn says(&self, name: &str, status: Value) {
        self.write::<Endpoint>(name, status).await;
    }

    /// What the operator says of the latest wish for a project, once it is there.
    pub(super) async fn says_of_project(&self, name: &str, status: Value) {
        self.write::<Project>(name, status).await;
    }

    async fn write<K>(&self, name: &str, mut status: Value)
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned,
    {
        let objects: Api<K> = self.home.api();
        let object = until("it is there", async || objects.get_opt(name).await.unwrap()).await;
        let members = status.as_object_mut().unwrap();
        if !members.contains_key("observedGeneration") {
            let generation = object.meta().generation;
            members.insert("observedGeneration".to_owned(), json!(generation));
        }
        let patch = Patch::Merge(json!({ "status": status }));
        let params = PatchParams::default();
        objects.patch_status(name, &params, &patch).await.unwrap();
    }

    /// Waits until the wish for an endpoint is of this generation.
    pub(super) async fn is_asked(&self, name: &str, generation: i64) {
        let endpoints = self.home.api::<Endpoint>();
        until("it is asked for", async || {
            let found = endpoints.get_opt(name).await.unwrap();
            found.filter(|endpoint| endpoint.meta().generation == Some(generation))
        })
        .await;
    }

    /// Keeps an endpoint from going until [`Steered::lets_go`].
    pub(super) async fn holds(&self, name: &str) {
        self.finalizers(name, json!(["kisenon.com/teardown"])).await;
    }

    /// Lets it go, once it is asked to.
    pub(super) async fn lets_go(&self, name: &str) {
        let endpoints = self.home.api::<Endpoint>();
        until("it is asked to go", async || {
            let found = endpoints.get_opt(name).await.unwrap();
            found.filter(|endpoint| endpoint.meta().deletion_timestamp.is_some())
        })
        .await;
        self.finalizers(name, Value::Null).await;
    }

    async fn finalizers(&self, name: &str, finalizers: Value) {
        let patch = Patch::Merge(json!({"metadata": {"finalizers": finalizers}}));
        let params = PatchParams::default();
        let endpoints = self.home.api::<Endpoint>();
        let held = endpoints.patch(name, &params, &patch).await.unwrap();
        assert_eq!(held.name_any(), name);
    }
}

/// A condition as the operator writes it.
pub(super) fn condition(type_: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": type_, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": Timestamp::now(),
    })
}

/// A server that accepts clients.
pub(super) fn running() -> Value {
    json!({
        "phase": "Running", "address": "198.51.100.7", "host": "198.51.100.7", "port": 5432,
        "conditions": [condition("Ready", "True", "Succeeded", "the server accepts clients")],
    })
}

/// A server that is suspended.
pub(super) fn stopped() -> Value {
    json!({
        "phase": "Stopped",
        "conditions": [condition("Ready", "True", "Suspended", "the server is suspended")],
    })
}

/// Something that is worked on.
pub(super) fn working(phase: &str, message: &str) -> Value {
    json!({
        "phase": phase,
        "conditions": [
            condition("Ready", "False", "Progressing", message),
            condition("Reconciling", "True", "Progressing", message),
        ],
    })
}

/// Something that cannot go on.
pub(super) fn stalled(reason: &str, message: &str) -> Value {
    json!({
        "phase": "Pending",
        "conditions": [
            condition("Ready", "False", reason, message),
            condition("Stalled", "True", reason, message),
        ],
    })
}
