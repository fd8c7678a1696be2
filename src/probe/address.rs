//! The addresses of this pod, and the families they fall into.
//!
//! Reads the kernel's own lists and nothing else; it changes no address and resolves no name.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use serde::{Deserialize, Serialize};

/// A set of addresses that one network policy engine may or may not police as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Family {
    /// IPv4.
    #[serde(rename = "IPv4")]
    Ipv4,
    /// IPv6 that is routed: global and unique local addresses.
    #[serde(rename = "IPv6")]
    Ipv6,
    /// IPv6 link-local (`fe80::/10`), which reaches the neighbours on one bridge.
    #[serde(rename = "IPv6 link-local")]
    LinkLocal,
}

impl Family {
    /// The family of an address, or `None` for one that never leaves its pod.
    #[must_use]
    pub fn of(address: IpAddr) -> Option<Self> {
        if address.is_loopback() || address.is_unspecified() || address.is_multicast() {
            return None;
        }
        match address {
            IpAddr::V4(_) => Some(Self::Ipv4),
            IpAddr::V6(v6) if v6.is_unicast_link_local() => Some(Self::LinkLocal),
            IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => None,
            IpAddr::V6(_) => Some(Self::Ipv6),
        }
    }

    /// Whether the control ports must answer over this family.
    ///
    /// They cannot over link-local: a network policy has no way to admit it.
    #[must_use]
    pub const fn is_routed(self) -> bool {
        matches!(self, Self::Ipv4 | Self::Ipv6)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
            Self::LinkLocal => "IPv6 link-local",
        })
    }
}

/// What this pod can send from, as the kernel lists it now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnAddresses {
    /// Addresses in use.
    pub settled: Vec<IpAddr>,
    /// IPv6 addresses still under duplicate address detection.
    ///
    /// Nothing can be sent from them yet, so a dial that fails now says nothing about the
    /// moment after.
    pub tentative: Vec<Ipv6Addr>,
    /// Interfaces that hold a link-local address.
    scopes: Vec<u32>,
}

impl OwnAddresses {
    /// Reads the interface addresses of this network namespace.
    ///
    /// # Errors
    /// When the kernel does not list them; without the list nothing can be verified.
    pub fn read() -> io::Result<Self> {
        let tentative = match std::fs::read_to_string("/proc/net/if_inet6") {
            Ok(text) => parse_tentative(&text),
            // A kernel without IPv6 has no such file, and no IPv6 address either.
            Err(error) if error.kind() == io::ErrorKind::NotFound => HashSet::new(),
            Err(error) => return Err(error),
        };
        let mut own = Self::default();
        for interface in nix::ifaddrs::getifaddrs()? {
            let Some(address) = interface.address else {
                continue;
            };
            if let Some(v4) = address.as_sockaddr_in() {
                own.add(IpAddr::V4(v4.ip()), 0, &tentative);
            } else if let Some(v6) = address.as_sockaddr_in6() {
                own.add(IpAddr::V6(v6.ip()), v6.scope_id(), &tentative);
            }
        }
        Ok(own)
    }

    fn add(&mut self, address: IpAddr, scope: u32, tentative: &HashSet<Ipv6Addr>) {
        let Some(family) = Family::of(address) else {
            return;
        };
        if let IpAddr::V6(v6) = address
            && tentative.contains(&v6)
        {
            self.tentative.push(v6);
            return;
        }
        if !self.settled.contains(&address) {
            self.settled.push(address);
        }
        if family == Family::LinkLocal && !self.scopes.contains(&scope) {
            self.scopes.push(scope);
        }
    }

    /// Whether this pod has an address of a family.
    #[must_use]
    pub fn has(&self, family: Family) -> bool {
        self.of(family).next().is_some()
    }

    /// This pod's addresses of a family.
    pub fn of(&self, family: Family) -> impl Iterator<Item = IpAddr> + '_ {
        self.settled
            .iter()
            .copied()
            .filter(move |address| Family::of(*address) == Some(family))
    }

    /// Where to dial to reach `address`: a link-local one through each own interface.
    #[must_use]
    pub fn routes_to(&self, address: IpAddr, port: u16) -> Vec<SocketAddr> {
        match address {
            IpAddr::V6(v6) if v6.is_unicast_link_local() => self
                .scopes
                .iter()
                .map(|scope| SocketAddrV6::new(v6, port, 0, *scope).into())
                .collect(),
            other => vec![SocketAddr::new(other, port)],
        }
    }
}

/// The tentative addresses in the text of `/proc/net/if_inet6`.
///
/// Its columns are address, interface index, prefix length, scope, flags and name, in hex.
fn parse_tentative(text: &str) -> HashSet<Ipv6Addr> {
    const IFA_F_TENTATIVE: u32 = 0x40;
    const IFA_F_OPTIMISTIC: u32 = 0x04;
    text.lines()
        .filter_map(|line| {
            let mut columns = line.split_ascii_whitespace();
            let address = u128::from_str_radix(columns.next()?, 16).ok()?;
            let flags = u32::from_str_radix(columns.nth(3)?, 16).ok()?;
            // An optimistic address can already be sent from.
            let tentative = flags & IFA_F_TENTATIVE != 0 && flags & IFA_F_OPTIMISTIC == 0;
            tentative.then(|| Ipv6Addr::from_bits(address))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tentative_address_is_told_from_a_settled_one() {
        let text = "fe80000000000000c0ffee0000000001 02 40 20 c0     eth0\n\
                    fe80000000000000c0ffee0000000002 03 40 20 80     eth1\n\
                    00000000000000000000000000000001 01 80 10 80       lo\n";
        let found = parse_tentative(text);
        assert_eq!(found.len(), 1);
        assert!(found.contains(&"fe80::c0ff:ee00:0:1".parse().unwrap()));
    }

    #[test]
    fn families_leave_out_what_stays_inside_the_pod() {
        let family = |text: &str| Family::of(text.parse().unwrap());
        assert_eq!(family("10.244.0.7"), Some(Family::Ipv4));
        assert_eq!(family("fd00::7"), Some(Family::Ipv6));
        assert_eq!(family("2001:db8::7"), Some(Family::Ipv6));
        assert_eq!(family("fe80::7"), Some(Family::LinkLocal));
        for local in [
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(family(local), None, "{local}");
        }
    }

    #[test]
    fn a_link_local_address_is_dialled_through_each_interface() {
        let own = OwnAddresses {
            scopes: vec![2, 5],
            ..OwnAddresses::default()
        };
        let routes = own.routes_to("fe80::9".parse().unwrap(), 7432);
        assert_eq!(routes.len(), 2);
        assert!(routes.iter().all(|route| route.port() == 7432));
        assert_eq!(
            own.routes_to("10.0.0.9".parse().unwrap(), 1),
            ["10.0.0.9:1".parse().unwrap()]
        );
    }
}
