//! The namespace of a tenant of the API, and its quota: made before its first write.
//!
//! The quota is the one limit for every way in, so nothing is written before it counts. A
//! namespace that is there and is another's is never taken over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, ResourceQuota, ResourceQuotaSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt as _};
use serde_json::json;
use tokio::time::Instant;

use super::intent::{COUNTED, ClusterError, FIELD_MANAGER, Surplus};
use crate::config::api::TenantQuota;
use crate::crd::label;

/// The quota of a namespace that the API makes.
pub const QUOTA: &str = "kisenon-tenant";

/// How long a new quota may take to count, and how often it is looked at.
const COUNTING_LIMIT: Duration = Duration::from_secs(10);
const COUNTING_TICK: Duration = Duration::from_millis(100);

/// The tenant that a namespace says it belongs to, from Kubernetes itself.
///
/// # Errors
/// When Kubernetes cannot be reached or refuses.
pub async fn label_of(client: &Client, namespace: &str) -> Result<Option<Arc<str>>, ClusterError> {
    let namespaces = Api::<Namespace>::all(client.clone());
    let found = namespaces.get_metadata_opt(namespace).await?;
    Ok(found.and_then(|ns| ns.labels().get(label::TENANT).map(|id| id.as_str().into())))
}

/// Makes the namespace of a tenant of the API and its quota, where they are missing, and waits
/// until the quota counts. One question where all is there.
///
/// # Errors
/// When Kubernetes cannot be reached or refuses, or the namespace is another's.
pub async fn ensure(
    client: &Client,
    tenant_id: &str,
    namespace: &str,
    quota: TenantQuota,
) -> Result<(), ClusterError> {
    let quotas = quotas(client, namespace);
    if quotas
        .get_opt(QUOTA)
        .await?
        .is_some_and(|q| is_counting(&q))
    {
        return Ok(());
    }
    ensure_namespace(client, tenant_id, namespace).await?;
    ensure_quota(&quotas, &hard(quota)).await?;
    until_counting(&quotas).await
}

/// Whether there is room for so many more projects, endpoints and API keys, as far as the quota of
/// the API tells. A namespace without it has bounds of its own, or none.
///
/// # Errors
/// When there is no room, or Kubernetes cannot be reached or refuses.
pub async fn check_room(
    client: &Client,
    namespace: &str,
    more: [u32; 3],
) -> Result<(), ClusterError> {
    let Some(quota) = quotas(client, namespace).get_opt(QUOTA).await? else {
        return Ok(());
    };
    let status = quota.status.unwrap_or_default();
    let number = |amounts: &Option<BTreeMap<String, Quantity>>, counted: &str| {
        let amount = amounts.as_ref()?.get(counted)?;
        amount.0.parse::<u32>().ok()
    };
    for ((counted, what), more) in COUNTED.iter().zip(more) {
        let bounds = number(&status.used, counted).zip(number(&status.hard, counted));
        if let Some((used, limit)) = bounds
            && more > 0
            && used.saturating_add(more) > limit
        {
            return Err(ClusterError::QuotaExceeded(Surplus { what, used, limit }));
        }
    }
    Ok(())
}

async fn ensure_namespace(
    client: &Client,
    tenant_id: &str,
    name: &str,
) -> Result<(), ClusterError> {
    let api = Api::<Namespace>::all(client.clone());
    let wanted = namespace(tenant_id, name);
    let existing = match api.create(&post_params(), &wanted).await {
        Ok(_) => return Ok(()),
        Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => api.get(name).await?,
        Err(error) => return Err(error.into()),
    };
    if existing.labels().get(label::TENANT).map(String::as_str) == Some(tenant_id) {
        return Ok(());
    }
    Err(ClusterError::Forbidden(
        "the namespace of this tenant is in use for something else: ask the platform admin"
            .to_owned(),
    ))
}

async fn ensure_quota(
    api: &Api<ResourceQuota>,
    hard: &BTreeMap<String, Quantity>,
) -> Result<(), ClusterError> {
    let quota = ResourceQuota {
        metadata: ObjectMeta {
            name: Some(QUOTA.to_owned()),
            ..ObjectMeta::default()
        },
        spec: Some(ResourceQuotaSpec {
            hard: Some(hard.clone()),
            ..ResourceQuotaSpec::default()
        }),
        ..ResourceQuota::default()
    };
    match api.create(&post_params(), &quota).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => {
            complete_quota(api, hard.clone()).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Adds the bounds that are missing. The others stay: an admin may have given one tenant more.
async fn complete_quota(
    api: &Api<ResourceQuota>,
    mut missing: BTreeMap<String, Quantity>,
) -> Result<(), ClusterError> {
    let existing = api.get(QUOTA).await?.spec.and_then(|spec| spec.hard);
    let existing = existing.unwrap_or_default();
    missing.retain(|counted, _| !existing.contains_key(counted));
    if missing.is_empty() {
        return Ok(());
    }
    let params = PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    };
    let patch = Patch::Merge(json!({ "spec": { "hard": missing } }));
    api.patch(QUOTA, &params, &patch).await?;
    Ok(())
}

/// A quota that does not count yet would let anything through.
async fn until_counting(api: &Api<ResourceQuota>) -> Result<(), ClusterError> {
    let deadline = Instant::now() + COUNTING_LIMIT;
    let mut ticks = tokio::time::interval(COUNTING_TICK);
    loop {
        ticks.tick().await;
        if is_counting(&api.get(QUOTA).await?) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(ClusterError::NotCounting);
        }
    }
}

fn is_counting(quota: &ResourceQuota) -> bool {
    let wanted = quota.spec.as_ref().and_then(|spec| spec.hard.as_ref());
    let status = quota.status.as_ref();
    let in_force = status.and_then(|status| status.hard.as_ref());
    let used = status.and_then(|status| status.used.as_ref());
    in_force == wanted
        && COUNTED
            .iter()
            .all(|(counted, _)| used.is_some_and(|used| used.contains_key(*counted)))
}

fn hard(quota: TenantQuota) -> BTreeMap<String, Quantity> {
    let limits = [quota.projects, quota.endpoints, quota.api_keys];
    let counted = COUNTED.iter().zip(limits);
    counted
        .map(|((counted, _), limit)| ((*counted).to_owned(), Quantity(limit.to_string())))
        .collect()
}

fn quotas(client: &Client, namespace: &str) -> Api<ResourceQuota> {
    Api::namespaced(client.clone(), namespace)
}

fn namespace(tenant_id: &str, name: &str) -> Namespace {
    // No pod runs there, and nothing that would need more may begin to.
    let mut labels = label::restricted();
    labels.insert(label::TENANT.to_owned(), tenant_id.to_owned());
    Namespace {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    }
}

fn post_params() -> PostParams {
    PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    }
}
