//! What the operator's own account cannot do, whatever the operator's code asks for (K5).

use http::Request;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Client;
use kube::api::{Api, ListParams, PostParams};
use serde_json::{Value, json};

use super::site::SHARED;
use super::tenant::Tenant;
use crate::cluster::Namespace;

/// The API server's words of refusal; anything else fails the test.
pub(super) fn refusal<T: std::fmt::Debug>(answer: kube::Result<T>) -> String {
    match answer {
        Err(kube::Error::Api(status)) if status.code == 403 => status.message.clone(),
        answer => panic!("not refused: {answer:?}"),
    }
}

pub(super) async fn send(
    client: &Client,
    method: &str,
    path: &str,
    body: &Value,
) -> kube::Result<Value> {
    client.request(request(method, path, body)).await
}

pub(super) fn request(method: &str, path: &str, body: &Value) -> Request<Vec<u8>> {
    let kind = match method {
        "PATCH" => "application/merge-patch+json",
        _ => "application/json",
    };
    Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", kind)
        .body(body.to_string().into_bytes())
        .unwrap()
}

pub(super) fn binding(role: &str, subject: &str) -> Value {
    json!({
        "metadata": {"name": "it"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": subject, "namespace": "kisenon-system"}],
    })
}

#[tokio::test]
async fn a_namespace_that_is_no_tenants_is_closed_to_the_operator() {
    let tenant = Tenant::new("closed").await;
    let other = SHARED.plane.namespace("other").await;
    let client = SHARED.as_operator().await;
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), &other.name);
    let map = serde_json::from_value(json!({"metadata": {"name": "a"}})).unwrap();
    refusal(maps.create(&PostParams::default(), &map).await);
    for place in [&other.name, "kube-system", tenant.name()] {
        let secrets: Api<Secret> = Api::namespaced(client.clone(), place);
        refusal(secrets.get("a").await);
        refusal(secrets.list(&ListParams::default()).await);
    }
    refusal(
        Api::<Secret>::all(client.clone())
            .list(&ListParams::default())
            .await,
    );
    // RBAC would admit these; the fence does not.
    let bindings = format!(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
        other.name
    );
    let itself = binding("kisenon-tenant", "kisenon-operator");
    let words = refusal(send(&client, "POST", &bindings, &itself).await);
    assert!(words.contains("kisenon-fence"), "{words}");
    let path = format!(
        "/apis/kisenon.com/v1alpha1/namespaces/{}/endpoints",
        other.name
    );
    let endpoint = super::tenant::endpoint("it", json!({}));
    let words = refusal(send(&client, "POST", &path, &endpoint).await);
    assert!(words.contains("kisenon-fence"), "{words}");
}

#[tokio::test]
async fn no_namespace_is_opened_by_its_labels() {
    let tenant = Tenant::new("opened").await;
    let client = SHARED.as_operator().await;
    let all = "/api/v1/namespaces";
    for (label, value) in [
        ("kisenon.com/tenant", tenant.name()),
        (
            "kisenon.com/project-uid",
            "0a1b2c3d-4e5f-4789-9abc-def012345678",
        ),
    ] {
        let labels = json!({"metadata": {"labels": {label: value}}});
        let words = refusal(send(&client, "PATCH", &format!("{all}/default"), &labels).await);
        assert!(words.contains("kisenon-fence"), "{words}");
    }
    let strict = json!({
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "v1.33",
    });
    let lax =
        json!({"kisenon.com/project-uid": "u", "pod-security.kubernetes.io/enforce": "privileged"});
    for (name, labels) in [
        ("it-of-mine", strict.clone()),
        ("kisenon-prj-it-unlabelled", strict),
        ("kisenon-prj-it-privileged", lax),
    ] {
        let namespace = json!({"metadata": {"name": name, "labels": labels}});
        let words = refusal(send(&client, "POST", all, &namespace).await);
        assert!(words.contains("kisenon-fence"), "{words}");
    }
}

