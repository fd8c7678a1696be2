//! A tenant with an endpoint, behind a real API. No operator works there: the test writes what
//! one would, and so decides what has become of the endpoint.

use k8s_openapi::api::core::v1::Secret;
use kisenon::crd::Endpoint;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::machine::Machine;
use super::postgres::{PASSWORD, Postgres};
use crate::cluster::{self, Namespace};
use crate::resource::app::{App, until};

/// Project `shop` with the endpoint `shop-main`.
pub(super) struct Shop {
    pub(super) home: Namespace,
    pub(super) app: App,
    /// With a key that may do everything.
    pub(super) machine: Machine,
    /// Id of the project.
    pub(super) project: String,
}

impl Shop {
    /// With an endpoint that nobody has begun to make.
    pub(super) async fn new(name: &str) -> Self {
        let shop = Self::empty(name).await;
        let machine = &shop.machine;
        let key = shop.app.with(&key_of(machine));
        let network = json!({"allowedCidrs": ["203.0.113.0/24"]});
        let project = json!({"name": "shop", "network": network});
        let project = key.post("/v1/projects", project).await.ok(201);
        let endpoint = json!({"project": "shop", "name": "shop-main"});
        key.post("/v1/endpoints", endpoint).await.ok(201);
        let project = project["id"].as_str().unwrap().to_owned();
        Self { project, ..shop }
    }

    /// With nothing in it.
    pub(super) async fn empty(name: &str) -> Self {
        let home = cluster::tenant(name, name).await;
        let app = App::start().await;
        let machine = machine(&app, &home, json!({})).await;
        Self {
            home,
            app,
            machine,
            project: String::new(),
        }
    }

    /// A machine with a key that may do less.
    pub(super) async fn machine_with(&self, spec: Value) -> Machine {
        machine(&self.app, &self.home, spec).await
    }

    /// What the operator says of the endpoint, once the API has it.
    pub(super) async fn status(&self, status: Value) {
        let patch = Patch::Merge(json!({ "status": status }));
        let endpoints = self.home.api::<Endpoint>();
        let params = PatchParams::default();
        endpoints
            .patch_status("shop-main", &params, &patch)
            .await
            .unwrap();
        let key = self.app.with(&key_of(&self.machine));
        until("the API has the status", async || {
            let list = key.get("/v1/endpoints").await.ok(200);
            (list["items"][0]["phase"] == status["phase"]).then_some(())
        })
        .await;
    }

    /// An endpoint at this host that runs, with this authority.
    pub(super) async fn opened(&self, host: &str, authority: &str) {
        let secret = json!({
            "metadata": {"name": "shop-main-connection"},
            "stringData": {"password": PASSWORD, "ca.crt": authority},
        });
        let secret: Secret = serde_json::from_value(secret).unwrap();
        let secrets = self.home.api::<Secret>();
        secrets
            .create(&PostParams::default(), &secret)
            .await
            .unwrap();
        self.status(json!({
            "phase": "Running", "address": host, "host": host, "port": 5432,
            "connectionSecret": "shop-main-connection",
        }))
        .await;
    }

    /// An endpoint whose server is a real one.
    pub(super) async fn served(name: &str) -> Self {
        let postgres = tokio::task::spawn_blocking(Postgres::shared).await.unwrap();
        let shop = Self::new(name).await;
        shop.opened(&postgres.host, &postgres.authority).await;
        shop
    }
}

async fn machine(app: &App, home: &Namespace, spec: Value) -> Machine {
    let key = app.key(home, spec).await.token.unwrap();
    Machine::new()
        .with("KISENON_API_URL", &app.base)
        .with("KISENON_API_KEY", &key)
}

/// The key that is set on a machine.
pub(super) fn key_of(machine: &Machine) -> String {
    let set = machine.environment();
    let key = set.into_iter().find(|(name, _)| name == "KISENON_API_KEY");
    key.unwrap().1
}
