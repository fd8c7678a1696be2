//! Where the CLI listens for its code: a loopback redirect (RFC 8252 section 7.3; C2).

use thiserror::Error;

/// The one path of such a redirect.
pub const PATH: &str = "/callback";

/// Not a loopback redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "redirect_uri must be http://127.0.0.1:<port>/callback or http://[::1]:<port>/callback with a \
     port from 1024 to 65535"
)]
pub struct InvalidRedirect;

/// A redirect to this very machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopbackRedirect {
    uri: Box<str>,
    port: u16,
}

impl LoopbackRedirect {
    /// Reads a redirect. It is compared as text, since every normalisation of a URI is a chance
    /// for two parsers to differ; `localhost` may be resolved to somewhere else and is refused.
    ///
    /// # Errors
    /// When it is anything but a literal loopback address, an explicit port and the fixed path.
    pub fn parse(uri: &str) -> Result<Self, InvalidRedirect> {
        let rest = uri.strip_prefix("http://").ok_or(InvalidRedirect)?;
        let after_host = rest
            .strip_prefix("127.0.0.1:")
            .or_else(|| rest.strip_prefix("[::1]:"))
            .ok_or(InvalidRedirect)?;
        let digits = after_host.strip_suffix(PATH).ok_or(InvalidRedirect)?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        let port = digits.parse().map_err(|_| InvalidRedirect)?;
        if !plain || port < 1024 {
            return Err(InvalidRedirect);
        }
        Ok(Self {
            uri: uri.into(),
            port,
        })
    }

    /// The redirect to whoever listens on this port of `127.0.0.1`.
    ///
    /// # Errors
    /// When it is one of the ports that only the system may listen on.
    pub fn to_port(port: u16) -> Result<Self, InvalidRedirect> {
        Self::parse(&format!("http://127.0.0.1:{port}{PATH}"))
    }

    /// The redirect, as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// The port that the CLI listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn c2_anything_but_a_literal_loopback_address_is_refused() {
        for uri in [
            "",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:80/callback",
            "http://127.0.0.1:1023/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:08080/callback",
            "http://127.0.0.1:+8080/callback",
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:8080/callback/",
            "http://127.0.0.1:8080/Callback",
            "http://127.0.0.1:8080//callback",
            "http://127.0.0.1:8080/../callback",
            "http://127.0.0.1:8080/%63allback",
            "http://127.0.0.1:8080/callback?next=https://evil.example",
            "http://127.0.0.1:8080/callback#fragment",
            "http://127.0.0.1:8080/x?/callback",
            "http://user@127.0.0.1:8080/callback",
            "http://127.0.0.1:8080@evil.example/callback",
            "http://127.0.0.1:80\\@evil.example/callback",
            "http://127.0.0.1.evil.example:8080/callback",
            "http://localhost:8080/callback",
            "http://LOCALHOST:8080/callback",
            "http://127.1:8080/callback",
            "http://127.0.0.2:8080/callback",
            "http://2130706433:8080/callback",
            "http://0x7f000001:8080/callback",
            "http://0.0.0.0:8080/callback",
            "http://[::]:8080/callback",
            "http://[::ffff:127.0.0.1]:8080/callback",
            "http://[0:0:0:0:0:0:0:1]:8080/callback",
            "http://[::1%25lo]:8080/callback",
            "https://127.0.0.1:8080/callback",
            "HTTP://127.0.0.1:8080/callback",
            "javascript://127.0.0.1:8080/callback",
            " http://127.0.0.1:8080/callback",
            "http://127.0.0.1:8080/callback\n",
            "http://127.0.0.1:8080\t/callback",
            "http://127.0.0.1:\u{661}\u{661}\u{661}\u{661}/callback",
        ] {
            assert_eq!(LoopbackRedirect::parse(uri), Err(InvalidRedirect), "{uri}");
        }
    }

    proptest! {
        #[test]
        fn c2_every_high_port_is_accepted(port in 1024_u16..) {
            for host in ["127.0.0.1", "[::1]"] {
                let uri = format!("http://{host}:{port}/callback");
                let redirect = LoopbackRedirect::parse(&uri).unwrap();
                prop_assert_eq!(redirect.as_str(), uri);
                prop_assert_eq!(redirect.port(), port);
            }
        }
    }
}