#[tokio::test]
async fn the_operator_gives_no_rights_but_its_own_to_nobody_but_itself() {
    let tenant = Tenant::new("rights").await;
    let (workload, _) = tenant.exposed().await;
    let client = SHARED.as_operator().await;
    for place in [&workload.name, tenant.name()] {
        let path = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{place}/rolebindings");
        refusal(
            send(
                &client,
                "POST",
                &path,
                &binding("cluster-admin", "kisenon-operator"),
            )
            .await,
        );
        let role = if place == workload.name {
            "kisenon-workload"
        } else {
            "kisenon-tenant"
        };
        for (role, subject) in [
            (role, "kisenon-canary"),
            (role, "kisenon-api"),
            ("kisenon-api-tenant", "kisenon-operator"),
        ] {
            let words = refusal(send(&client, "POST", &path, &binding(role, subject)).await);
            assert!(words.contains("kisenon-fence"), "{words}");
        }
        let widened = json!({"subjects": [{"kind": "User", "name": "mallory"}]});
        let existing = format!("{path}/kisenon-operator");
        let words = refusal(send(&client, "PATCH", &existing, &widened).await);
        assert!(words.contains("kisenon-fence"), "{words}");
    }
    // The API reads Secrets of tenants alone.
    let path = format!(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
        workload.name
    );
    let api = binding("kisenon-api-tenant", "kisenon-api");
    let words = refusal(send(&client, "POST", &path, &api).await);
    assert!(words.contains("kisenon-fence"), "{words}");
    let path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    refusal(
        send(
            &client,
            "POST",
            path,
            &binding("cluster-admin", "kisenon-operator"),
        )
        .await,
    );
}

/// N13, N14, and what a tenant keeps in a namespace of its own.
#[tokio::test]
async fn neither_a_tenants_secret_nor_foreign_traffic_can_be_taken() {
    let tenant = Tenant::new("traffic").await;
    let (workload, _) = tenant.exposed().await;
    let client = SHARED.as_operator().await;
    let own = json!({"metadata": {"name": "own"}});
    let secrets = tenant.api::<Secret>();
    let secret = serde_json::from_value(own).unwrap();
    secrets
        .create(&PostParams::default(), &secret)
        .await
        .unwrap();
    let path = format!("/api/v1/namespaces/{}/secrets/own", tenant.name());
    let label = json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "kisenon"}}});
    for (method, body) in [("PATCH", label), ("DELETE", json!({}))] {
        let words = refusal(send(&client, method, &path, &body).await);
        assert!(words.contains("kisenon-fence"), "{words}");
    }
    let Namespace { name, .. } = &workload;
    let services = format!("/api/v1/namespaces/{name}/services");
    let spec = json!({"ports": [{"port": 80}], "externalIPs": ["203.0.113.9"]});
    let service = json!({"metadata": {"name": "it"}, "spec": spec});
    refusal(send(&client, "POST", &services, &service).await);
    let shared = json!({"metallb.io/allow-shared-ip": "a"});
    let service = json!({
        "metadata": {"name": "it", "annotations": shared}, "spec": {"ports": [{"port": 80}]},
    });
    let words = refusal(send(&client, "POST", &services, &service).await);
    assert!(words.contains("kisenon-fence"), "{words}");
    // N15
    let slices = format!("/apis/discovery.k8s.io/v1/namespaces/{name}/endpointslices");
    let slice = json!({"metadata": {"name": "it"}, "addressType": "IPv4", "endpoints": []});
    refusal(send(&client, "POST", &slices, &slice).await);
    let pods = format!("/api/v1/namespaces/{name}/pods");
    let pod =
        json!({"metadata": {"name": "it"}, "spec": {"containers": [{"name": "a", "image": "a"}]}});
    refusal(send(&client, "POST", &pods, &pod).await);
}

#[tokio::test]
async fn the_operator_deletes_no_key_that_does_not_expire_and_writes_none() {
    let tenant = Tenant::new("kept-keys").await;
    tenant.apply(&super::api_key::key("ci", &json!({}))).await;
    let client = SHARED.as_operator().await;
    let path = format!(
        "/apis/kisenon.com/v1alpha1/namespaces/{}/apikeys/ci",
        tenant.name()
    );
    let words = refusal(send(&client, "DELETE", &path, &json!({})).await);
    assert!(words.contains("kisenon-fence"), "{words}");
    let revoked = json!({"spec": {"revoked": true}});
    refusal(send(&client, "PATCH", &path, &revoked).await);
}
