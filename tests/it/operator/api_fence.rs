//! What the HTTP API's own account can do, and what it cannot, whatever the API's code asks for.

use http::HeaderValue;
use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use serde_json::{Value, json};

use kisenon::crd::Project;

use super::api_key;
use super::fence::{binding, refusal, request, send};
use super::site::{API_ACCOUNT, SHARED, SYSTEM};
use super::tenant::{Tenant, endpoint, merge, project, until};

const TENANT_ID: &str = "0a1b2c3d4e5f6a7b8c9d0e1f";

fn ours(namespace: &str, plural: &str) -> String {
    format!("/apis/kisenon.com/v1alpha1/namespaces/{namespace}/{plural}")
}

fn core(namespace: &str, plural: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/{plural}")
}

/// The namespace of a tenant of the API.
fn namespace(id: &str) -> Value {
    json!({"metadata": {
        "name": format!("kisenon-tenant-{id}"),
        "labels": {
            "kisenon.com/tenant": id,
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/enforce-version": "v1.33",
        },
    }})
}

fn quota(name: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {"hard": {"count/apikeys.kisenon.com": "100"}}})
}

/// The answer to the account, were every right granted to it: the fence alone stands.
async fn send_with_every_right(method: &str, path: &str, body: &Value) -> kube::Result<Value> {
    let mut request = request(method, path, body);
    let user = format!("system:serviceaccount:{SYSTEM}:{API_ACCOUNT}");
    let headers = request.headers_mut();
    headers.insert("impersonate-user", HeaderValue::from_str(&user).unwrap());
    headers.insert(
        "impersonate-group",
        HeaderValue::from_static("system:masters"),
    );
    SHARED.plane.client().await.request(request).await
}

/// Refused to the account as it is, and by the fence even if it had every right.
async fn is_fenced(method: &str, path: &str, body: &Value) {
    let client = SHARED.as_api().await;
    refusal(send(&client, method, path, body).await);
    let words = refusal(send_with_every_right(method, path, body).await);
    assert!(
        words.contains("kisenon-api-fence: "),
        "{method} {path}: {words}"
    );
}

#[tokio::test]
async fn the_api_writes_intent_in_a_tenants_namespace_and_reads_its_connection() {
    let tenant = Tenant::new("intent").await;
    let client = SHARED.as_api().await;
    let shop = project(json!({"network": {"allowedCidrs": ["203.0.113.0/24"]}}));
    for (plural, name, object, change) in [
        (
            "projects",
            "shop",
            shop,
            json!({"spec": {"displayName": "Shop"}}),
        ),
        (
            "endpoints",
            "it",
            endpoint("it", json!({})),
            json!({"spec": {"desiredState": "Suspended"}}),
        ),
        (
            "apikeys",
            "ci",
            api_key::key("ci", &json!({})),
            json!({"spec": {"label": "renamed"}}),
        ),
    ] {
        let all = ours(tenant.name(), plural);
        let one = format!("{all}/{name}");
        send(&client, "POST", &all, &object).await.unwrap();
        send(&client, "PATCH", &one, &change).await.unwrap();
        send(&client, "GET", &one, &json!(null)).await.unwrap();
    }
    let used = json!({"status": {"lastUsedAt": "2030-01-01T00:00:00Z"}});
    let of_key = format!("{}/ci/status", ours(tenant.name(), "apikeys"));
    send(&client, "PATCH", &of_key, &used).await.unwrap();

    // The operator opens the way to the Secrets with the tenant's first Project.
    tenant.workload().await;
    let secrets = tenant.api::<Secret>();
    let secret = serde_json::from_value(json!({"metadata": {"name": "mine"}})).unwrap();
    secrets
        .create(&PostParams::default(), &secret)
        .await
        .unwrap();
    let one = core(tenant.name(), "secrets/mine");
    send(&client, "GET", &one, &json!(null)).await.unwrap();
    refusal(
        send(
            &client,
            "GET",
            &core(tenant.name(), "secrets"),
            &json!(null),
        )
        .await,
    );

    for (plural, name) in [("apikeys", "ci"), ("endpoints", "it"), ("projects", "shop")] {
        let one = format!("{}/{name}", ours(tenant.name(), plural));
        send(&client, "DELETE", &one, &json!({})).await.unwrap();
    }
    let ca = core(SYSTEM, "configmaps/kisenon-ca");
    send(&client, "GET", &ca, &json!(null)).await.unwrap();
}

