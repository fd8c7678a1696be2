//! Claims on load-balancer addresses: one `coordination.k8s.io` Lease for each address.
//!
//! Creating the Lease is the lock: the API server lets one writer make it and answers 409 to the
//! rest. A freed address keeps its Lease, without a holder, until its quarantine is over (N13).

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::Service;
use kube::api::{Api, ObjectMeta, PostParams};
use kube::{Client, ResourceExt};
use thiserror::Error;
use tokio::sync::Mutex;

use super::apply::FIELD_MANAGER;
use crate::domain::network::address_pool::{AddressPool, Choice, Claim, Occupancy};

/// Label of every address Lease; its value is the address.
pub const ADDRESS_LABEL: &str = "kisenon.com/address";
const RELEASED_AT: &str = "kisenon.com/released-at";
const OWNER: &str = "kisenon.com/endpoint";

/// No address could be claimed or released.
#[derive(Debug, Error)]
pub enum AddressError {
    /// Nothing is free.
    #[error("{0}")]
    Exhausted(Occupancy),
    /// Kubernetes refused or failed.
    #[error("failed to write an address Lease")]
    Write(#[source] kube::Error),
}

/// Claims and releases addresses.
pub struct Addresses {
    api: Api<Lease>,
    pool: AddressPool,
    quarantine: SignedDuration,
    /// Leases written by this process, by name: the watch may lag behind them.
    written: Mutex<HashMap<String, Lease>>,
}

impl Addresses {
    /// Over the pool of the configuration; Leases live in `namespace`.
    #[must_use]
    pub fn new(
        client: Client,
        namespace: &str,
        pool: AddressPool,
        quarantine: SignedDuration,
    ) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            pool,
            quarantine,
            written: Mutex::default(),
        }
    }

    /// The address that the holder has among these Leases, if any.
    #[must_use]
    pub fn held(leases: &[Arc<Lease>], holder: &str) -> Option<Ipv4Addr> {
        leases
            .iter()
            .find(|lease| holder_of(lease) == Some(holder))
            .and_then(|lease| address_of(lease))
    }

    /// The holder's address: the one it has, else a new one.
    ///
    /// `leases` may lag: an address that somebody else took in between is refused by the API
    /// server, and the next one is tried.
    ///
    /// # Errors
    /// When the pool is exhausted, or Kubernetes refuses or cannot be reached.
    pub async fn claim(
        &self,
        leases: &[Arc<Lease>],
        holder: &str,
        owner: &str,
        now: Timestamp,
    ) -> Result<Ipv4Addr, AddressError> {
        if let Some(address) = Self::held(leases, holder) {
            return Ok(address);
        }
        let mut written = self.written.lock().await;
        let mut known = leases
            .iter()
            .map(|lease| (lease.name_any(), Lease::clone(lease)))
            .collect::<HashMap<_, _>>();
        // What the watch is past and does not show any more has been deleted.
        let shown = leases.iter().map(|lease| version(lease)).max();
        written.retain(|name, lease| known.contains_key(name) || Some(version(lease)) > shown);
        for (name, lease) in written.iter() {
            let newer = known
                .get(name)
                .is_none_or(|seen| version(lease) > version(seen));
            if newer {
                known.insert(name.clone(), lease.clone());
            }
        }
        let own = known.values().find(|l| holder_of(l) == Some(holder));
        if let Some(address) = own.and_then(address_of) {
            return Ok(address);
        }
        loop {
            let claims = known
                .values()
                .filter_map(|lease| Some((address_of(lease)?, claim_of(lease, now))))
                .collect();
            let (address, base) = match self.pool.choose(&claims, self.quarantine, now) {
                Choice::Exhausted(occupancy) => return Err(AddressError::Exhausted(occupancy)),
                Choice::Fresh(address) => (address, None),
                Choice::Reuse(address) => (address, known.get(&lease_name(address))),
            };
            let wanted = lease(address, holder, owner, base);
            match self.write(&wanted, base.is_some()).await {
                Ok(lease) => {
                    written.insert(lease.name_any(), lease);
                    return Ok(address);
                }
                Err(kube::Error::Api(status)) if status.code == 409 => {
                    let name = lease_name(address);
                    let found = self.api.get(&name).await.map_err(AddressError::Write)?;
                    if holder_of(&found) == Some(holder) {
                        // Ours: the answer to an earlier claim was lost on its way.
                        written.insert(name, found);
                        return Ok(address);
                    }
                    known.insert(name, found);
                }
                Err(kube::Error::Api(status)) if status.code == 404 => {
                    // Somebody deleted the Lease of a resting address.
                    known.remove(&lease_name(address));
                }
                Err(error) => return Err(AddressError::Write(error)),
            }
        }
    }

    /// Gives up every address of the holder; each rests in quarantine from `now`.
    ///
    /// # Errors
    /// When Kubernetes refuses or cannot be reached.
    pub async fn release(
        &self,
        leases: &[Arc<Lease>],
        holder: &str,
        now: Timestamp,
    ) -> Result<(), AddressError> {
        let mut written = self.written.lock().await;
        let mut names = leases
            .iter()
            .filter(|lease| holder_of(lease) == Some(holder))
            .map(|lease| lease.name_any())
            .collect::<Vec<_>>();
        names.extend(
            written
                .values()
                .filter(|lease| holder_of(lease) == Some(holder))
                .map(ResourceExt::name_any),
        );
        names.sort_unstable();
        names.dedup();
        for name in names {
            let mut lease = match self.api.get_opt(&name).await.map_err(AddressError::Write)? {
                Some(lease) if holder_of(&lease) == Some(holder) => lease,
                _ => continue,
            };
            lease.spec = Some(LeaseSpec::default());
            lease
                .annotations_mut()
                .insert(RELEASED_AT.to_owned(), now.to_string());
            let released = self
                .write(&lease, true)
                .await
                .map_err(AddressError::Write)?;
            written.insert(name, released);
        }
        Ok(())
    }

    async fn write(&self, lease: &Lease, exists: bool) -> kube::Result<Lease> {
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..Default::default()
        };
        if exists {
            self.api.replace(&lease.name_any(), &params, lease).await
        } else {
            self.api.create(&params, lease).await
        }
    }
}

