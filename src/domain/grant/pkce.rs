//! Proof key for code exchange (RFC 7636), method `S256` only (C4).

use std::fmt;

use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

/// What is no challenge or verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidPkce {
    /// `plain`, none, or an unknown one.
    #[error("code_challenge_method must be S256")]
    Method,
    /// Not the base64url of a SHA-256 digest.
    #[error("code_challenge must be the 43 characters of a base64url SHA-256 digest")]
    Challenge,
    /// Not 43 to 128 unreserved characters.
    #[error("code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~")]
    Verifier,
}

/// The secret that a client makes for one authorization.
#[derive(Clone)]
pub struct Verifier(secrecy::SecretString);

impl Verifier {
    /// A new one of 256 random bits, which `fill` writes; nothing when it fails.
    pub fn generate(fill: &mut dyn FnMut(&mut [u8]) -> bool) -> Option<Self> {
        let mut bytes = [0; 32];
        fill(&mut bytes).then(|| Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// Its text, which proves that the client is the one that began.
    #[must_use]
    pub fn text(&self) -> &secrecy::SecretString {
        &self.0
    }

    /// Reads a verifier (RFC 7636 section 4.1).
    ///
    /// # Errors
    /// When its length or characters are wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidPkce> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            return Ok(Self(text.into()));
        }
        Err(InvalidPkce::Verifier)
    }

    /// The challenge of this verifier (RFC 7636 section 4.2).
    #[must_use]
    pub fn challenge(&self) -> Challenge {
        use secrecy::ExposeSecret as _;
        let digest = digest::digest(&digest::SHA256, self.0.expose_secret().as_bytes());
        Challenge(URL_SAFE_NO_PAD.encode(digest).into())
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

/// What the client shows beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(Box<str>);

impl Challenge {
    /// Reads a challenge and its method.
    ///
    /// # Errors
    /// When the method is not `S256`, or the challenge cannot be one of that method.
    pub fn parse(challenge: &str, method: &str) -> Result<Self, InvalidPkce> {
        if method != "S256" {
            return Err(InvalidPkce::Method);
        }
        let digest = URL_SAFE_NO_PAD.decode(challenge);
        if challenge.len() == 43 && digest.is_ok_and(|d| d.len() == digest::SHA256_OUTPUT_LEN) {
            return Ok(Self(challenge.into()));
        }
        Err(InvalidPkce::Challenge)
    }

    /// Whether it is of this verifier (RFC 7636 section 4.6).
    #[must_use]
    pub fn matches(&self, verifier: &Verifier) -> bool {
        let own = verifier.challenge();
        constant_time::verify_slices_are_equal(self.0.as_bytes(), own.0.as_bytes()).is_ok()
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn c4_the_example_of_the_rfc_matches() {
        let verifier = Verifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        let challenge =
            Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256").unwrap();
        assert!(challenge.matches(&verifier));
    }

    #[test]
    fn c4_what_is_generated_is_a_verifier_of_256_bits() {
        use secrecy::ExposeSecret as _;
        let mut asked = 0;
        let mut fill = |bytes: &mut [u8]| {
            asked += bytes.len();
            bytes.fill(0xfb);
            true
        };
        let verifier = Verifier::generate(&mut fill).unwrap();
        assert_eq!(asked, 32);
        assert!(Verifier::parse(verifier.text().expose_secret()).is_ok());
        assert!(Verifier::generate(&mut |_| false).is_none());
    }

    #[test]
    fn c4_only_s256_is_a_method() {
        for method in ["plain", "", "s256", "S512", "none"] {
            let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", method);
            assert_eq!(challenge, Err(InvalidPkce::Method), "{method}");
        }
    }

    #[test]
    fn c4_lengths_and_characters_are_those_of_the_rfc() {
        assert!(Verifier::parse(&"a".repeat(43)).is_ok());
        assert!(Verifier::parse(&"~".repeat(128)).is_ok());
        for text in [
            String::new(),
            "a".repeat(42),
            "a".repeat(129),
            format!("{} ", "a".repeat(43)),
            format!("{}+", "a".repeat(43)),
            format!("{}é", "a".repeat(43)),
        ] {
            assert!(Verifier::parse(&text).is_err(), "{text}");
        }
        for text in [
            "",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=",
            // The same digest with other bits where none belong.
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
        ] {
            assert!(Challenge::parse(text, "S256").is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_challenge_is_of_its_verifier_only(
            one in "[A-Za-z0-9._~-]{43,128}",
            other in "[A-Za-z0-9._~-]{43,128}",
        ) {
            let (a, b) = (Verifier::parse(&one).unwrap(), Verifier::parse(&other).unwrap());
            let challenge = Challenge::parse(a.challenge().as_str(), "S256").unwrap();
            prop_assert!(challenge.matches(&a));
            prop_assert_eq!(challenge.matches(&b), one == other);
        }
    }
}
