//! Keeps the index of API keys as the watch shows them.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::auth::key_index::{KeyIndex, Relist};
use crate::cluster::api_key;
use crate::cluster::watches::Observer;
use crate::crd::ApiKey;
use crate::metrics::Metrics;

/// What the watch of ApiKeys tells.
pub struct KeyFollower {
    index: Arc<KeyIndex>,
    metrics: Metrics,
    relist: Relist,
}

impl KeyFollower {
    /// Fills this index.
    #[must_use]
    pub fn new(index: Arc<KeyIndex>, metrics: Metrics) -> Self {
        Self {
            index,
            metrics,
            relist: Relist::default(),
        }
    }

    /// One that cannot be indexed cannot be used, and must not keep what was there before.
    fn take_in(&mut self, key: &ApiKey, is_listed: bool) {
        let Some(record) = api_key::record(key) else {
            return;
        };
        let kept = if is_listed {
            self.index.keep(&mut self.relist, &record)
        } else {
            self.index.upsert(&record)
        };
        if let Err(reason) = kept {
            tracing::warn!(api_key.id = record.id, %reason, "an ApiKey cannot be used");
        }
    }
}

impl Observer<ApiKey> for KeyFollower {
    fn restart(&mut self) {
        self.relist = Relist::default();
    }

    fn listed(&mut self, key: ApiKey) {
        self.take_in(&key, true);
    }

    fn complete(&mut self, _: u64) {
        self.index.finish(&self.relist);
        self.relist = Relist::default();
        self.metrics.set_api_keys(self.index.len());
    }

    fn applied(&mut self, key: ApiKey, _: u64) {
        self.take_in(&key, false);
        self.metrics.set_api_keys(self.index.len());
    }

    fn gone(&mut self, meta: &ObjectMeta, _: u64) {
        if let Some(uid) = &meta.uid {
            self.index.remove(uid);
        }
        self.metrics.set_api_keys(self.index.len());
    }
}