/// Whether a Service asks for this address or has been given it.
#[must_use]
pub fn is_claimed_by(service: &Service, address: &str) -> bool {
    let asked = service
        .annotations()
        .get("metallb.io/loadBalancerIPs")
        .is_some_and(|ips| ips.split(',').any(|ip| ip.trim() == address));
    let given = service
        .status
        .iter()
        .filter_map(|status| status.load_balancer.as_ref()?.ingress.as_ref())
        .flatten()
        .any(|ingress| ingress.ip.as_deref() == Some(address));
    asked || given
}

fn lease(address: Ipv4Addr, holder: &str, owner: &str, base: Option<&Lease>) -> Lease {
    let mut lease = Lease {
        metadata: ObjectMeta {
            name: Some(lease_name(address)),
            resource_version: base.and_then(ResourceExt::resource_version),
            ..ObjectMeta::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            ..LeaseSpec::default()
        }),
    };
    lease
        .labels_mut()
        .insert(ADDRESS_LABEL.to_owned(), address.to_string());
    lease
        .annotations_mut()
        .insert(OWNER.to_owned(), owner.to_owned());
    lease
}

/// Whether somebody holds the address of this Lease.
#[must_use]
pub fn is_held(lease: &Lease) -> bool {
    holder_of(lease).is_some()
}

fn lease_name(address: Ipv4Addr) -> String {
    format!("address-{}", address.to_string().replace('.', "-"))
}

fn address_of(lease: &Lease) -> Option<Ipv4Addr> {
    lease.labels().get(ADDRESS_LABEL)?.parse().ok()
}

fn holder_of(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref()
}

/// A Lease without a readable time of release counts as released just now: never too early.
fn claim_of(lease: &Lease, now: Timestamp) -> Claim {
    match holder_of(lease) {
        Some(_) => Claim::Held,
        None => Claim::Released(
            lease
                .annotations()
                .get(RELEASED_AT)
                .and_then(|text| text.parse().ok())
                .unwrap_or(now),
        ),
    }
}

fn version(lease: &Lease) -> u64 {
    lease
        .metadata
        .resource_version
        .as_deref()
        .and_then(|v| v.parse().ok())
        .unwrap_or_default()
}
