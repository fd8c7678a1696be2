//! From a person's first write to a connection, under the API's own account and with the operator
//! at work: what the rights and the fence must let through.

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace as CoreNamespace;
use kube::ResourceExt as _;
use kube::api::Api;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::app::{Answer, App, Person};
use crate::cluster::Namespace;
use crate::operator::{kubelet, site};

const PATIENCE: Duration = Duration::from_secs(30);

/// The answer, once it is as wanted.
async fn until(person: &Person<'_>, path: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
    let deadline = Instant::now() + PATIENCE;
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    loop {
        let answer = person.get(path).await;
        if wanted(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "{path} stays {}", answer.text);
        ticks.tick().await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_goes_from_nothing_to_a_connection_and_back() {
    let app = App::shared().await;
    let person = app.person("story").await;
    let network = json!({"allowedCidrs": ["203.0.113.0/24"]});
    let project = json!({"name": "shop", "network": network});
    let project = person.post("/v1/projects", project).await.expect(201);
    let client = site::SHARED.plane.client().await;
    let me = person.get("/v1/me").await.expect(200);
    let home = Api::<CoreNamespace>::all(client.clone());
    let home = home.get(&text(&me["tenant"]["namespace"])).await.unwrap();
    assert_eq!(
        home.labels()["kisenon.com/tenant"],
        text(&me["tenant"]["id"])
    );

    let body = json!({"project": project["id"], "name": "shop-main"});
    let endpoint = person.post("/v1/endpoints", body).await.expect(201);
    let id = text(&endpoint["id"]);
    let path = format!("/v1/endpoints/{id}");
    let workload = Namespace {
        name: format!("kisenon-{}", text(&project["id"])),
        client,
    };
    kubelet::pass(&workload, &id).await;
    let opened = until(&person, &path, |answer| {
        answer.json()["address"].is_string()
    })
    .await;
    let address = text(&opened.json()["address"]);

    let connection = until(&person, &format!("{path}/connection"), |a| a.status == 200).await;
    let connection = connection.json();
    assert_eq!(connection["host"], json!(address));
    assert!(text(&connection["caCertificate"]).contains("BEGIN CERTIFICATE"));
    let password = text(&connection["password"]);
    assert!(text(&connection["uri"]).contains(&password));
    let told = person.get(&format!("{path}/access")).await.expect(200);
    assert_eq!(
        (&told["differences"], &told["egress"]["reach"]),
        (&json!([]), &json!("none"))
    );
    assert_eq!(
        told["openTo"][0]["sources"],
        json!(["project network.allowedCidrs[0]"])
    );
    assert_eq!(told["isolation"]["verified"], true);

    let reset = person
        .post(&format!("{path}/reset-password"), json!({}))
        .await;
    assert_ne!(reset.expect(200)["password"], json!(password));
    let yaml = "apiVersion: kisenon.com/v1alpha1\nkind: Endpoint\nmetadata: {name: shop-main}\n\
        spec: {project: shop, desiredState: Suspended}\n";
    let request = super::app::client()
        .request(
            Method::POST,
            format!("{}/v1/manifests?dry_run=true", app.base),
        )
        .bearer_auth(&person.token)
        .header("content-type", "application/yaml")
        .body(yaml);
    let report = super::app::finish(request).await.expect(200);
    assert_eq!(report["results"][0]["action"], "configured");

    let going = person
        .delete(&format!("/v1/projects/{}", text(&project["id"])))
        .await;
    assert_eq!(going.status.as_u16(), 202, "{}", going.text);
    until(&person, &path, |answer| answer.status == 404).await;
    until(&person, "/v1/projects", |answer| {
        answer.json()["items"] == json!([])
    })
    .await;
    let events = person.get("/v1/audit-events").await.expect(200);
    let actions = events["items"].as_array().unwrap().iter();
    let actions = actions
        .map(|event| text(&event["action"]))
        .collect::<Vec<_>>();
    for action in [
        "project.create",
        "endpoint.create",
        "endpoint.reset-password",
        "project.delete",
    ] {
        assert!(
            actions.iter().any(|a| a == action),
            "{action} is missing in {actions:?}"
        );
    }
}
