//! A password that comes from the owner's Secret: awaited, checked, and followed when it changes.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use serde_json::{Value, json};

use kisenon::auth::password;
use kisenon::crd::Endpoint;

use super::tenant::{HEALED, Tenant, merge, stalls, until};

fn text(secret: &Secret, key: &str) -> String {
    let data = secret.data.clone().unwrap_or_default();
    let bytes = data
        .get(key)
        .cloned()
        .unwrap_or_else(|| ByteString(Vec::new()));
    String::from_utf8(bytes.0).unwrap()
}

fn is_for(secret: &Secret, secret_text: &str) -> bool {
    let verifier = text(secret, "verifier");
    password::verify(&secret_text.to_owned().into(), &verifier).unwrap_or(false)
}

fn data(password: &str) -> Value {
    json!({"metadata": {"name": "mine"}, "stringData": {"password": password}})
}

#[tokio::test]
async fn the_password_of_the_owners_secret_is_awaited_checked_and_followed() {
    let tenant = Tenant::new("password").await;
    let role = json!({"role": {"passwordSecretRef": {"name": "mine"}}});
    let mut template = role;
    template["name"] = json!("main");
    tenant.shop(json!([template])).await;
    let message = stalls::<Endpoint>(&tenant.api(), "shop-main", "PasswordSecretInvalid").await;
    assert!(message.contains("/mine does not exist"), "{message}");

    let secrets = tenant.api::<Secret>();
    let short = serde_json::from_value(data("short")).unwrap();
    secrets
        .create(&PostParams::default(), &short)
        .await
        .unwrap();
    until::<Endpoint>(&tenant.api(), "shop-main", "finds it short", HEALED, |e| {
        serde_json::to_string(e).unwrap().contains("8 to 256 bytes")
    })
    .await;

    merge(&secrets, "mine", data("correct horse battery")).await;
    let workload = tenant.workload().await;
    let id = tenant.id("shop-main").await;
    let credentials = workload.api::<Secret>();
    until(
        &credentials,
        &id,
        "is for the first password",
        HEALED,
        |s| is_for(s, "correct horse battery"),
    )
    .await;

    merge(&secrets, "mine", data("another one entirely")).await;
    until(
        &credentials,
        &id,
        "is for the second password",
        HEALED,
        |s| is_for(s, "another one entirely"),
    )
    .await;
}

/// C8 in spirit: what is secret stays out of what is not.
#[tokio::test]
async fn a_password_that_only_its_owner_knows_is_stored_nowhere() {
    let tenant = Tenant::new("verifier").await;
    let verifier = password::verifier(&"only mine to know".to_owned().into()).unwrap();
    let role = json!({"passwordVerifier": verifier});
    tenant.shop(json!([{"name": "main", "role": role}])).await;
    let workload = tenant.workload().await;
    let id = tenant.id("shop-main").await;
    let credentials = until(
        &workload.api::<Secret>(),
        &id,
        "exists",
        super::tenant::PATIENCE,
        |s: &Secret| text(s, "verifier") == verifier,
    )
    .await;
    assert!(!credentials.data.unwrap().contains_key("password"));
}

#[tokio::test]
async fn a_password_that_is_given_up_for_a_verifier_is_stored_no_longer() {
    let tenant = Tenant::new("given-up").await;
    let (workload, endpoint) = tenant.exposed().await;
    let id = super::tenant::status(&endpoint).id.unwrap();
    let verifier = password::verifier(&"only mine to know".to_owned().into()).unwrap();
    let role = json!({"passwordVerifier": verifier});
    tenant.shop(json!([{"name": "main", "role": role}])).await;
    let has_none = |s: &Secret| text(s, "password").is_empty();
    let connection = tenant.api::<Secret>();
    let what = "holds no password";
    until(&connection, "shop-main-connection", what, HEALED, has_none).await;
    until(&workload.api::<Secret>(), &id, what, HEALED, has_none).await;
}
