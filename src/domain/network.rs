//! The algebra of allow-lists: which addresses a policy may admit.
//!
//! On kube-router and Calico an `ipBlock` of `0.0.0.0/0` matches pods as well (N1), so every
//! allowed range is admitted only without the ranges of pods, services, nodes, load-balancer
//! addresses and link-local addresses.

pub mod address_pool;

use ipnet::Ipv4Net;
use std::net::Ipv4Addr;
use thiserror::Error;

/// Link-local addresses (RFC 3927); the metadata address of clouds is among them.
pub const LINK_LOCAL: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16);

/// An allowed range and the parts of it that stay closed (`NetworkPolicy` `ipBlock`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    /// The allowed range.
    pub cidr: Ipv4Net,
    /// Its closed parts, sorted, without overlap.
    pub except: Vec<Ipv4Net>,
}

/// An allow-list from which nothing can be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AllowListError {
    /// Not an IPv4 range.
    #[error("{0:?} is not an IPv4 range in CIDR notation: write for example 203.0.113.0/24")]
    Malformed(String),
    /// No range at all, which must never mean "everyone".
    #[error("the allow-list is empty: write at least one range, for example 203.0.113.7/32")]
    Empty,
    /// Every address of the range belongs to the cluster.
    #[error(
        "{0} lies inside a range of the cluster ({1}), which is never admitted: write addresses of clients outside it"
    )]
    Reserved(Ipv4Net, Ipv4Net),
}

/// Parses a list of ranges as the API server admitted them.
///
/// # Errors
/// On an empty list and on text that is no IPv4 range: nothing is skipped, since a list with
/// holes is not what its owner wrote.
pub fn parse_allow_list(texts: &[String]) -> Result<Vec<Ipv4Net>, AllowListError> {
    if texts.is_empty() {
        return Err(AllowListError::Empty);
    }
    texts
        .iter()
        .map(|text| {
            text.parse::<Ipv4Net>()
                .map(|net| net.trunc())
                .map_err(|_| AllowListError::Malformed(text.clone()))
        })
        .collect()
}

/// The blocks that admit `allowed` without `reserved`, sorted and without repetition.
///
/// # Errors
/// When the list is empty, or a range lies wholly inside a reserved one.
pub fn admit(allowed: &[Ipv4Net], reserved: &[Ipv4Net]) -> Result<Vec<Block>, AllowListError> {
    if allowed.is_empty() {
        return Err(AllowListError::Empty);
    }
    let reserved = Ipv4Net::aggregate(&[reserved, &[LINK_LOCAL]].concat());
    Ipv4Net::aggregate(&allowed.to_vec())
        .into_iter()
        .map(|cidr| {
            if let Some(around) = reserved.iter().find(|r| r.contains(&cidr)) {
                return Err(AllowListError::Reserved(cidr, *around));
            }
            let except = reserved
                .iter()
                .filter(|r| cidr.contains(*r))
                .copied()
                .collect();
            Ok(Block { cidr, except })
        })
        .collect()
}

/// Whether a client at `address` is admitted by `blocks`.
#[must_use]
pub fn admits(blocks: &[Block], address: Ipv4Addr) -> bool {
    blocks
        .iter()
        .any(|b| b.cidr.contains(&address) && !b.except.iter().any(|e| e.contains(&address)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nets(texts: &[&str]) -> Vec<Ipv4Net> {
        texts.iter().map(|t| t.parse().unwrap()).collect()
    }

    #[test]
    fn the_whole_internet_is_admitted_without_the_cluster() {
        let blocks = admit(
            &nets(&["0.0.0.0/0"]),
            &nets(&["10.244.0.0/16", "10.96.0.0/16"]),
        )
        .unwrap();
        assert_eq!(
            blocks,
            [Block {
                cidr: "0.0.0.0/0".parse().unwrap(),
                except: nets(&["10.96.0.0/16", "10.244.0.0/16", "169.254.0.0/16"]),
            }]
        );
    }

    #[test]
    fn an_empty_list_is_an_error_and_never_open() {
        assert_eq!(admit(&[], &[]), Err(AllowListError::Empty));
        assert_eq!(parse_allow_list(&[]), Err(AllowListError::Empty));
    }

    #[test]
    fn one_bad_entry_spoils_the_list() {
        let list = ["203.0.113.0/24".to_owned(), "everyone".to_owned()];
        assert_eq!(
            parse_allow_list(&list),
            Err(AllowListError::Malformed("everyone".into()))
        );
    }

    #[test]
    fn a_range_of_the_cluster_is_refused() {
        let error = admit(&nets(&["10.244.3.0/24"]), &nets(&["10.244.0.0/16"])).unwrap_err();
        assert!(matches!(error, AllowListError::Reserved(..)));
    }

    fn any_net() -> impl Strategy<Value = Ipv4Net> {
        (any::<u32>(), 0..=32u8)
            .prop_map(|(a, l)| Ipv4Net::new(Ipv4Addr::from(a), l).unwrap().trunc())
    }

    proptest! {
        #[test]
        fn a_reserved_address_is_never_admitted(
            allowed in prop::collection::vec(any_net(), 1..6),
            reserved in prop::collection::vec(any_net(), 0..6),
            address in any::<u32>(),
        ) {
            let address = Ipv4Addr::from(address);
            if let Ok(blocks) = admit(&allowed, &reserved) {
                let closed = reserved.iter().any(|r| r.contains(&address));
                let open = allowed.iter().any(|a| a.contains(&address));
                if closed || !open {
                    prop_assert!(!admits(&blocks, address));
                }
                for block in &blocks {
                    prop_assert!(block.except.iter().all(|e| block.cidr.contains(e)));
                }
            }
        }
    }
}
