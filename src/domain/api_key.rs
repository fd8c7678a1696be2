//! API keys: the text that a person holds, and what the server keeps of it.
//!
//! A key is `^nsk_[0-9A-Za-z]{48}$`: `nsk_`, 10 characters of public lookup id, 32 characters of
//! secret (190 bits), 6 characters of checksum. The checksum is the CRC-32 of ISO-HDLC (the one of
//! gzip and PNG) over all characters before it, as a number of base 62 with the digits `0-9A-Za-z`,
//! the most significant digit first, filled with zeros. It finds typing errors and helps scanners;
//! it proves nothing. `docs/api-key-format.md` publishes this with test vectors.

pub mod hash;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// What every key starts with.
pub const KEY_PREFIX: &str = "nsk_";
/// Longest label, characters.
pub const LABEL_LENGTH: usize = 128;
/// Length of a lookup id.
pub const LOOKUP_ID_LENGTH: usize = 10;
/// Length of a whole key.
pub const KEY_LENGTH: usize = KEY_PREFIX.len() + RANDOM_LENGTH + CHECKSUM_LENGTH;

const RANDOM_LENGTH: usize = LOOKUP_ID_LENGTH + 32;
const CHECKSUM_LENGTH: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Text that is no key. Says nothing of the text itself, which may be half a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidKey {
    /// Wrong length, prefix or characters.
    #[error("a key is nsk_ and 48 letters and digits")]
    Shape,
    /// A typing error, or an invention.
    #[error("the checksum of the key is wrong: is it copied whole?")]
    Checksum,
}

/// A whole key, as its holder sends it. Exists in memory only.
#[derive(Clone)]
pub struct PlainKey(SecretString);

impl PlainKey {
    /// Checks shape and checksum, which costs nothing and asks nobody.
    ///
    /// # Errors
    /// When the text cannot be a key that was ever issued.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let well_formed = text.len() == KEY_LENGTH
            && text.starts_with(KEY_PREFIX)
            && text[KEY_PREFIX.len()..]
                .bytes()
                .all(|b| b.is_ascii_alphanumeric());
        if !well_formed {
            return Err(InvalidKey::Shape);
        }
        let (body, sum) = text.split_at(KEY_LENGTH - CHECKSUM_LENGTH);
        if sum.as_bytes() != checksum(body) {
            return Err(InvalidKey::Checksum);
        }
        Ok(Self(text.into()))
    }

    /// A new key from random bytes, which `fill` writes; nothing when it fails.
    pub fn generate(fill: &mut dyn FnMut(&mut [u8]) -> bool) -> Option<Self> {
        let mut text = String::with_capacity(KEY_LENGTH);
        text.push_str(KEY_PREFIX);
        while text.len() < KEY_PREFIX.len() + RANDOM_LENGTH {
            let mut bytes = [0_u8; RANDOM_LENGTH];
            if !fill(&mut bytes) {
                return None;
            }
            // Values from 248 on would favour the first characters.
            let fair = bytes.iter().filter(|b| **b < 248);
            let missing = KEY_PREFIX.len() + RANDOM_LENGTH - text.len();
            text.extend(fair.take(missing).map(|b| digit(u32::from(*b))));
        }
        let sum = checksum(&text);
        text.extend(sum.map(char::from));
        Some(Self(text.into()))
    }

    /// The public first part, by which the key is found.
    #[must_use]
    pub fn lookup_id(&self) -> &str {
        &self.0.expose_secret()[KEY_PREFIX.len()..KEY_PREFIX.len() + LOOKUP_ID_LENGTH]
    }

    /// What lists show of the key: `nsk_` and the lookup id.
    #[must_use]
    pub fn prefix(&self) -> String {
        display_prefix(self.lookup_id())
    }

    /// The whole key.
    #[must_use]
    pub fn text(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for PlainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainKey({}…)", self.prefix())
    }
}

