//! Tokens that mean nothing but themselves: 256 random bits behind a prefix that says their kind.
//! Only their SHA-256 is stored: with so many bits nothing slower is needed.

use std::fmt;

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// Length of the random part: the base64url of 32 bytes.
const RANDOM_LENGTH: usize = 43;

/// The operating system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("failed to read random bytes")]
pub struct NoRandomness;

/// Text that is no token of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a token of this kind")]
pub struct InvalidToken;

/// What a token is for. One of another kind is never taken for it (J4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Renews a session, once.
    Refresh,
    /// Is swapped for an API key by the CLI, once.
    CliCode,
    /// Is asked about by a device until a person has approved it.
    DeviceCode,
}

impl TokenKind {
    /// What tokens of this kind start with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Refresh => "nsr_",
            Self::CliCode => "nsc_",
            Self::DeviceCode => "nsd_",
        }
    }
}

/// A token, as its holder sends it.
#[derive(Clone)]
pub struct OpaqueToken(SecretString);

impl OpaqueToken {
    /// A new token.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate(kind: TokenKind) -> Result<Self, NoRandomness> {
        let mut bytes = [0_u8; 32];
        rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
        let mut text = String::with_capacity(kind.prefix().len() + RANDOM_LENGTH);
        text.push_str(kind.prefix());
        URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
        Ok(Self(text.into()))
    }

    /// Reads a token of this kind.
    ///
    /// # Errors
    /// When it cannot be one, so that nothing need be looked up.
    pub fn parse(kind: TokenKind, text: &str) -> Result<Self, InvalidToken> {
        let random = text.strip_prefix(kind.prefix()).ok_or(InvalidToken)?;
        let is_whole = random.len() == RANDOM_LENGTH && URL_SAFE_NO_PAD.decode(random).is_ok();
        is_whole.then(|| Self(text.into())).ok_or(InvalidToken)
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.0.expose_secret().as_bytes())
    }

    /// The whole token.
    #[must_use]
    pub fn text(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpaqueToken({}…)", &self.0.expose_secret()[..4])
    }
}

/// SHA-256 of the bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [TokenKind; 3] = [
        TokenKind::Refresh,
        TokenKind::CliCode,
        TokenKind::DeviceCode,
    ];

    #[test]
    fn j4_a_token_is_of_its_kind_only() {
        for kind in KINDS {
            let token = OpaqueToken::generate(kind).unwrap();
            let text = token.text().expose_secret();
            for other in KINDS {
                let read = OpaqueToken::parse(other, text).map(|t| t.hash());
                assert_eq!(read.ok(), (other == kind).then(|| token.hash()));
            }
        }
    }

    #[test]
    fn tokens_and_their_hashes_differ() {
        let tokens = [(); 100].map(|()| OpaqueToken::generate(TokenKind::Refresh).unwrap());
        let hashes = tokens.iter().map(OpaqueToken::hash);
        assert_eq!(hashes.collect::<std::collections::HashSet<_>>().len(), 100);
    }

    #[test]
    fn other_text_is_no_token() {
        let token = OpaqueToken::generate(TokenKind::CliCode).unwrap();
        let text = token.text().expose_secret();
        for wrong in [
            String::new(),
            "nsc_".to_owned(),
            format!("{text}="),
            format!(" {text}"),
            text[..46].to_owned(),
            text.to_uppercase(),
            format!("nsc_{}+", &text[4..46]),
        ] {
            assert!(
                OpaqueToken::parse(TokenKind::CliCode, &wrong).is_err(),
                "{wrong}"
            );
        }
        assert!(!format!("{token:?}").contains(&text[4..]));
    }
}
