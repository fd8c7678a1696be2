//! The URI by which libpq finds an endpoint (PostgreSQL manual, "Connection URIs"). Pure.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};

/// All but the unreserved characters of RFC 3986 section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where a server listens, and as whom to sign in.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionUri<'a> {
    /// Name or address.
    pub host: &'a str,
    /// TCP port.
    pub port: u16,
    /// The role.
    pub role: &'a str,
    /// The database.
    pub database: &'a str,
}

impl ConnectionUri<'_> {
    /// The URI, which asks for a checked certificate; it holds the password where one is given.
    #[must_use]
    pub fn text(&self, password: Option<&SecretString>) -> String {
        let Self {
            host,
            port,
            role,
            database,
        } = self;
        let password = password.map_or_else(String::new, |password| {
            let encoded = utf8_percent_encode(password.expose_secret(), RESERVED);
            format!(":{encoded}")
        });
        format!("postgresql://{role}{password}@{host}:{port}/{database}?sslmode=verify-full")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: ConnectionUri<'_> = ConnectionUri {
        host: "10.0.0.1",
        port: 5432,
        role: "app",
        database: "shop",
    };

    #[test]
    fn it_asks_for_a_checked_certificate() {
        let text = "postgresql://app@10.0.0.1:5432/shop?sslmode=verify-full";
        assert_eq!(URI.text(None), text);
    }

    #[test]
    fn reserved_characters_of_a_password_are_percent_encoded() {
        let text = URI.text(Some(&"p@ss:w/rd ü-._~".into()));
        assert!(text.contains(":p%40ss%3Aw%2Frd%20%C3%BC-._~@"), "{text}");
    }
}