/// Whether people can read this as the label of a key.
#[must_use]
pub fn is_label(text: &str) -> bool {
    (1..=LABEL_LENGTH).contains(&text.chars().count())
        && text.trim() == text
        && !text.chars().any(char::is_control)
}

/// What lists show of a key with this lookup id.
#[must_use]
pub fn display_prefix(lookup_id: &str) -> String {
    format!("{KEY_PREFIX}{lookup_id}")
}

fn digit(value: u32) -> char {
    char::from(ALPHABET[value as usize % ALPHABET.len()])
}

fn checksum(body: &str) -> [u8; CHECKSUM_LENGTH] {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [0; CHECKSUM_LENGTH];
    for place in digits.iter_mut().rev() {
        *place = ALPHABET[rest as usize % ALPHABET.len()];
        rest /= 62;
    }
    digits
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scopes {
    /// Read.
    pub read: bool,
    /// Create, change and delete. Does not hold `read`.
    pub write: bool,
}

impl Scopes {
    /// All that there are: what a key without a list of scopes has.
    pub const ALL: Self = Self {
        read: true,
        write: true,
    };
    /// Reading only.
    pub const READ: Self = Self {
        read: true,
        write: false,
    };

    /// Whether everything in `other` is in these as well.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.intersect(other) == other
    }

    /// What is in both.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        Self {
            read: self.read && other.read,
            write: self.write && other.write,
        }
    }
}

/// What a key stands for. Whoever mints a key with a key can give it no more than this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What it may do.
    pub scopes: Scopes,
    /// Name of the only project that it may touch; all of the tenant without.
    pub project: Option<Arc<str>>,
    /// Time from which it is refused.
    pub expires_at: Option<Timestamp>,
}

/// The way in which a grant is wider than the one that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Wider {
    /// A scope that the parent has not.
    #[error("the new key cannot have a scope that the key which mints it has not")]
    Scopes,
    /// Another project, or all of them.
    #[error("the new key must be bound to the project of the key which mints it")]
    Project,
    /// A later end, or none.
    #[error("the new key must expire no later than the key which mints it")]
    Expiry,
}

impl Grant {
    /// Checks that `child` is no wider than this.
    ///
    /// # Errors
    /// Names the first way in which it is.
    pub fn admits(&self, child: &Self) -> Result<(), Wider> {
        if !self.scopes.covers(child.scopes) {
            return Err(Wider::Scopes);
        }
        if self.project.is_some() && child.project != self.project {
            return Err(Wider::Project);
        }
        match (self.expires_at, child.expires_at) {
            (Some(_), None) => Err(Wider::Expiry),
            (Some(own), Some(other)) if other > own => Err(Wider::Expiry),
            _ => Ok(()),
        }
    }
}

/// An `ApiKey` object, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// `metadata.uid`.
    pub uid: String,
    /// `key-` and the first 16 hexadecimal digits of the UID.
    pub id: String,
    /// Namespace, which is the tenant.
    pub namespace: Arc<str>,
    /// `metadata.name`.
    pub name: String,
    /// Public first part of the key.
    pub lookup_id: String,
    /// argon2id hash of the whole key, in PHC string format.
    pub hash: Box<str>,
    /// Name for people.
    pub label: String,
    /// Id of the user for whom the key acts.
    pub user: Option<Arc<str>>,
    /// What a key from Git is used for.
    pub role: Option<Arc<str>>,
    /// `metadata.creationTimestamp`.
    pub created_at: Timestamp,
    /// Time from which the key is refused.
    pub expires_at: Option<Timestamp>,
    /// What it may do.
    pub scopes: Scopes,
    /// Name of the only project that it may touch.
    pub project: Option<Arc<str>>,
    /// Id of the key or session that minted it.
    pub parent: Option<Arc<str>>,
    /// Ended, though the object is still there.
    pub revoked: bool,
    /// Another field manager than the API owns the object, so the API must not delete it.
    pub is_managed_elsewhere: bool,
}

#[cfg(test)]
mod tests;
