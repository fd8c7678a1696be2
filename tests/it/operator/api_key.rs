//! What becomes of an `ApiKey`: its status follows its spec, its time and its rivals, and nothing
//! that somebody else keeps is taken away.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Namespace as CoreNamespace;
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use kisenon::crd::{ApiKey, ApiKeyState, ApiKeyStatus};

use super::site::{Operator, SHARED, Site, config, laboratory};
use super::tenant::{HEALED, PATIENCE, Tenant, conditions, is, merge, stalls, until, until_gone};
use crate::cluster::FaultPlan;

const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA\
    $RdescudvJCsgt3ub+b7dWRWJTmaaJObGb8Oe0xZkZRE";

/// A key with a lookup id of its own and `fields` in its spec.
pub(super) fn key(name: &str, fields: &Value) -> Value {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let lookup_id = format!("{:010}", COUNT.fetch_add(1, Ordering::Relaxed));
    let mut spec = json!({"label": "it", "lookupId": lookup_id, "hash": HASH, "user": "usr-1"});
    let fields = fields.as_object().unwrap().clone();
    spec.as_object_mut().unwrap().extend(fields);
    json!({
        "apiVersion": "kisenon.com/v1alpha1",
        "kind": "ApiKey",
        "metadata": {"name": name},
        "spec": spec,
    })
}

fn status(key: &ApiKey) -> ApiKeyStatus {
    key.status.clone().unwrap_or_default()
}

/// In whole seconds, as typed clients of Kubernetes write times.
fn in_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second() + seconds).unwrap()
}

/// The key, once it is in this state for its present spec.
async fn reaches(tenant: &Tenant, name: &str, state: ApiKeyState) -> ApiKey {
    let what = format!("is {state:?}");
    until(&tenant.api::<ApiKey>(), name, &what, HEALED, |key| {
        let status = status(key);
        status.state == Some(state) && status.observed_generation == key.metadata.generation
    })
    .await
}

/// What the API does: it makes the key under its own account and name.
async fn make_as_api(site: &Site, tenant: &Tenant, key: &Value) {
    let api: Api<ApiKey> = Api::namespaced(site.as_api().await, tenant.name());
    let params = PostParams {
        field_manager: Some("kisenon-api".to_owned()),
        ..PostParams::default()
    };
    let key = serde_json::from_value(key.clone()).unwrap();
    api.create(&params, &key).await.unwrap();
}

/// What the API does when a key is used.
async fn use_as_api(site: &Site, tenant: &Tenant, name: &str, at: &str) {
    let api: Api<ApiKey> = Api::namespaced(site.as_api().await, tenant.name());
    let used = json!({
        "apiVersion": "kisenon.com/v1alpha1",
        "kind": "ApiKey",
        "status": {"lastUsedAt": at},
    });
    let params = PatchParams::apply("kisenon-api");
    let patch = Patch::Apply(&used);
    api.patch_status(name, &params, &patch).await.unwrap();
}

#[tokio::test]
async fn a_key_is_active_until_it_is_revoked_and_keeps_when_it_was_used() {
    let tenant = Tenant::new("key").await;
    tenant.apply(&key("ci", &json!({}))).await;
    let active = reaches(&tenant, "ci", ApiKeyState::Active).await;
    assert!(is(conditions(&active), "Ready", "True", "Succeeded"));

    use_as_api(&SHARED, &tenant, "ci", "2030-01-01T00:00:00Z").await;
    let revoked = json!({"spec": {"revoked": true}});
    tenant.merge::<ApiKey>("ci", revoked).await;
    let revoked = reaches(&tenant, "ci", ApiKeyState::Revoked).await;
    assert!(is(conditions(&revoked), "Ready", "True", "Revoked"));
    let used = status(&revoked).last_used_at.unwrap().0;
    assert_eq!(used.to_string(), "2030-01-01T00:00:00Z");
}

#[tokio::test]
async fn a_key_expires_when_its_time_comes_without_any_event() {
    let tenant = Tenant::new("expiry").await;
    let expiry = in_seconds(4);
    let expiring = key("ci", &json!({"expiresAt": expiry.to_string()}));
    tenant.apply(&expiring).await;
    let expired = reaches(&tenant, "ci", ApiKeyState::Expired).await;
    assert!(Timestamp::now() >= expiry);
    assert!(is(conditions(&expired), "Ready", "True", "Expired"));
    // A time that is moved nearer is noticed too.
    tenant.apply(&key("soon", &json!({}))).await;
    reaches(&tenant, "soon", ApiKeyState::Active).await;
    let past = json!({"spec": {"expiresAt": in_seconds(-1).to_string()}});
    tenant.merge::<ApiKey>("soon", past).await;
    reaches(&tenant, "soon", ApiKeyState::Expired).await;
}

/// A key belongs to the tenant of its namespace, and its lookup id to the oldest of all.
#[tokio::test]
async fn a_lookup_id_is_the_oldest_keys_and_the_next_follows_it() {
    let (one, two) = (Tenant::new("rival").await, Tenant::new("rival").await);
    let claim = key("ci", &json!({}));
    one.apply(&claim).await;
    two.apply(&claim).await;
    let age = async |tenant: &Tenant| {
        let key: ApiKey = tenant.api().get("ci").await.unwrap();
        (
            key.metadata.creation_timestamp.clone().unwrap().0,
            key.uid(),
        )
    };
    let (first, second) = match age(&one).await < age(&two).await {
        true => (one, two),
        false => (two, one),
    };
    reaches(&first, "ci", ApiKeyState::Active).await;
    reaches(&second, "ci", ApiKeyState::LookupIdTaken).await;
    let message = stalls::<ApiKey>(&second.api(), "ci", "LookupIdTaken").await;
    assert!(message.contains("make a new key"), "{message}");
    assert!(!message.contains(first.name()), "{message}");
    first.delete::<ApiKey>("ci").await;
    let healed = reaches(&second, "ci", ApiKeyState::Active).await;
    assert!(is(conditions(&healed), "Stalled", "False", "Succeeded"));
}

