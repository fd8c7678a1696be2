//! Manifests: the same documents and the same outcome as with `kubectl`.

use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use kisenon::auth::{key_hash, random};
use kisenon::crd::{ApiKey, Endpoint, Project};
use kisenon::domain::api_key::PlainKey;

use super::app::App;
use crate::cluster;

const SHOP: &str = "\
apiVersion: kisenon.com/v1alpha1
kind: Project
metadata: {name: shop, labels: {team: blue}}
spec:
  displayName: Shop
  network: {allowedCidrs: [203.0.113.0/24]}
---
apiVersion: kisenon.com/v1alpha1
kind: Endpoint
metadata: {name: shop-main}
spec:
  project: shop
  compute: {cpu: '1'}
";

fn actions(report: &Value) -> Vec<(&str, &str)> {
    let results = report["results"].as_array().unwrap();
    let text = |result: &'static str| result;
    results
        .iter()
        .map(|r| {
            (
                r[text("name")].as_str().unwrap(),
                r[text("action")].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_dry_run_tells_what_applying_does() {
    let home = cluster::tenant("dry", "dry").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let mut before = client.manifests("?dry_run=true", SHOP).await.ok(200);
    assert_eq!(
        actions(&before),
        [("shop", "created"), ("shop-main", "created")]
    );
    assert!(
        home.api::<Project>()
            .get_opt("shop")
            .await
            .unwrap()
            .is_none()
    );
    let after = client.manifests("", SHOP).await.ok(200);
    assert_eq!(
        (&before["applied"], &after["applied"]),
        (&json!(false), &json!(true))
    );
    before["applied"] = json!(true);
    assert_eq!(before, after);
    let project: Project = home.api().get("shop").await.unwrap();
    assert_eq!(project.labels()["team"], "blue");
    // At once readable, and already so.
    assert_eq!(
        client.get("/v1/endpoints").await.ok(200)["items"][0]["compute"]["cpu"],
        "1"
    );
    let again = client.manifests("", SHOP).await.ok(200);
    assert_eq!(
        actions(&again),
        [("shop", "unchanged"), ("shop-main", "unchanged")]
    );

    let larger = SHOP
        .replace("cpu: '1'", "cpu: '2'")
        .replace("  displayName: Shop\n", "");
    let changes = client.manifests("?dry_run=true", &larger).await.ok(200);
    assert_eq!(
        actions(&changes),
        [("shop", "configured"), ("shop-main", "configured")]
    );
    assert_eq!(
        changes["results"][0]["diff"],
        json!([{"field": "spec.displayName", "before": "Shop"}])
    );
    let cpu = json!([{"field": "spec.compute.cpu", "before": "1", "after": "2"}]);
    assert_eq!(changes["results"][1]["diff"], cpu);
    client.manifests("", &larger).await.ok(200);
    let project: Project = home.api().get("shop").await.unwrap();
    assert_eq!(project.spec.display_name, None);
}

#[tokio::test]
async fn where_one_document_is_refused_nothing_is_written() {
    let home = cluster::tenant("half", "half").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let bad = SHOP.replace("cpu: '1'", "cpu: '1', disk: 3");
    let told = client.manifests("?dry_run=true", &bad).await.ok(200);
    assert_eq!(
        actions(&told),
        [("shop", "created"), ("shop-main", "refused")]
    );
    assert!(
        told["results"][1]["error"]
            .as_str()
            .unwrap()
            .contains("disk"),
        "{told}"
    );
    let refused = client.manifests("", &bad).await;
    refused.refused(422, "invalid_object");
    assert_eq!(
        refused.body["errors"][0]["field"],
        "documents[1] Endpoint shop-main"
    );
    assert!(
        home.api::<Project>()
            .get_opt("shop")
            .await
            .unwrap()
            .is_none()
    );
    let bad = SHOP.replace("203.0.113.0/24", "203.0.113.9/24");
    let told = client.manifests("?dry_run=true", &bad).await.ok(200);
    assert_eq!(
        told["results"][0]["errors"][0]["field"],
        "spec.network.allowedCidrs"
    );
}

#[tokio::test]
async fn a_field_that_somebody_else_holds_is_not_taken_without_being_asked() {
    let home = cluster::tenant("held", "held").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    client.manifests("", SHOP).await.ok(200);
    // What the API itself has patched is its own.
    let list = client.get("/v1/projects").await.ok(200);
    let shop = &list["items"][0];
    let path = format!("/v1/projects/{}", shop["id"].as_str().unwrap());
    client
        .patch(&path, &shop["etag"], json!({"displayName": "Patched"}))
        .await
        .ok(200);
    let report = client.manifests("", SHOP).await.ok(200);
    assert_eq!(actions(&report)[0], ("shop", "configured"));

    let flux = json!({"apiVersion": "kisenon.com/v1alpha1", "kind": "Project",
        "metadata": {"name": "shop"}, "spec": {"displayName": "Flux"}});
    let params = PatchParams::apply("flux").force();
    home.api::<Project>()
        .patch("shop", &params, &Patch::Apply(flux))
        .await
        .unwrap();
    let told = client.manifests("?dry_run=true", SHOP).await.ok(200);
    let error = told["results"][0]["error"].as_str().unwrap();
    assert!(
        error.contains("spec.displayName is held by flux"),
        "{error}"
    );
    client
        .manifests("", SHOP)
        .await
        .refused(422, "invalid_object");
    let forced = client.manifests("?force=true", SHOP).await.ok(200);
    assert_eq!(actions(&forced)[0], ("shop", "configured"));
    let project: Project = home.api().get("shop").await.unwrap();
    assert_eq!(project.spec.display_name.as_deref(), Some("Shop"));
}

#[tokio::test]
async fn only_text_that_can_be_documents_of_the_tenant_is_taken() {
    let home = cluster::tenant("text", "text").await;
    let other = cluster::tenant("other", "other").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let foreign = SHOP.replace(
        "{name: shop-main}",
        &format!("{{name: x, namespace: {}}}", other.name),
    );
    for (text, words) in [
        (&*foreign, "must be left out"),
        (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n",
            "only Project, Endpoint and ApiKey",
        ),
        ("a: [", "not YAML"),
        ("", "no document"),
    ] {
        let said = client
            .manifests("", text)
            .await
            .refused(400, "invalid_request");
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(
        other
            .api::<Endpoint>()
            .list(&Default::default())
            .await
            .unwrap()
            .items
            .len(),
        0
    );
    let own = SHOP.replace(
        "{name: shop-main}",
        &format!("{{name: x, namespace: {}}}", home.name),
    );
    client.manifests("?dry_run=true", &own).await.ok(200);
    let long = format!("{SHOP}# {}", "x".repeat(300 * 1024));
    client
        .manifests("", &long)
        .await
        .refused(413, "payload_too_large");
    let request = client.request(reqwest::Method::POST, "/v1/manifests");
    let answer = request
        .header("content-type", "application/yaml")
        .body(vec![0xff, 0xfe]);
    assert_eq!(answer.send().await.unwrap().status(), 400);
    client
        .post("/v1/manifests?dry_run=maybe", json!({}))
        .await
        .refused(400, "invalid_request");
}

#[tokio::test]
async fn a_bound_key_applies_to_its_project_alone() {
    let home = cluster::tenant("bound", "bound").await;
    let app = App::start().await;
    let all = app.key(&home, json!({})).await;
    all.manifests("", SHOP).await.ok(200);
    let bound = app.key(&home, json!({"project": "blog"})).await;
    let told = bound.manifests("?dry_run=true", SHOP).await.ok(200);
    assert_eq!(
        actions(&told),
        [("shop", "refused"), ("shop-main", "refused")]
    );
    assert!(told["results"][1]["diff"].is_null(), "{told}");
    let stolen = SHOP.replace("project: shop", "project: blog");
    let told = bound.manifests("?dry_run=true", &stolen).await.ok(200);
    assert_eq!(actions(&told)[1], ("shop-main", "refused"));
    let reader = app.key(&home, json!({"scopes": ["read"]})).await;
    reader
        .manifests("?dry_run=true", SHOP)
        .await
        .refused(403, "insufficient_scope");
}

#[tokio::test]
async fn a_key_from_a_manifest_remembers_who_made_it() {
    let home = cluster::tenant("minted", "minted").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let plain = PlainKey::generate(&mut random::fill).unwrap();
    let document = |more: &str| {
        format!(
            "apiVersion: kisenon.com/v1alpha1\nkind: ApiKey\nmetadata: {{name: ci}}\nspec:\n  \
             label: ci\n  role: ci\n  lookupId: {}\n  hash: {}\n{more}",
            plain.lookup_id(),
            key_hash::hash(&plain).unwrap()
        )
    };
    let forged = document("  parent: ses-0\n");
    let told = client.manifests("?dry_run=true", &forged).await.ok(200);
    assert_eq!(actions(&told), [("ci", "refused")]);
    client.manifests("", &document("")).await.ok(200);
    let me = client.get("/v1/me").await.ok(200);
    let key: ApiKey = home.api().get("ci").await.unwrap();
    assert_eq!(json!(key.spec.parent), me["credential"]["id"]);
}
