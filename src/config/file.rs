//! The configuration as it is written. Types only; nothing outside `config` may see them.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct File {
    pub(super) image: String,
    pub(super) address_pool: Pool,
    pub(super) cluster_networks: Networks,
    pub(super) endpoint_domain: Option<String>,
    pub(super) postgres: Postgres,
    #[serde(default)]
    pub(super) storage: Storage,
    #[serde(default)]
    pub(super) image_pull_policy: ImagePullPolicy,
    #[serde(default)]
    pub(super) api_keys: ApiKeys,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Pool {
    pub(super) ranges: Vec<String>,
    /// 32 bits, so that a time plus a quarantine stays within what a timestamp holds.
    #[serde(default = "day")]
    pub(super) quarantine_seconds: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Networks {
    #[serde(default)]
    pub(super) pods: Vec<String>,
    #[serde(default)]
    pub(super) services: Vec<String>,
    #[serde(default)]
    pub(super) nodes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Postgres {
    #[serde(default, deserialize_with = "pairs")]
    pub(super) images: Vec<(String, String)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Storage {
    pub(super) default_class_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ApiKeys {
    /// 32 bits, for the same reason as the quarantine.
    pub(super) keep_expired_seconds: u32,
}

impl Default for ApiKeys {
    fn default() -> Self {
        Self {
            keep_expired_seconds: 30 * day(),
        }
    }
}

/// When the kubelet pulls an image (`Container.imagePullPolicy` of the Kubernetes API).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, strum::IntoStaticStr)]
pub enum ImagePullPolicy {
    /// When the node does not hold it.
    #[default]
    IfNotPresent,
    /// Never: the node must hold it.
    Never,
    /// At every start.
    Always,
}

impl ImagePullPolicy {
    /// As the Kubernetes API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A map as its entries in order. YAML takes `17` and `"17"` for different keys; as text they
/// are one, and a map would silently keep only the last.
fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, String)>, D::Error> {
    struct Pairs;

    impl<'de> Visitor<'de> for Pairs {
        type Value = Vec<(String, String)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of versions to images")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }

    deserializer.deserialize_map(Pairs)
}

const fn day() -> u32 {
    86_400
}
