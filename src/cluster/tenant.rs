//! The namespace of a tenant of the API, and its quota: made before its first write.
//!
//! The quota is the one limit for every way in, so nothing is written before it counts. A
//! namespace that is there and is another's is never taken over.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, ResourceQuota, ResourceQuotaSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt as _};
use serde_json::json;
use tokio::time::Instant;

use super::intent::{COUNTED, ClusterError, FIELD_MANAGER, Surplus};
use crate::config::api::TenantQuota;
use crate::domain::tenant;

/// Marks a tenant's namespace; its value is the tenant's id.
pub const TENANT_LABEL: &str = "kisenon.com/tenant";
/// The quota of such a namespace.
pub const QUOTA: &str = "kisenon-tenant";

/// Version of the Pod Security Standards that such namespaces are held to (K1). No pod runs there.
const POD_SECURITY_VERSION: &str = "v1.33";
/// How long a new quota may take to count, and how often it is looked at.
const COUNTING_LIMIT: Duration = Duration::from_secs(10);
const COUNTING_TICK: Duration = Duration::from_millis(100);

fn hard(quota: TenantQuota) -> BTreeMap<String, Quantity> {
    let limits = [quota.projects, quota.endpoints, quota.api_keys];
    let counted = COUNTED.iter().zip(limits);
    counted
        .map(|((counted, _), limit)| ((*counted).to_owned(), Quantity(limit.to_string())))
        .collect()
}

/// Makes namespaces of tenants.
#[derive(Clone)]
pub struct Tenants {
    client: Client,
    quota: TenantQuota,
    /// Those that this process has found whole.
    whole: Arc<Mutex<HashSet<String>>>,
}

impl Tenants {
    /// With the API's own account.
    #[must_use]
    pub fn new(client: Client, quota: TenantQuota) -> Self {
        Self {
            client,
            quota,
            whole: Arc::default(),
        }
    }

    /// Makes the namespace and its quota, where they are missing, and waits until the quota
    /// counts. Costs nothing once it was found whole.
    ///
    /// # Errors
    /// When Kubernetes cannot be reached or refuses, or the namespace is another's.
    pub async fn ensure(&self, tenant_id: &str) -> Result<(), ClusterError> {
        if self.is_whole(tenant_id) {
            return Ok(());
        }
        let namespace = tenant::namespace(tenant_id);
        self.ensure_namespace(tenant_id, &namespace).await?;
        self.ensure_quota(&namespace).await?;
        self.until_counting(&namespace).await?;
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        whole.insert(tenant_id.to_owned());
        Ok(())
    }

    /// The namespace was found missing: the next write looks again.
    pub fn forget(&self, tenant_id: &str) {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        whole.remove(tenant_id);
    }

    /// Whether there is room for so many more of each counted kind (projects, endpoints, API
    /// keys), as far as the quota of the API tells. A namespace without that quota has its own.
    ///
    /// # Errors
    /// When there is no room, or Kubernetes cannot be reached or refuses.
    pub async fn check_room(&self, namespace: &str, more: [u32; 3]) -> Result<(), ClusterError> {
        let Some(quota) = self.quotas(namespace).get_opt(QUOTA).await? else {
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

    fn is_whole(&self, tenant_id: &str) -> bool {
        let whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        whole.contains(tenant_id)
    }

    async fn ensure_namespace(&self, tenant_id: &str, name: &str) -> Result<(), ClusterError> {
        let api = Api::<Namespace>::all(self.client.clone());
        let existing = match api.create(&post_params(), &namespace(tenant_id, name)).await {
            Ok(_) => return Ok(()),
            Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => {
                api.get(name).await?
            }
            Err(error) => return Err(error.into()),
        };
        if existing.labels().get(TENANT_LABEL).map(String::as_str) == Some(tenant_id) {
            Ok(())
        } else {
            Err(ClusterError::Forbidden(
                "the namespace of this tenant is in use for something else: ask the platform admin"
                    .to_owned(),
            ))
        }
    }

    async fn ensure_quota(&self, namespace: &str) -> Result<(), ClusterError> {
        let api = self.quotas(namespace);
        let quota = ResourceQuota {
            metadata: ObjectMeta {
                name: Some(QUOTA.to_owned()),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            spec: Some(ResourceQuotaSpec {
                hard: Some(hard(self.quota)),
                ..ResourceQuotaSpec::default()
            }),
            ..ResourceQuota::default()
        };
        match api.create(&post_params(), &quota).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => {
                self.complete_quota(&api).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Adds the bounds that are missing. The others stay: an admin may have given one tenant more.
    async fn complete_quota(&self, api: &Api<ResourceQuota>) -> Result<(), ClusterError> {
        let existing = api.get(QUOTA).await?.spec.and_then(|spec| spec.hard);
        let existing = existing.unwrap_or_default();
        let mut missing = hard(self.quota);
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
    async fn until_counting(&self, namespace: &str) -> Result<(), ClusterError> {
        let api = self.quotas(namespace);
        let deadline = Instant::now() + COUNTING_LIMIT;
        let mut ticks = tokio::time::interval(COUNTING_TICK);
        loop {
            ticks.tick().await;
            let quota = api.get(QUOTA).await?;
            let wanted = quota.spec.and_then(|spec| spec.hard);
            let status = quota.status.unwrap_or_default();
            let used = status.used.unwrap_or_default();
            if status.hard == wanted && COUNTED.iter().all(|(counted, _)| used.contains_key(*counted)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(ClusterError::NotCounting);
            }
        }
    }

    fn quotas(&self, namespace: &str) -> Api<ResourceQuota> {
        Api::namespaced(self.client.clone(), namespace)
    }
}

fn namespace(tenant_id: &str, name: &str) -> Namespace {
    let mut labels = BTreeMap::from([(TENANT_LABEL.to_owned(), tenant_id.to_owned())]);
    for mode in ["enforce", "audit", "warn"] {
        let key = format!("pod-security.kubernetes.io/{mode}");
        labels.insert(key.clone(), "restricted".to_owned());
        labels.insert(format!("{key}-version"), POD_SECURITY_VERSION.to_owned());
    }
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