#[tokio::test]
async fn the_api_makes_a_new_tenants_namespace_and_its_limits_and_no_other() {
    Tenant::new("others").await;
    let client = SHARED.as_api().await;
    let all = "/api/v1/namespaces";
    let made = namespace(TENANT_ID);
    send(&client, "POST", all, &made).await.unwrap();
    let name = made["metadata"]["name"].as_str().unwrap();
    let quotas = core(name, "resourcequotas");
    let limits = quota("kisenon-tenant");
    send(&client, "POST", &quotas, &limits).await.unwrap();
    let more = json!({"spec": {"hard": {"count/apikeys.kisenon.com": "200"}}});
    let one = format!("{quotas}/kisenon-tenant");
    send(&client, "PATCH", &one, &more).await.unwrap();
    is_fenced("POST", &quotas, &quota("another")).await;
    is_fenced("DELETE", &one, &json!({})).await;

    // What exists is never changed.
    let labels = json!({"metadata": {"labels": {"kisenon.com/tenant": TENANT_ID}}});
    let other = SHARED.plane.namespace("existing").await;
    for existing in [name, &other.name, SYSTEM] {
        is_fenced("PATCH", &format!("{all}/{existing}"), &labels).await;
        is_fenced("DELETE", &format!("{all}/{existing}"), &json!({})).await;
    }
    is_fenced("PATCH", &format!("{all}/default"), &labels).await;
    let fresh = namespace("ffffffffffffffffffffffff");
    let with = |path: &str, value: &str| {
        let mut changed = fresh.clone();
        *changed.pointer_mut(path).unwrap() = json!(value);
        changed
    };
    let labelled = |key: &str, value: &str| {
        let mut changed = fresh.clone();
        changed["metadata"]["labels"][key] = json!(value);
        changed
    };
    for other in [
        with("/metadata/name", "acme"),
        with("/metadata/name", "kisenon-tenant-acme"),
        with("/metadata/name", "kisenon-prj-ffffffffffffffffffffffff"),
        labelled("kisenon.com/tenant", TENANT_ID),
        labelled("pod-security.kubernetes.io/enforce", "privileged"),
        labelled("pod-security.kubernetes.io/enforce-version", "v1.24"),
        labelled("app.kubernetes.io/managed-by", "kisenon"),
        labelled("kisenon.com/project-uid", "u"),
    ] {
        is_fenced("POST", all, &other).await;
    }
}

#[tokio::test]
async fn what_is_no_tenants_is_closed_to_the_api() {
    let tenant = Tenant::new("closed").await;
    let (workload, _) = tenant.exposed().await;
    let unlabelled = SHARED.plane.namespace("unlabelled").await;
    let shop = project(json!({"network": {"allowedCidrs": ["203.0.113.0/24"]}}));
    // A label alone does not open the operator's own namespaces.
    let label = json!({"metadata": {"labels": {"kisenon.com/tenant": "x"}}});
    let namespaces = kube::Api::<k8s_openapi::api::core::v1::Namespace>::all(tenant.client());
    merge(&namespaces, &workload.name, label).await;
    for place in [&unlabelled.name, "default", SYSTEM, &workload.name] {
        is_fenced("POST", &ours(place, "projects"), &shop).await;
        let key = api_key::key("ci", &json!({}));
        is_fenced("POST", &ours(place, "apikeys"), &key).await;
        is_fenced(
            "POST",
            &core(place, "resourcequotas"),
            &quota("kisenon-tenant"),
        )
        .await;
        is_fenced(
            "POST",
            &core(place, "configmaps"),
            &json!({"metadata": {"name": "it"}}),
        )
        .await;
        is_fenced(
            "POST",
            &core(place, "secrets"),
            &json!({"metadata": {"name": "it"}}),
        )
        .await;
        let client = SHARED.as_api().await;
        for secret in ["secrets", "secrets/kisenon-ca"] {
            refusal(send(&client, "GET", &core(place, secret), &json!(null)).await);
        }
    }
    let policies = format!(
        "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies/default-deny",
        workload.name
    );
    is_fenced("DELETE", &policies, &json!({})).await;
    let quota = core(&workload.name, "resourcequotas/quota");
    is_fenced("PATCH", &quota, &json!({"spec": {"hard": {"pods": "99"}}})).await;
}

