//! Limits of each named action, kept per caller, else per peer address. `docs/limits.md` lists
//! them; a test compares.
//!
//! The address of a peer is that of the connection, or the one that the configured number of
//! trusted proxies has added from the right; a header from anywhere else is never believed. The
//! console is one proxy more, for requests that carry the secret which it shares with the API.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::constant_time;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use secrecy::{ExposeSecret as _, SecretString};
use strum::{EnumIter, IntoEnumIterator as _, IntoStaticStr};

use crate::api::http::error::{ApiError, Code};

/// By which a request shows that the console has sent it.
const CONSOLE_SECRET: &str = "kisenon-console-secret";

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum Action {
    /// Signing in with a provider's proof.
    SignIn,
    /// Refreshing or ending a session.
    Refresh,
    /// Redeeming a code of the CLI.
    CliExchange,
    /// Beginning a device sign-in.
    DeviceCode,
    /// Asking whether a device was approved.
    DeviceToken,
    /// Looking up, approving or refusing the code of a device or CLI.
    Authorize,
    /// Reading.
    Read,
    /// Creating, changing, deleting.
    Write,
    /// Making an API key.
    MintKey,
    /// Setting or showing a database password.
    Password,
    /// Following changes as they happen.
    Follow,
    /// Applying manifests.
    Manifests,
    /// Reporting a leaked key.
    Report,
    /// Credentials that turn out not to be valid.
    InvalidCredential,
}

impl Action {
    /// Requests a minute, of which all may come at once.
    #[must_use]
    pub const fn per_minute(self) -> u32 {
        match self {
            Self::Report | Self::Password => 20,
            Self::SignIn | Self::Refresh | Self::MintKey | Self::Manifests | Self::Follow => 60,
            Self::CliExchange | Self::DeviceToken => 30,
            Self::DeviceCode => 10,
            Self::Authorize => 15,
            Self::Read => 6_000,
            Self::Write => 240,
            Self::InvalidCredential => 120,
        }
    }

    /// As the documentation and the headers name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A key or session, by its id.
    Caller(Arc<str>),
    /// Whoever sends from this address; of IPv6 the network of 64 bits that one host may own.
    Peer(IpAddr),
}

type Limiter =
    RateLimiter<Subject, DefaultKeyedStateStore<Subject>, DefaultClock, StateInformationMiddleware>;

/// What is left after a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    action: Action,
    count: u32,
    policy: Option<HeaderValue>,
}

/// The limit of one action.
struct Limit {
    limiter: Limiter,
    policy: Option<HeaderValue>,
}

/// Every limit of this process.
pub struct Limits {
    /// In the order of the actions.
    limits: Vec<Limit>,
    trusted_proxy_hops: usize,
    console_secret: Option<SecretString>,
}

