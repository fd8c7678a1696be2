//! The configuration file of the server: read once, checked once, then passed in.
//!
//! A value that is here has been checked, so nothing else may check it again. This module may
//! not read the environment, hold secrets, or supply a range of the cluster that nobody wrote:
//! a missing one is an error, since guessing it would open the perimeter.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ipnet::Ipv4Net;
use jiff::SignedDuration;
use thiserror::Error;

use crate::domain::network::address_pool::AddressPool;

pub mod api;
mod check;
mod file;
mod identity;

pub use file::ImagePullPolicy;
pub use identity::Identity;

/// What the server was told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Image of this program, for the gate.
    pub image: String,
    /// Addresses that endpoints may be given.
    pub address_pool: AddressPool,
    /// How long a freed address rests before anyone else gets it.
    pub quarantine: SignedDuration,
    /// Ranges that no allow-list ever admits.
    pub cluster_networks: ClusterNetworks,
    /// DNS domain of endpoint host names; `None`: clients connect to the address.
    pub endpoint_domain: Option<String>,
    /// Image of each major version of Postgres, by two digits (`17`); never empty.
    pub postgres_images: BTreeMap<String, String>,
    /// Storage class of an endpoint that names none; `None`: the cluster's default.
    pub default_storage_class: Option<String>,
    /// When the kubelet pulls the images named here.
    pub image_pull_policy: ImagePullPolicy,
    /// How long an expired key that the API made can still be looked at.
    pub keep_expired_keys: SignedDuration,
}

/// Ranges of the cluster itself, without host bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterNetworks {
    /// Addresses of pods; never empty.
    pub pods: Vec<Ipv4Net>,
    /// Cluster addresses of Services; never empty.
    pub services: Vec<Ipv4Net>,
    /// Addresses of nodes.
    pub nodes: Vec<Ipv4Net>,
}

impl ClusterNetworks {
    /// All ranges, for [`admit`](crate::domain::network::admit).
    #[must_use]
    pub fn all(&self) -> Vec<Ipv4Net> {
        [&*self.pods, &*self.services, &*self.nodes].concat()
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file is not there or not readable.
    #[error("failed to read configuration file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Not YAML, a field missing, unknown or of another type.
    #[error("failed to parse configuration")]
    Parse(#[source] Box<serde_saphyr::Error>),
    /// A value that cannot be used.
    #[error("{field}: {problem}")]
    Invalid {
        /// Where, as written in the file: `clusterNetworks.pods`.
        field: String,
        /// What is wrong and what to write instead.
        problem: String,
    },
}

impl ConfigError {
    fn invalid(field: impl Into<String>, problem: impl ToString) -> Self {
        Self::Invalid {
            field: field.into(),
            problem: problem.to_string(),
        }
    }
}

impl Config {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// When it cannot be read, parsed or used.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text)
    }

    /// Checks the text of a file.
    ///
    /// # Errors
    /// When it cannot be parsed or used.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        serde_saphyr::from_str::<file::File>(text)
            .map_err(|source| ConfigError::Parse(Box::new(source)))?
            .try_into()
    }
}

#[cfg(test)]
mod tests;
