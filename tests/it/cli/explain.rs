//! Who can reach an endpoint, told from the objects in force.

use k8s_openapi::api::core::v1::{Namespace as CoreNamespace, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::machine::Machine;
use super::shop::Shop;
use crate::api::app::{App, Person};
use crate::cluster::Namespace;
use crate::operator::{kubelet, site};
use crate::resource::app::until;

/// What differs between two runs, made the same.
fn filtered(text: &str, names: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (name, stands_for) in names {
        text = text.replace(name, stands_for);
    }
    let lines = text.lines().map(|line| match line.split_once(" ago, at ") {
        Some((_, rest)) => format!(
            "Verified [age] ago, at [time]: {}",
            rest.split_once(": ").unwrap().1
        ),
        // Addresses and ids have several lengths, and so have columns.
        None => line
            .split("   ")
            .filter(|part| !part.is_empty())
            .map(str::trim)
            .collect::<Vec<_>>()
            .join("   "),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// An endpoint whose gate has passed and whose address leads to it; its id and address.
async fn opened(person: &Person<'_>) -> (String, String) {
    let network = json!({"allowedCidrs": ["203.0.113.0/24"]});
    let project = json!({"name": "shop", "network": network});
    let project = person.post("/v1/projects", project).await.expect(201);
    let body = json!({"project": "shop", "name": "shop-main"});
    let endpoint = person.post("/v1/endpoints", body).await.expect(201);
    let id = endpoint["id"].as_str().unwrap().to_owned();
    let workload = Namespace {
        name: format!("kisenon-{}", project["id"].as_str().unwrap()),
        client: site::SHARED.plane.client().await,
    };
    kubelet::pass(&workload, &id).await;
    let path = format!("/v1/endpoints/{id}");
    let address = until("it has its address", async || {
        let view = person.get(&path).await.expect(200);
        view["address"].as_str().map(str::to_owned)
    })
    .await;
    let services = workload.api::<Service>();
    until("there is a Service", async || services.get(&id).await.ok()).await;
    // MetalLB's part.
    let status = json!({"status": {"loadBalancer": {"ingress": [{ "ip": address }]}}});
    let params = PatchParams::default();
    services
        .patch_status(&id, &params, &Patch::Merge(status))
        .await
        .unwrap();
    (id, address)
}

#[tokio::test]
async fn who_reaches_an_endpoint_is_told_with_rule_cause_and_evidence() {
    let person = App::shared().await.person("explain").await;
    let machine = Machine::of(&person).await;
    let (id, address) = opened(&person).await;
    let told = machine.keon(&["explain", "endpoint", "shop-main"]).ok();
    let names = [(&*id, "[id]"), (&*address, "[address]")];
    insta::assert_snapshot!(filtered(&told, &names));
    let wire = person.get(&format!("/v1/endpoints/{id}/access")).await;
    let json = machine.keon(&["explain", "endpoint", "shop-main", "-o", "json"]);
    assert_eq!(json.json(), wire.expect(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_though_nobody_asked_for_it_comes_first() {
    let shop = Shop::new("rogue").await;
    let told = shop
        .machine
        .keon(&["explain", "endpoint", "shop-main"])
        .ok();
    assert!(
        told.starts_with("shop-main has no address: nobody"),
        "{told}"
    );
    assert!(
        told.contains("Closed: to everybody, pods of the cluster too."),
        "{told}"
    );
    assert!(told.contains("Not verified"), "{told}");

    let name = format!("kisenon-{}", shop.project);
    let namespace: CoreNamespace = object(json!({"metadata": {"name": name}}));
    let namespaces = Api::<CoreNamespace>::all(shop.home.client.clone());
    let params = PostParams::default();
    namespaces.create(&params, &namespace).await.unwrap();
    let workload = Namespace {
        name,
        client: shop.home.client.clone(),
    };
    let policy: NetworkPolicy = object(json!({
        "metadata": {"name": "rogue"},
        "spec": {
            "podSelector": {}, "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}],
        },
    }));
    workload.api().create(&params, &policy).await.unwrap();
    let told = shop
        .machine
        .keon(&["explain", "endpoint", "shop-main"])
        .ok();
    let first = told.lines().next().unwrap();
    let wanted = "Wrongly open: policy rogue ingress[0] lets 0.0.0.0/0 in";
    assert!(first.starts_with(wanted), "{told}");
    let row = told
        .lines()
        .find(|line| line.starts_with("0.0.0.0/0"))
        .unwrap();
    assert!(row.contains("policy rogue ingress[0]"), "{told}");
    assert!(told.contains("\nClosed: to nobody.\n"), "{told}");
}

fn object<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}
