//! Endpoints from HTTP to the custom resource and back. No operator works here: the tests write
//! what one would.

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams, PostParams};
use reqwest::Method;
use serde_json::{Value, json};

use kisenon::auth::password;
use kisenon::crd::{Endpoint, Project};

use super::app::{App, Client, until};
use crate::cluster::{self, Namespace};

/// A project `shop` and its endpoint `shop-main`; answers the endpoint's path and view.
pub(super) async fn shop(client: &Client<'_>) -> (String, Value) {
    let network = json!({"allowedCidrs": ["203.0.113.0/24"]});
    let project = json!({"name": "shop", "network": network});
    client.post("/v1/projects", project).await.ok(201);
    let body = json!({"project": "shop", "name": "shop-main"});
    let made = client.post("/v1/endpoints", body).await.ok(201);
    (
        format!("/v1/endpoints/{}", made["id"].as_str().unwrap()),
        made,
    )
}

/// What the operator does once an endpoint has its address.
pub(super) async fn opened(home: &Namespace, password: &str) {
    let secret = json!({
        "metadata": {"name": "shop-main-connection"},
        "stringData": {"password": password, "ca.crt": "-----BEGIN CERTIFICATE-----"},
    });
    let secret: Secret = serde_json::from_value(secret).unwrap();
    home.api::<Secret>()
        .create(&PostParams::default(), &secret)
        .await
        .unwrap();
    status(
        home,
        json!({
            "phase": "Running", "address": "198.51.100.7", "host": "198.51.100.7", "port": 5432,
            "connectionSecret": "shop-main-connection",
        }),
    )
    .await;
}

