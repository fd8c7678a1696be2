//! What every reconcile is handed: client, configuration, what the watches have shown, clock.

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Namespace, Node, PersistentVolumeClaim, Pod, Secret, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Client;
use kube::api::Api;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::{ObjectRef, Store};

use super::api_key::Keys;
use super::endpoint::probes::Probes;
use super::error::Error;
use super::object::event::Events;
use super::object::status::Statuses;
use super::perimeter::Perimeters;
use super::watch::namespace::NamespaceWatches;
use super::watch::trigger::Triggers;
use crate::auth::certificate::Authority;
use crate::cluster::address::{Addresses, is_held};
use crate::cluster::apply::Children;
use crate::config::Config;
use crate::crd::{Endpoint, EndpointStatus, Phase, Project, ProjectStatus};
use crate::metrics::{AddressCounts, Metrics};

/// What the watches have shown.
pub struct Stores {
    /// All Projects.
    pub projects: Store<Project>,
    /// All Endpoints.
    pub endpoints: Store<Endpoint>,
    /// All namespaces, without spec and status.
    pub namespaces: Store<PartialObjectMeta<Namespace>>,
    /// All nodes.
    pub nodes: Store<Node>,
    /// Pods of endpoints.
    pub pods: Store<Pod>,
    /// All Services of type LoadBalancer.
    pub services: Store<Service>,
    /// Volume claims of endpoints.
    pub volume_claims: Store<PersistentVolumeClaim>,
    /// Address Leases.
    pub leases: Store<Lease>,
    /// All policies: one by somebody else opens what ours close.
    pub policies: Store<NetworkPolicy>,
}

/// What every reconcile is handed.
pub struct Context {
    /// Kubernetes.
    pub client: Client,
    /// Namespace of the operator.
    pub namespace: String,
    /// The operator's configuration.
    pub config: Config,
    /// What the watches have shown.
    pub stores: Stores,
    /// All keys, a row each.
    pub keys: Arc<Keys>,
    /// Secrets and ConfigMaps, watched in each namespace that grants them.
    pub watches: NamespaceWatches,
    /// Reconciles to ask for.
    pub triggers: Triggers,
    /// Namespaces of new Projects, as closed.
    pub perimeters: Perimeters,
    /// Children as applied and as seen.
    pub children: Arc<Children>,
    /// Claims on addresses.
    pub addresses: Addresses,
    /// The operator's own ingress probes.
    pub probes: Probes,
    /// Issuer of endpoint certificates.
    pub authority: Authority,
    /// Service address of the canary.
    pub canary: Store<Service>,
    /// Statuses of Projects as written.
    pub project_statuses: Statuses<ProjectStatus>,
    /// Statuses of Endpoints as written.
    pub endpoint_statuses: Statuses<EndpointStatus>,
    /// Kubernetes events to be published.
    pub events: Events,
    /// Prometheus metrics.
    pub metrics: Metrics,
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl Context {
    /// Labels and state of a namespace, if it exists.
    #[must_use]
    pub fn namespace(&self, name: &str) -> Option<Arc<PartialObjectMeta<Namespace>>> {
        self.stores.namespaces.get(&ObjectRef::new(name))
    }

    /// A namespace as it is now: on the way down, one that a lagging watch does not show yet must
    /// not be taken for gone.
    ///
    /// # Errors
    /// When Kubernetes cannot be reached.
    pub async fn look_up_namespace(
        &self,
        name: &str,
    ) -> Result<Option<PartialObjectMeta<Namespace>>, Error> {
        Api::<Namespace>::all(self.client.clone())
            .get_metadata_opt(name)
            .await
            .map_err(|error| Error::Observe("the workload namespace", error))
    }

    /// Sets the gauges of what there is.
    pub fn count(&self) {
        let mut phases = Phase::ALL.map(|phase| (phase, 0_usize));
        for endpoint in self.stores.endpoints.state() {
            let phase = endpoint.status.as_ref().and_then(|status| status.phase);
            let phase = phase.unwrap_or(Phase::Pending);
            if let Some((_, count)) = phases.iter_mut().find(|(of, _)| *of == phase) {
                *count += 1;
            }
        }
        for (phase, count) in phases {
            self.metrics.set_endpoints(phase.as_str(), count);
        }
        let leases = self.stores.leases.state();
        let held = leases.iter().filter(|lease| is_held(lease)).count();
        self.metrics.set_addresses(AddressCounts {
            total: self.config.address_pool.len(),
            held,
            quarantined: leases.len() - held,
        });
    }

    /// A Secret of a workload namespace, as its watch has shown it.
    #[must_use]
    pub fn secret(&self, namespace: &str, name: &str) -> Option<Arc<Secret>> {
        self.watches.secret(namespace, name)
    }
}
