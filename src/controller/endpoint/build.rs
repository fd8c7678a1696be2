//! Every child of an Endpoint, from its checked form. Pure.

mod config_map;
mod connection;
mod credentials;
mod policy;
mod service;
mod settings;
mod stateful_set;
mod volume_claim;

use std::net::Ipv4Addr;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;

pub(super) use settings::{LiveSettings, NOT_LISTENING};
pub(in crate::controller) use stateful_set::{GATE_CPU, GATE_MEMORY};

use super::materials::Materials;
use super::validate::ValidEndpoint;
use crate::config::Config;
use crate::controller::context::Context;
use crate::crd::{Endpoint, label};
use crate::probe::POSTGRES_PORT;

/// Port that servers listen on and clients connect to.
pub(super) const PORT: i32 = POSTGRES_PORT as i32;

/// What stands before the server may start.
pub(super) struct Desired {
    /// Admits exactly whom the allow-list names.
    pub policy: NetworkPolicy,
    /// Certificate, key, role.
    pub credentials: Secret,
    /// Scripts and settings.
    pub config_map: ConfigMap,
    /// The data's volume.
    pub volume_claim: PersistentVolumeClaim,
    /// The server.
    pub stateful_set: StatefulSet,
    /// What a running server is given without a restart.
    pub live: LiveSettings,
}

/// What is made only after isolation was verified.
pub(super) struct Exposure {
    /// The way in.
    pub service: Service,
    /// What a client needs.
    pub connection: Secret,
}

/// Builds what stands before the server may start.
pub(super) fn build(valid: &ValidEndpoint, materials: &Materials, context: &Context) -> Desired {
    let config = &context.config;
    let config_map = config_map::build(valid, config);
    let credentials = credentials::build(valid, materials);
    Desired {
        policy: policy::build(valid, &context.namespace),
        volume_claim: volume_claim::build(valid),
        stateful_set: stateful_set::build(valid, config, &config_map),
        live: settings::live(valid, config, materials),
        credentials,
        config_map,
    }
}

/// Builds what is made only after isolation was verified.
pub(super) fn expose(
    endpoint: &Endpoint,
    valid: &ValidEndpoint,
    materials: &Materials,
    address: Ipv4Addr,
    context: &Context,
) -> Exposure {
    Exposure {
        service: service::build(valid, address),
        connection: connection::build(endpoint, valid, materials, address, context),
    }
}

/// Labels of every child.
fn labels(valid: &ValidEndpoint) -> std::collections::BTreeMap<String, String> {
    label::endpoint(
        &valid.tenant_namespace,
        &valid.project,
        &valid.name,
        &valid.id,
    )
}

/// Metadata of the child of this kind; every child bears the endpoint's id as its name.
fn metadata(valid: &ValidEndpoint) -> kube::api::ObjectMeta {
    crate::controller::object::meta::child(&valid.namespace, &valid.id, &labels(valid))
}

/// Ranges of pods, where pods of the tenant's namespace are admitted.
fn tenant_pod_cidrs<'a>(valid: &ValidEndpoint, config: &'a Config) -> &'a [ipnet::Ipv4Net] {
    if valid.admits_tenant_pods {
        &config.cluster_networks.pods
    } else {
        &[]
    }
}
