//! Scripts and settings that are no secret. Pure.

use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;

use super::super::validate::ValidEndpoint;
use super::{metadata, settings, tenant_pod_cidrs};
use crate::config::Config;

/// Key of the canary's address, read when a container starts: a change restarts nothing.
pub(super) const CANARY_ADDRESS: &str = "canary-address";
/// Key of those whom the gate must expect to connect already.
pub(super) const ADMITTED: &str = "admitted.json";
/// Key of the entrypoint.
pub(super) const ENTRYPOINT: &str = "entrypoint.sh";
/// Key of `postgresql.conf`.
pub(super) const POSTGRESQL_CONF: &str = "postgresql.conf";

pub(super) fn build(valid: &ValidEndpoint, config: &Config) -> ConfigMap {
    let data = [
        (ENTRYPOINT, include_str!("entrypoint.sh").to_owned()),
        (POSTGRESQL_CONF, settings::postgresql_conf(valid)),
        ("pg_hba.conf", settings::pg_hba_conf(valid, config)),
        ("database.sql", settings::database_sql(valid)),
        (CANARY_ADDRESS, valid.canary.to_string()),
        (ADMITTED, admitted(valid, config)),
    ];
    ConfigMap {
        metadata: metadata(valid),
        data: Some(data.map(|(key, value)| (key.to_owned(), value)).into()),
        ..ConfigMap::default()
    }
}

/// A server that wakes has its Service already: its clients may knock while the gate still
/// watches, and are no breach.
fn admitted(valid: &ValidEndpoint, config: &Config) -> String {
    let pods = tenant_pod_cidrs(valid, config);
    let from = valid
        .blocks
        .iter()
        .map(|block| block.cidr.to_string())
        .chain(pods.iter().map(ToString::to_string))
        .collect::<Vec<_>>();
    let except = valid
        .blocks
        .iter()
        .flat_map(|block| &block.except)
        .filter(|net| !pods.contains(net))
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    json!({ "from": from, "except": except }).to_string()
}