pub(super) async fn status(home: &Namespace, status: Value) {
    let patch = Patch::Merge(json!({ "status": status }));
    let endpoints = home.api::<Endpoint>();
    let params = PatchParams::default();
    endpoints
        .patch_status("shop-main", &params, &patch)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_endpoint_lives_from_create_to_delete() {
    let home = cluster::tenant("endpoint", "endpoint").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (path, made) = shop(&client).await;
    assert_eq!(
        (&made["phase"], &made["desiredState"]),
        (&json!("Pending"), &json!("Running"))
    );
    assert_eq!(made["project"]["name"], "shop");
    assert_eq!(
        made["role"],
        json!({"name": "app", "passwordSource": "operator"})
    );
    assert_eq!(client.get(&path).await.ok(200), made);
    let project = made["project"]["id"].as_str().unwrap();
    for filter in ["shop", project] {
        let list = client
            .get(&format!("/v1/endpoints?project={filter}"))
            .await
            .ok(200);
        assert_eq!(list["items"], json!([made]));
    }
    let none = client.get("/v1/endpoints?project=other").await.ok(200);
    assert_eq!(none["items"], json!([]));

    let patch = json!({
        "compute": {"cpu": "1"},
        "postgres": {"parameters": {"work_mem": "64MB", "jit": "off"}},
        "access": {"allowedCidrs": ["192.0.2.1/32"]},
    });
    let changed = client.patch(&path, &made["etag"], patch).await.ok(200);
    assert_eq!(changed["compute"], json!({"cpu": "1", "memory": "512Mi"}));
    assert_eq!(changed["access"]["inCluster"], "None");
    let patch = json!({"postgres": {"parameters": {"jit": null}}, "access": null});
    let changed = client.patch(&path, &changed["etag"], patch).await.ok(200);
    assert_eq!(
        changed["postgres"]["parameters"],
        json!({"work_mem": "64MB"})
    );
    assert_eq!(changed.get("access"), None);
    let shrink = json!({"storage": {"size": "512Mi"}});
    let refused = client.patch(&path, &changed["etag"], shrink).await;
    assert!(
        refused
            .refused(422, "invalid_object")
            .contains("can only grow")
    );

    // One that is being taken down is told as such.
    let hold = json!({"metadata": {"finalizers": ["kisenon.com/teardown"]}});
    let endpoints = home.api::<Endpoint>();
    let params = PatchParams::default();
    endpoints
        .patch("shop-main", &params, &Patch::Merge(hold))
        .await
        .unwrap();
    let going = client.delete(&path).await.ok(202);
    assert!(going["deletingSince"].is_string());
    let free = json!({"metadata": {"finalizers": null}});
    endpoints
        .patch("shop-main", &params, &Patch::Merge(free))
        .await
        .unwrap();
    until("it is gone", async || {
        (client.get(&path).await.status == 404).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_needs_a_project_of_the_caller() {
    let home = cluster::tenant("orphan", "orphan").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    for project in ["shop", "prj-0a1b2c3d4e5f47899abcdef0", ""] {
        let body = json!({"project": project, "name": "x"});
        let refused = client.post("/v1/endpoints", body).await;
        refused.refused(422, "invalid_object");
        assert_eq!(refused.body["errors"][0]["field"], "project");
    }
    shop(&client).await;
    let body = json!({"project": "shop", "name": "x", "role": {"name": "postgres"}});
    let refused = client.post("/v1/endpoints", body).await;
    assert!(
        refused
            .refused(422, "invalid_object")
            .contains("belong to the server")
    );
    let body = json!({"project": "shop", "name": "x", "role": {"passwordVerifier": "hunter2"}});
    let refused = client.post("/v1/endpoints", body).await;
    assert!(!refused.refused(422, "invalid_object").contains("hunter2"));
}

#[tokio::test]
async fn suspend_resume_and_the_allow_list_have_ways_of_their_own() {
    let home = cluster::tenant("ways", "ways").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (path, _) = shop(&client).await;
    let suspended = client
        .post(&format!("{path}/suspend"), json!({}))
        .await
        .ok(200);
    assert_eq!(suspended["desiredState"], "Suspended");
    let resumed = client
        .post(&format!("{path}/resume"), json!({}))
        .await
        .ok(200);
    assert_eq!(resumed["desiredState"], "Running");
    let access = format!("{path}/access");
    let body = json!({"allowedCidrs": ["192.0.2.0/24"], "inCluster": "TenantNamespace"});
    let opened = client.put(&access, body.clone()).await.ok(200);
    assert_eq!(opened["access"], body);
    let closed = client
        .put(&access, json!({"allowedCidrs": ["192.0.2.7/32"]}))
        .await
        .ok(200);
    assert_eq!(
        closed["access"],
        json!({"allowedCidrs": ["192.0.2.7/32"], "inCluster": "None"})
    );
    let stale = [("if-match", "\"1\"")];
    let refused = client.send(Method::PUT, &access, &stale, Some(body)).await;
    refused.refused(412, "precondition_failed");
    client
        .put(&access, json!({"allowedCidrs": []}))
        .await
        .refused(422, "invalid_object");
    client
        .put(&access, json!({}))
        .await
        .refused(400, "invalid_request");
}

#[tokio::test]
async fn the_connection_holds_the_operators_password_until_it_is_reset() {
    let home = cluster::tenant("connect", "connect").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (path, _) = shop(&client).await;
    let connection = format!("{path}/connection");
    client.get(&connection).await.refused(409, "conflict");
    opened(&home, "pa:ss").await;
    let shown = until("the endpoint has its address", async || {
        Some(client.get(&connection).await).filter(|answer| answer.status == 200)
    })
    .await;
    assert_eq!(shown.header("cache-control"), "no-store");
    let shown = shown.ok(200);
    assert_eq!(shown["password"], "pa:ss");
    assert_eq!(
        shown["uri"],
        "postgresql://app:pa%3Ass@198.51.100.7:5432/main?sslmode=verify-full"
    );
    assert_eq!(shown["passwordSource"], "operator");

    let reset = client
        .post(&format!("{path}/reset-password"), json!({}))
        .await;
    assert_eq!(reset.header("cache-control"), "no-store");
    let reset = reset.ok(200);
    let new = reset["password"].as_str().unwrap().to_owned();
    let stored: Endpoint = home.api().get("shop-main").await.unwrap();
    let verifier = stored.spec.role.password_verifier.clone().unwrap();
    assert!(password::verify(&new.clone().into(), &verifier).unwrap());
    assert!(!serde_json::to_string(&stored).unwrap().contains(&new));
    // The Secret still holds the password before it.
    let shown = client.get(&connection).await.ok(200);
    assert_eq!(shown.get("password"), None);
    assert_eq!(shown["passwordSource"], "verifier");
    assert_eq!(
        shown["uri"],
        "postgresql://app@198.51.100.7:5432/main?sslmode=verify-full"
    );

    let reader = app.key(&home, json!({"scopes": ["read"]})).await;
    reader.get(&path).await.ok(200);
    reader
        .get(&connection)
        .await
        .refused(403, "insufficient_scope");
    let reset = reader
        .post(&format!("{path}/reset-password"), json!({}))
        .await;
    reset.refused(403, "insufficient_scope");
}

#[tokio::test]
async fn what_a_project_declares_is_changed_in_the_project() {
    let home = cluster::tenant("declared", "declared").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (path, made) = shop(&client).await;
    assert_eq!(made["declaredByProject"], false);
    // As the operator makes it from a template.
    let template = json!({"spec": {"endpoints": [{"name": "main", "compute": {"cpu": "1"}}]}});
    let projects = home.api::<Project>();
    let params = PatchParams::default();
    let project = projects
        .patch("shop", &params, &Patch::Merge(template))
        .await
        .unwrap();
    let owner = json!({"metadata": {"ownerReferences": [{
        "apiVersion": "kisenon.com/v1alpha1", "kind": "Project", "controller": true,
        "name": "shop", "uid": project.uid(),
    }]}});
    let endpoints = home.api::<Endpoint>();
    endpoints
        .patch("shop-main", &params, &Patch::Merge(owner))
        .await
        .unwrap();
    let shown = until("it is seen as declared", async || {
        let shown = client.get(&path).await.ok(200);
        (shown["declaredByProject"] == true).then_some(shown)
    })
    .await;
    let cpu = json!({"compute": {"cpu": "2"}});
    let refused = client.patch(&path, &shown["etag"], cpu).await;
    assert!(refused.refused(409, "conflict").contains("compute"));
    client.delete(&path).await.refused(409, "conflict");
    // What the template does not say is the endpoint's own.
    client
        .post(&format!("{path}/suspend"), json!({}))
        .await
        .ok(200);
}

#[tokio::test]
async fn access_is_explained_before_anything_runs() {
    let home = cluster::tenant("explain", "explain").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let (path, _) = shop(&client).await;
    let told = client.get(&format!("{path}/access")).await.ok(200);
    assert_eq!(
        (&told["openTo"], &told["differences"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(told["service"]["exposed"], false);
    assert_eq!(told["isolation"]["verified"], false);
}
