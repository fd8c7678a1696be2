//! One TCP dial and what came of it.
//!
//! Sends and reads nothing on the connection: whether it opens is the whole question.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use futures::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;

use super::DIAL_TIMEOUT;

/// What came of a dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The connection opened.
    Reached,
    /// The far side, or a policy in its name, refused it.
    Refused,
    /// Nothing came back in time.
    TimedOut,
    /// The network answered that there is no way.
    Unreachable,
    /// The dial could not be made, so it says nothing about the network.
    Failed,
}

impl Outcome {
    /// Whether the network denied the dial. A dial that could not be made is not a denial.
    #[must_use]
    pub const fn is_denied(self) -> bool {
        matches!(self, Self::Refused | Self::TimedOut | Self::Unreachable)
    }

    /// The word for it in a sentence.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Refused => "refused",
            Self::TimedOut => "timed out",
            Self::Unreachable => "unreachable",
            Self::Failed => "could not be dialled",
        }
    }

    fn of_error(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::TimedOut,
            // A REJECT with `adm-prohibited` surfaces as a permission error.
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::PermissionDenied => Self::Unreachable,
            _ => Self::Failed,
        }
    }

    /// The outcome that says most when one address was dialled over several interfaces.
    const fn rank(self) -> u8 {
        match self {
            Self::Reached => 0,
            Self::Failed => 1,
            Self::Refused => 2,
            Self::TimedOut => 3,
            Self::Unreachable => 4,
        }
    }
}

/// One dialled address and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dial {
    /// The address.
    pub address: IpAddr,
    /// What came of it.
    pub outcome: Outcome,
}

/// Dials once and closes.
pub async fn dial(target: SocketAddr) -> Outcome {
    match tokio::time::timeout(DIAL_TIMEOUT, TcpStream::connect(target)).await {
        Ok(Ok(_connection)) => Outcome::Reached,
        Ok(Err(error)) => Outcome::of_error(&error),
        Err(_elapsed) => Outcome::TimedOut,
    }
}

/// Dials one address over each of its routes at once; no route at all is a failed dial.
pub async fn dial_routes(address: IpAddr, routes: Vec<SocketAddr>) -> Dial {
    let outcomes = join_all(routes.into_iter().map(dial)).await;
    let outcome = outcomes
        .into_iter()
        .min_by_key(|outcome| outcome.rank())
        .unwrap_or(Outcome::Failed);
    Dial { address, outcome }
}

/// Listens on every family the kernel has.
///
/// # Errors
/// When the port is taken.
pub fn listen(port: u16) -> io::Result<TcpListener> {
    // `[::]` takes IPv4 as well unless the kernel says otherwise, and then the control
    // port does not answer over IPv4 and nothing passes.
    let listener = match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)) {
        Ok(listener) => listener,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
        Err(_no_ipv6) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?,
    };
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_open_port_is_reached_and_a_closed_one_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap();
        assert_eq!(dial(target).await, Outcome::Reached);
        drop(listener);
        assert_eq!(dial(target).await, Outcome::Refused);
    }

    #[tokio::test]
    async fn an_address_without_a_route_is_not_a_denial() {
        let dial = dial_routes("fe80::1".parse().unwrap(), Vec::new()).await;
        assert_eq!(dial.outcome, Outcome::Failed);
        assert!(!dial.outcome.is_denied());
    }

    #[test]
    fn an_error_of_the_own_machine_is_not_a_denial() {
        for kind in [
            io::ErrorKind::AddrNotAvailable,
            io::ErrorKind::InvalidInput,
            io::ErrorKind::Other,
            io::ErrorKind::OutOfMemory,
        ] {
            assert_eq!(Outcome::of_error(&kind.into()), Outcome::Failed);
        }
    }
}
