//! E-mail addresses that may sign in, and the patterns of the allow-list.
//!
//! An address is an account's name here, so two spellings must never be two addresses: only the
//! plain form is taken (RFC 5321 `Dot-string@Domain`), without quotes, comments, address literals
//! or characters beyond ASCII, in lower case.

use std::fmt;

use thiserror::Error;

const MAX_LENGTH: usize = 254;
const MAX_LOCAL_LENGTH: usize = 64;

/// Text that is no address or pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidEmail {
    /// Not a plain address.
    #[error("not an e-mail address: write for example ada@example.com")]
    Address,
    /// Neither an address nor a domain.
    #[error("not a pattern: write an address (ada@example.com) or a domain (@example.com)")]
    Pattern,
}

/// An address in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(Box<str>);

impl Email {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is not of the plain form.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let valid = text.len() <= MAX_LENGTH
            && text
                .split_once('@')
                .is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
        if !valid {
            return Err(InvalidEmail::Address);
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An entry of the allow-list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AllowPattern {
    /// One address.
    Address(Email),
    /// Every address of a domain, but not of the domains below it.
    Domain(Box<str>),
}

impl AllowPattern {
    /// Reads `a@b.c` or `@b.c`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let Some(domain) = text.strip_prefix('@') else {
            // A star may be part of an address, but whoever writes one means something else.
            if text.contains('*') {
                return Err(InvalidEmail::Pattern);
            }
            let address = Email::parse(text).map_err(|_| InvalidEmail::Pattern)?;
            return Ok(Self::Address(address));
        };
        if text.len() > MAX_LENGTH || !is_domain(domain) {
            return Err(InvalidEmail::Pattern);
        }
        Ok(Self::Domain(domain.to_ascii_lowercase().into()))
    }

    /// Whether the address is let in by this entry.
    #[must_use]
    pub fn matches(&self, email: &Email) -> bool {
        match self {
            Self::Address(address) => address == email,
            Self::Domain(domain) => email.domain() == &**domain,
        }
    }
}

impl fmt::Display for AllowPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Domain(domain) => write!(f, "@{domain}"),
        }
    }
}

/// `Dot-string` of RFC 5321 section 4.1.2.
fn is_local(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    text.len() <= MAX_LOCAL_LENGTH
        && text
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(allowed))
}

/// At least two labels of letters, digits and inner hyphens; the last one not a number, which
/// would be an address of a host.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.contains('.') && text.split('.').all(is_label) && !last.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_kept_in_lower_case() {
        let email = Email::parse("Ada.Lovelace+db@Mail.Example.COM").unwrap();
        assert_eq!(email.as_str(), "ada.lovelace+db@mail.example.com");
        assert_eq!(email.domain(), "mail.example.com");
    }

    #[test]
    fn other_forms_are_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}com", "abcdefgh.".repeat(32));
        for text in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "ada@@example.com",
            "ada@evil.example@example.com",
            "\"ada\"@example.com",
            "ada (comment)@example.com",
            "Ada <ada@example.com>",
            "ada@[192.0.2.1]",
            "ada@192.0.2.1",
            "ada@example.com.",
            "ada@-example.com",
            "ada@exa_mple.com",
            ".ada@example.com",
            "ada.@example.com",
            "a..da@example.com",
            " ada@example.com",
            "ada@example.com\n",
            "ada@example.com\0",
            "ada@ex\u{430}mple.com",
            "\u{212a}ada@example.com",
            long.as_str(),
            longer.as_str(),
        ] {
            assert_eq!(Email::parse(text), Err(InvalidEmail::Address), "{text:?}");
        }
    }

    #[test]
    fn a_domain_lets_in_its_own_addresses_only() {
        let pattern = AllowPattern::parse("@Example.com").unwrap();
        let matches = |text: &str| pattern.matches(&Email::parse(text).unwrap());
        assert!(matches("ada@example.com") && matches("Bob@EXAMPLE.COM"));
        assert!(!matches("ada@sub.example.com"));
        assert!(!matches("ada@notexample.com"));
        assert!(!matches("ada@example.com.evil.org"));
    }

    #[test]
    fn an_address_lets_in_itself_only() {
        let pattern = AllowPattern::parse("ada@example.com").unwrap();
        assert!(pattern.matches(&Email::parse("ADA@example.com").unwrap()));
        assert!(!pattern.matches(&Email::parse("ada+x@example.com").unwrap()));
        for text in [
            "",
            "@",
            "*",
            "*@example.com",
            "example.com",
            "@com",
            "@@example.com",
        ] {
            assert_eq!(
                AllowPattern::parse(text),
                Err(InvalidEmail::Pattern),
                "{text:?}"
            );
        }
    }

    const LOCAL: &str = "[a-zA-Z0-9+_-]{1,20}(\\.[a-z0-9]{1,8}){0,2}";
    const DOMAIN: &str = "[a-zA-Z0-9]{1,10}(-[a-z0-9]{1,4})?(\\.[a-zA-Z]{2,8}){1,3}";

    proptest! {
        #[test]
        fn what_is_printed_parses_to_itself(local in LOCAL, domain in DOMAIN) {
            let email = Email::parse(&format!("{local}@{domain}")).unwrap();
            prop_assert_eq!(&Email::parse(email.as_str()).unwrap(), &email);
            for text in [format!("{local}@{domain}"), format!("@{domain}")] {
                let pattern = AllowPattern::parse(&text).unwrap();
                prop_assert!(pattern.matches(&email));
                prop_assert_eq!(AllowPattern::parse(&pattern.to_string()).unwrap(), pattern);
            }
        }

        #[test]
        fn a_pattern_matches_exactly_its_domain(local in LOCAL, one in DOMAIN, other in DOMAIN) {
            let email = Email::parse(&format!("{local}@{one}")).unwrap();
            let pattern = AllowPattern::parse(&format!("@{other}")).unwrap();
            prop_assert_eq!(pattern.matches(&email), one.eq_ignore_ascii_case(&other));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,40}") {
            let _ = Email::parse(&text);
            let _ = AllowPattern::parse(&text);
        }
    }
}