#[tokio::test]
async fn a_key_outside_a_tenants_namespace_is_told_the_command_and_heals_by_it() {
    let tenant = Tenant::new("unlabelled").await;
    let namespaces: Api<CoreNamespace> = Api::all(tenant.client());
    let label = |value: Value| json!({"metadata": {"labels": {"kisenon.com/tenant": value}}});
    merge(&namespaces, tenant.name(), label(Value::Null)).await;
    tenant.apply(&key("ci", &json!({}))).await;
    let message = stalls::<ApiKey>(&tenant.api(), "ci", "NamespaceNotTenant").await;
    assert!(message.contains("kubectl label namespace"), "{message}");
    let stalled: ApiKey = tenant.api().get("ci").await.unwrap();
    assert_eq!(status(&stalled).state, None);
    merge(&namespaces, tenant.name(), label(json!(tenant.name()))).await;
    reaches(&tenant, "ci", ApiKeyState::Active).await;
}

#[tokio::test]
async fn an_expired_key_goes_after_a_while_unless_git_holds_it() {
    let (site, _alone) = laboratory().await;
    let mut settings = config("198.51.100.0/24", 86_400);
    settings.keep_expired_keys = SignedDuration::from_secs(3);
    let operator = Operator::begin(site, settings, FaultPlan::none()).await;
    let tenant = Tenant::at(site, "kept").await;
    let expired = |name: &str| key(name, &json!({"expiresAt": in_seconds(-1).to_string()}));
    let (shared, endless) = (expired("shared"), key("endless", &json!({})));
    make_as_api(site, &tenant, &shared).await;
    make_as_api(site, &tenant, &endless).await;
    // The Git tool holds the very same object.
    tenant.apply(&shared).await;
    tenant.apply(&expired("from-git")).await;
    make_as_api(site, &tenant, &expired("from-api")).await;
    reaches(&tenant, "from-api", ApiKeyState::Expired).await;
    until_gone::<ApiKey>(&tenant.api(), "from-api").await;
    for (name, state) in [
        ("from-git", ApiKeyState::Expired),
        ("shared", ApiKeyState::Expired),
        ("endless", ApiKeyState::Active),
    ] {
        reaches(&tenant, name, state).await;
    }
    let deletions = operator.writes(&["/apikeys/"]);
    let deletions = deletions.iter().filter(|write| write.starts_with("DELETE"));
    assert_eq!(deletions.count(), 1);
    operator.end().await;
}

#[tokio::test]
async fn a_status_that_is_right_is_not_written_again() {
    let (site, _alone) = laboratory().await;
    let settings = || config("198.51.100.0/24", 86_400);
    let operator = Operator::begin(site, settings(), FaultPlan::none()).await;
    let tenant = Tenant::at(site, "still").await;
    let past = in_seconds(-1).to_string();
    tenant.apply(&key("active", &json!({}))).await;
    tenant
        .apply(&key("over", &json!({"expiresAt": past})))
        .await;
    tenant.apply(&key("ended", &json!({"revoked": true}))).await;
    let rival = key("rival-1", &json!({}));
    tenant.apply(&rival).await;
    let mut other = rival.clone();
    other["metadata"]["name"] = json!("rival-2");
    tenant.apply(&other).await;
    let names = ["active", "over", "ended", "rival-1", "rival-2"];
    for name in names {
        until(
            &tenant.api::<ApiKey>(),
            name,
            "has a state",
            PATIENCE,
            |key| status(key).state.is_some(),
        )
        .await;
    }
    operator.end().await;

    // A new operator finds everything as it should be, and noise does not move it.
    let operator = Operator::begin(site, settings(), FaultPlan::none()).await;
    operator.quiet(0).await;
    for name in names {
        use_as_api(site, &tenant, name, "2030-01-01T00:00:00Z").await;
        let noise = json!({"metadata": {"annotations": {"it": "noise"}}});
        tenant.merge::<ApiKey>(name, noise).await;
    }
    // What comes after the noise on the same watch has been dealt with, so has the noise.
    tenant.apply(&key("last", &json!({}))).await;
    reaches(&tenant, "last", ApiKeyState::Active).await;
    let writes = operator.writes(&["/apikeys/"]);
    assert!(
        writes.iter().all(|write| write.contains("/apikeys/last/")),
        "{writes:?}"
    );
    // A state that somebody else writes is corrected.
    let lie = json!({"status": {"state": "Active"}});
    let api = tenant.api::<ApiKey>();
    api.patch_status("ended", &PatchParams::default(), &Patch::Merge(&lie))
        .await
        .unwrap();
    reaches(&tenant, "ended", ApiKeyState::Revoked).await;
    for name in names {
        let params = DeleteParams::default();
        api.delete(name, &params).await.unwrap();
    }
    operator.end().await;
}