#[tokio::test]
async fn in_a_tenants_namespace_the_api_gives_no_rights_and_touches_no_secret() {
    let tenant = Tenant::new("narrow").await;
    tenant.shop(json!([])).await;
    tenant.workload().await;
    let place = tenant.name();
    let bindings = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{place}/rolebindings");
    for role in ["cluster-admin", "kisenon-tenant", "kisenon-api-tenant"] {
        is_fenced("POST", &bindings, &binding(role, API_ACCOUNT)).await;
    }
    is_fenced("DELETE", &format!("{bindings}/kisenon-api"), &json!({})).await;
    let thing = json!({"metadata": {"name": "it"}});
    is_fenced("POST", &core(place, "secrets"), &thing).await;
    is_fenced("POST", &core(place, "configmaps"), &thing).await;
    is_fenced("POST", &core(place, "serviceaccounts"), &thing).await;
    // A Git tenant's limits are its admin's.
    is_fenced(
        "POST",
        &core(place, "resourcequotas"),
        &quota("kisenon-tenant"),
    )
    .await;
    let pod =
        json!({"metadata": {"name": "it"}, "spec": {"containers": [{"name": "a", "image": "a"}]}});
    is_fenced("POST", &core(place, "pods"), &pod).await;
    let all = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    is_fenced("POST", all, &binding("cluster-admin", API_ACCOUNT)).await;
}

#[tokio::test]
async fn status_and_finalizers_are_the_operators() {
    let tenant = Tenant::new("finalizer").await;
    tenant.shop(json!([])).await;
    tenant.workload().await;
    tenant.apply(&api_key::key("ci", &json!({}))).await;
    let shop = format!("{}/shop", ours(tenant.name(), "projects"));
    until::<Project>(
        &tenant.api(),
        "shop",
        "has its finalizer",
        super::tenant::PATIENCE,
        |p| !p.metadata.finalizers.clone().unwrap_or_default().is_empty(),
    )
    .await;
    let client = SHARED.as_api().await;
    let none = json!({"metadata": {"finalizers": null}});
    let words = refusal(send(&client, "PATCH", &shop, &none).await);
    assert!(words.contains("kisenon.com/teardown"), "{words}");
    let ready = json!({"status": {"id": "prj-0"}});
    is_fenced("PATCH", &format!("{shop}/status"), &ready).await;
    let of_key = format!("{}/ci/status", ours(tenant.name(), "apikeys"));
    for lie in [
        json!({"status": {"state": "Revoked"}}),
        json!({"status": {"observedGeneration": 99}}),
        json!({"status": {"conditions": []}, "lastUsedAt": "2030-01-01T00:00:00Z"}),
    ] {
        // As long as the operator has not written the status, there is nothing to take away.
        until::<kisenon::crd::ApiKey>(
            &tenant.api(),
            "ci",
            "has a status",
            super::tenant::PATIENCE,
            |key| key.status.as_ref().is_some_and(|s| s.state.is_some()),
        )
        .await;
        let words = refusal(send(&client, "PATCH", &of_key, &lie).await);
        assert!(words.contains("only lastUsedAt"), "{words}");
    }
}