impl Limits {
    /// All limits, nothing counted yet.
    #[must_use]
    pub fn new(trusted_proxy_hops: usize, console_secret: Option<SecretString>) -> Self {
        let limit = |action: Action| {
            let burst = NonZeroU32::new(action.per_minute()).unwrap_or(NonZeroU32::MIN);
            let limiter = RateLimiter::keyed(Quota::per_minute(burst))
                .with_middleware::<StateInformationMiddleware>();
            let policy = format!("\"{}\";q={burst};w=60", action.as_str());
            Limit {
                limiter,
                policy: HeaderValue::try_from(policy).ok(),
            }
        };
        Self {
            limits: Action::iter().map(limit).collect(),
            trusted_proxy_hops,
            console_secret,
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// When it is one too many.
    pub fn count(&self, action: Action, subject: &Subject) -> Result<Remaining, ApiError> {
        let Some(limit) = self.limits.get(action as usize) else {
            return Err(ApiError::new(Code::Internal));
        };
        match limit.limiter.check_key(subject) {
            Ok(snapshot) => Ok(Remaining {
                action,
                count: snapshot.remaining_burst_capacity(),
                policy: limit.policy.clone(),
            }),
            Err(not_until) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                Err(ApiError::with(
                    Code::RateLimited,
                    format!(
                        "at most {} requests of the kind {} a minute",
                        action.per_minute(),
                        action.as_str()
                    ),
                )
                .retry_after(wait.max(Duration::from_secs(1))))
            }
        }
    }

    /// Forgets whom nothing needs to be remembered of, so that memory stays bounded.
    pub fn forget_idle(&self) {
        for limit in &self.limits {
            limit.limiter.retain_recent();
            limit.limiter.shrink_to_fit();
        }
    }

    /// The address to count by.
    #[must_use]
    pub fn peer(&self, connection: SocketAddr, headers: &HeaderMap) -> Subject {
        let connected = connection.ip();
        let hops = self.trusted_proxy_hops + usize::from(self.is_console(headers));
        let forwarded = (hops > 0).then(|| forwarded_for(headers, hops)).flatten();
        Subject::Peer(network(forwarded.unwrap_or(connected)))
    }

    fn is_console(&self, headers: &HeaderMap) -> bool {
        let (Some(own), Some(sent)) = (&self.console_secret, headers.get(CONSOLE_SECRET)) else {
            return false;
        };
        let own = own.expose_secret().as_bytes();
        constant_time::verify_slices_are_equal(own, sent.as_bytes()).is_ok()
    }
}

impl Remaining {
    /// Adds the fields of draft-ietf-httpapi-ratelimit-headers.
    pub fn write(self, headers: &mut HeaderMap) {
        let state = format!("\"{}\";r={}", self.action.as_str(), self.count);
        let state = HeaderValue::try_from(state).ok();
        for (field, value) in [("ratelimit-policy", self.policy), ("ratelimit", state)] {
            if let Some(value) = value {
                headers.insert(HeaderName::from_static(field), value);
            }
        }
    }
}

/// What the outermost of `hops` trusted proxies saw: proxies append on the right.
fn forwarded_for(headers: &HeaderMap, hops: usize) -> Option<IpAddr> {
    let all = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect::<Vec<_>>();
    all.get(all.len().checked_sub(hops)?)?.parse().ok()
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../docs/limits.md");

    const SECRET: &str = "a secret of the console and the API";

    fn peer(hops: usize, forwarded_for: Option<&str>, secret: Option<&str>) -> Subject {
        let mut headers = HeaderMap::new();
        for (name, text) in [("x-forwarded-for", forwarded_for), (CONSOLE_SECRET, secret)] {
            if let Some(text) = text {
                headers.insert(name, HeaderValue::from_str(text).unwrap());
            }
        }
        Limits::new(hops, Some(SECRET.into())).peer("192.0.2.1:5000".parse().unwrap(), &headers)
    }

    fn address(text: &str) -> Subject {
        Subject::Peer(text.parse().unwrap())
    }

    #[test]
    fn each_action_has_the_limit_of_its_own() {
        let limits = Limits::new(0, None);
        for action in Action::iter() {
            let remaining = limits.count(action, &address("192.0.2.8")).unwrap();
            assert_eq!(remaining.count, action.per_minute() - 1);
            let policy = format!("\"{}\";q={};w=60", action.as_str(), action.per_minute());
            assert_eq!(remaining.policy.unwrap(), policy);
        }
    }

    #[test]
    fn every_limit_is_documented() {
        for action in Action::iter() {
            let row = format!("| `{}` | {} |", action.as_str(), action.per_minute());
            assert!(PAGE.contains(&row), "docs/limits.md lacks {row}");
        }
    }

    #[test]
    fn a_forwarded_address_counts_only_from_configured_hops() {
        let spoofed = Some("203.0.113.66, 198.51.100.7");
        assert_eq!(peer(0, spoofed, None), address("192.0.2.1"));
        assert_eq!(peer(1, spoofed, None), address("198.51.100.7"));
        assert_eq!(peer(3, spoofed, None), address("192.0.2.1"));
        assert_eq!(peer(1, None, None), address("192.0.2.1"));
    }

    #[test]
    fn the_console_is_one_hop_more_and_nobody_else_is() {
        let person = Some("203.0.113.66, 198.51.100.7");
        assert_eq!(peer(0, person, Some(SECRET)), address("198.51.100.7"));
        assert_eq!(peer(1, person, Some(SECRET)), address("203.0.113.66"));
        assert_eq!(peer(0, None, Some(SECRET)), address("192.0.2.1"));
        for guess in ["", "a", "a secret of the console and the APJ"] {
            assert_eq!(peer(0, person, Some(guess)), address("192.0.2.1"));
        }

        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.7"));
        headers.insert(CONSOLE_SECRET, HeaderValue::from_static(""));
        let without = Limits::new(0, None);
        let seen = without.peer("192.0.2.1:5000".parse().unwrap(), &headers);
        assert_eq!(seen, address("192.0.2.1"));
    }

    #[test]
    fn one_host_cannot_hide_in_its_ipv6_network() {
        assert_eq!(
            network("2001:db8:1:2:3:4:5:6".parse().unwrap()),
            "2001:db8:1:2::".parse::<IpAddr>().unwrap()
        );
    }

    #[test]
    fn the_one_too_many_is_told_when_to_come_back() {
        let limits = Limits::new(0, None);
        let subject = address("192.0.2.9");
        for _ in 0..Action::DeviceCode.per_minute() {
            assert!(limits.count(Action::DeviceCode, &subject).is_ok());
        }
        let refused = limits.count(Action::DeviceCode, &subject).unwrap_err();
        assert_eq!(refused.code(), Code::RateLimited);
        assert!(
            limits
                .count(Action::DeviceCode, &address("192.0.2.10"))
                .is_ok()
        );
    }
}
