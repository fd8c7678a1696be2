//! From what was written to what can be used. Pure; every refusal says what to write instead.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;
use jiff::SignedDuration;

use super::{ClusterNetworks, Config, ConfigError, file};
use crate::domain::network::address_pool::AddressPool;

/// Longest domain that leaves room for the label of an endpoint id and its dot
/// (253 octets of RFC 1035 as text, less `ep-` and 16 digits and a dot).
const MAX_DOMAIN: usize = 253 - 20;

impl TryFrom<file::File> for Config {
    type Error = ConfigError;

    fn try_from(file: file::File) -> Result<Self, ConfigError> {
        let cluster_networks = networks(&file.cluster_networks)?;
        let address_pool = AddressPool::parse(&file.address_pool.ranges)
            .map_err(|error| ConfigError::invalid("addressPool.ranges", error))?;
        apart(&address_pool, &cluster_networks)?;
        Ok(Self {
            image: image("image", file.image)?,
            address_pool,
            quarantine: SignedDuration::from_secs(file.address_pool.quarantine_seconds.into()),
            cluster_networks,
            endpoint_domain: domain(file.endpoint_domain)?,
            postgres_images: images(file.postgres.images)?,
            default_storage_class: storage_class(file.storage.default_class_name)?,
            image_pull_policy: file.image_pull_policy,
            keep_expired_keys: SignedDuration::from_secs(file.api_keys.keep_expired_seconds.into()),
        })
    }
}

fn networks(file: &file::Networks) -> Result<ClusterNetworks, ConfigError> {
    let required = |field: &str, texts, example: &str| {
        let ranges = ranges(field, texts)?;
        if ranges.is_empty() {
            return Err(ConfigError::invalid(
                field,
                format!(
                    "write every range in use, for example [{example}]; without them an allow-list could admit the cluster itself"
                ),
            ));
        }
        Ok(ranges)
    };
    Ok(ClusterNetworks {
        pods: required("clusterNetworks.pods", &file.pods, "10.244.0.0/16")?,
        services: required("clusterNetworks.services", &file.services, "10.96.0.0/16")?,
        nodes: ranges("clusterNetworks.nodes", &file.nodes)?,
    })
}

fn ranges(field: &str, texts: &[String]) -> Result<Vec<Ipv4Net>, ConfigError> {
    texts.iter().map(|text| range(field, text)).collect()
}

fn range(field: &str, text: &str) -> Result<Ipv4Net, ConfigError> {
    let range: Ipv4Net = text.parse().map_err(|_| {
        let problem = format!("{text:?} is not an IPv4 range: write it as 192.0.2.0/24");
        ConfigError::invalid(field, problem)
    })?;
    if range == range.trunc() {
        Ok(range)
    } else {
        let problem = format!("{text:?} has host bits set: write {}", range.trunc());
        Err(ConfigError::invalid(field, problem))
    }
}

/// An address of the pool must be nobody else's. Nodes are left out: on a layer-2 network pool
/// and nodes rightly share a range.
fn apart(pool: &AddressPool, networks: &ClusterNetworks) -> Result<(), ConfigError> {
    for block in pool.ranges() {
        for (name, ranges) in [("pods", &networks.pods), ("services", &networks.services)] {
            if let Some(range) = ranges
                .iter()
                .find(|range| range.contains(&block) || block.contains(*range))
            {
                let problem = format!(
                    "{block} overlaps clusterNetworks.{name} {range}: write addresses outside the cluster's own ranges"
                );
                return Err(ConfigError::invalid("addressPool.ranges", problem));
            }
        }
    }
    Ok(())
}

fn image(field: &str, text: String) -> Result<String, ConfigError> {
    let fits = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    if fits {
        Ok(text)
    } else {
        let problem = format!(
            "{text:?} is not an image reference: write for example registry.example.com/name:tag"
        );
        Err(ConfigError::invalid(field, problem))
    }
}

fn images(entries: Vec<(String, String)>) -> Result<BTreeMap<String, String>, ConfigError> {
    const FIELD: &str = "postgres.images";
    if entries.is_empty() {
        let problem =
            r#"write at least one version, for example {"17": registry.example.com/postgres:17}"#;
        return Err(ConfigError::invalid(FIELD, problem));
    }
    let mut images = BTreeMap::new();
    for (version, text) in entries {
        if version.len() != 2 || !version.bytes().all(|b| b.is_ascii_digit()) {
            let problem = format!(
                "{version:?} is not a major version: write its two digits, for example \"17\""
            );
            return Err(ConfigError::invalid(FIELD, problem));
        }
        let text = image(&format!("{FIELD}.{version}"), text)?;
        if images.insert(version.clone(), text).is_some() {
            let problem = format!("{version:?} is there twice: write one image for it");
            return Err(ConfigError::invalid(FIELD, problem));
        }
    }
    Ok(images)
}

fn domain(text: Option<String>) -> Result<Option<String>, ConfigError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.len() > MAX_DOMAIN || !is_dns_name(&text) || is_numeric(&text) {
        let problem = format!(
            "{text:?} is not a DNS name of at most {MAX_DOMAIN} characters: write it in lower case and without the last dot, for example db.example.com, or \"\" for none"
        );
        return Err(ConfigError::invalid("endpointDomain", problem));
    }
    Ok(Some(text))
}

fn storage_class(name: Option<String>) -> Result<Option<String>, ConfigError> {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    if is_dns_name(&name) {
        return Ok(Some(name));
    }
    let problem = format!(
        "{name:?} is not the name of a StorageClass: write one that `kubectl get storageclass` lists, or \"\" for the cluster's default"
    );
    Err(ConfigError::invalid("storage.defaultClassName", problem))
}

/// Whether the last label is a number, so that the name could be taken for an address.
fn is_numeric(name: &str) -> bool {
    name.rsplit('.')
        .next()
        .is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether the text is a name of the form that Kubernetes asks of objects and hosts
/// (RFC 1123 subdomain in lower case).
pub(super) fn is_dns_name(text: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= 253
        && text.split('.').all(|label| {
            let bytes = || label.bytes();
            bytes().len() <= 63
                && edge(bytes().next())
                && edge(bytes().next_back())
                && bytes().all(|b| b == b'-' || edge(Some(b)))
        })
}
