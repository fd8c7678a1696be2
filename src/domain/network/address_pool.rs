//! Load-balancer addresses: which are in the pool and which one to try next.
//!
//! The lock is elsewhere (a Lease per address, created or refused by the API server); this only
//! chooses. A freed address rests before anyone else gets it (N13).

use std::collections::HashMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// Addresses that endpoints may be given, in order, without repetition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressPool {
    addresses: Vec<Ipv4Addr>,
}

/// A pool that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PoolError {
    /// Neither a range nor a CIDR.
    #[error("{0:?} is not an IPv4 range: write 192.0.2.10-192.0.2.20 or 192.0.2.0/28")]
    Malformed(String),
    /// More than a layer-2 network holds.
    #[error("{0:?} holds more than 65536 addresses: write a smaller range")]
    TooLarge(String),
    /// No address at all.
    #[error("the address pool is empty: write at least one range")]
    Empty,
}

/// What is known of a claimed address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// An endpoint holds it.
    Held,
    /// Its endpoint is gone since this time.
    Released(Timestamp),
}

/// What to try next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Never claimed: create its Lease.
    Fresh(Ipv4Addr),
    /// Out of quarantine: take its Lease over.
    Reuse(Ipv4Addr),
    /// Nothing is free.
    Exhausted(Occupancy),
}

/// How full the pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupancy {
    /// Addresses in the pool.
    pub total: usize,
    /// Held by endpoints.
    pub held: usize,
    /// Resting after their endpoint went.
    pub quarantined: usize,
    /// When the first of the resting ones becomes free.
    pub next_free: Option<Timestamp>,
}

impl fmt::Display for Occupancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "none of {} addresses is free: {} in use, {} in quarantine",
            self.total, self.held, self.quarantined
        )?;
        match self.next_free {
            Some(time) => write!(f, ", the next one free at {time:.0}"),
            None => Ok(()),
        }
    }
}

impl AddressPool {
    /// Parses ranges of the form `first-last` or CIDR.
    ///
    /// # Errors
    /// On text of another form and on an empty pool.
    pub fn parse<S: AsRef<str>>(ranges: &[S]) -> Result<Self, PoolError> {
        let mut addresses = Vec::new();
        for range in ranges {
            addresses.extend(parse_range(range.as_ref())?);
        }
        addresses.sort_unstable();
        addresses.dedup();
        if addresses.is_empty() {
            return Err(PoolError::Empty);
        }
        Ok(Self { addresses })
    }

    /// The pool as the smallest set of CIDR ranges.
    #[must_use]
    pub fn ranges(&self) -> Vec<Ipv4Net> {
        let single = self.addresses.iter().map(|a| Ipv4Net::from(*a)).collect();
        Ipv4Net::aggregate(&single)
    }

    /// How many addresses there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Never: a pool is refused when it is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// Whether the address is one of the pool.
    #[must_use]
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        self.addresses.binary_search(&address).is_ok()
    }

    /// Chooses an address for a new claim: one never claimed before, else the one that has
    /// rested longest, if its quarantine is over.
    #[must_use]
    pub fn choose(
        &self,
        claims: &HashMap<Ipv4Addr, Claim>,
        quarantine: SignedDuration,
        now: Timestamp,
    ) -> Choice {
        if let Some(fresh) = self.addresses.iter().find(|a| !claims.contains_key(a)) {
            return Choice::Fresh(*fresh);
        }
        let mut resting = self
            .addresses
            .iter()
            .filter_map(|a| match claims.get(a) {
                Some(Claim::Released(since)) => Some((*since + quarantine, *a)),
                _ => None,
            })
            .collect::<Vec<_>>();
        resting.sort_unstable();
        match resting.first() {
            Some((free_at, address)) if *free_at <= now => Choice::Reuse(*address),
            first => Choice::Exhausted(Occupancy {
                total: self.addresses.len(),
                held: self.addresses.len() - resting.len(),
                quarantined: resting.len(),
                next_free: first.map(|(free_at, _)| *free_at),
            }),
        }
    }
}

fn parse_range(text: &str) -> Result<Vec<Ipv4Addr>, PoolError> {
    let malformed = || PoolError::Malformed(text.to_owned());
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (
            Ipv4Addr::from_str(first.trim()).map_err(|_| malformed())?,
            Ipv4Addr::from_str(last.trim()).map_err(|_| malformed())?,
        ),
        None => {
            let net = Ipv4Net::from_str(text.trim()).map_err(|_| malformed())?;
            (net.network(), net.broadcast())
        }
    };
    let (first, last) = (u32::from(first), u32::from(last));
    if first > last {
        return Err(malformed());
    }
    if last - first >= 65_536 {
        return Err(PoolError::TooLarge(text.to_owned()));
    }
    Ok((first..=last).map(Ipv4Addr::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn address(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(192, 0, 2, last)
    }

    fn pool() -> AddressPool {
        AddressPool::parse(&["192.0.2.1-192.0.2.3"]).unwrap()
    }

    #[test]
    fn an_unclaimed_address_comes_first() {
        let claims = HashMap::from([
            (address(1), Claim::Held),
            (address(2), Claim::Released(at(0))),
        ]);
        assert_eq!(
            pool().choose(&claims, HOUR, at(9000)),
            Choice::Fresh(address(3))
        );
    }

    #[test]
    fn a_released_address_rests_through_its_quarantine() {
        let claims = HashMap::from([
            (address(1), Claim::Held),
            (address(2), Claim::Released(at(100))),
            (address(3), Claim::Released(at(50))),
        ]);
        assert_eq!(
            pool().choose(&claims, HOUR, at(3650)),
            Choice::Reuse(address(3))
        );
        let Choice::Exhausted(occupancy) = pool().choose(&claims, HOUR, at(3649)) else {
            panic!("an address left quarantine early");
        };
        assert_eq!(
            (occupancy.total, occupancy.held, occupancy.quarantined),
            (3, 1, 2)
        );
        assert_eq!(occupancy.next_free, Some(at(3650)));
    }

    #[test]
    fn exhaustion_says_how_full_the_pool_is() {
        let claims = (1..=3).map(|n| (address(n), Claim::Held)).collect();
        let Choice::Exhausted(occupancy) = pool().choose(&claims, HOUR, at(0)) else {
            panic!("a held address was given away");
        };
        assert_eq!(
            occupancy.to_string(),
            "none of 3 addresses is free: 3 in use, 0 in quarantine"
        );
    }

    #[test]
    fn ranges_are_parsed_and_printed_as_cidr() {
        let pool = AddressPool::parse(&["10.77.0.100-10.77.0.149"]).unwrap();
        let printed = pool
            .ranges()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>();
        assert_eq!(
            printed,
            [
                "10.77.0.100/30",
                "10.77.0.104/29",
                "10.77.0.112/28",
                "10.77.0.128/28",
                "10.77.0.144/30",
                "10.77.0.148/31"
            ]
        );
        assert!(pool.contains(Ipv4Addr::new(10, 77, 0, 149)));
        assert!(!pool.contains(Ipv4Addr::new(10, 77, 0, 150)));
    }

    #[test]
    fn a_malformed_pool_is_refused() {
        assert_eq!(AddressPool::parse::<&str>(&[]), Err(PoolError::Empty));
        for text in ["", "x", "192.0.2.9-192.0.2.1", "192.0.2.0/40", "0.0.0.0/0"] {
            assert!(AddressPool::parse(&[text]).is_err(), "{text}");
        }
    }
}
