//! The strict reading of a signed token (RFC 7515 section 7.1, RFC 7519), before any of it is
//! believed.
//!
//! The libraries below are lenient where standards let them be; an identity is no place for that.
//! Here a token has exactly one spelling: three parts of canonical base64url, JSON objects without
//! repeated members, and a header in which nothing asks for keys or rules from elsewhere.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::JwtError;

/// Longer tokens are refused unread.
pub(in crate::auth) const MAX_LENGTH: usize = 8 * 1024;

/// Header members that change how a token is verified, or say where its key is: never followed,
/// and a token that carries one is not of any issuer that is trusted here (J2).
const FORBIDDEN: [&str; 9] = [
    "b64", "crit", "cty", "enc", "jku", "jwk", "x5c", "x5u", "zip",
];

/// The algorithms that a signature may be made with. No symmetric one and no `none` among them, so
/// that a public key can never be taken for a secret (J1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518).
    Rs256,
    /// ECDSA on P-256 with SHA-256 (RFC 7518).
    Es256,
    /// Ed25519 (RFC 8037).
    EdDsa,
}

impl Algorithm {
    /// Reads the name that headers and keys use, case and all.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }

    pub(in crate::auth) fn of_library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

/// A token that is well formed. Nothing in it is true until its signature is verified.
pub(in crate::auth) struct Compact<'a> {
    pub(in crate::auth) header: Members,
    pub(in crate::auth) algorithm: Algorithm,
    pub(in crate::auth) kid: String,
    pub(in crate::auth) claims: Members,
    /// The text that is signed.
    pub(in crate::auth) signed: &'a str,
    signature: &'a str,
}

impl<'a> Compact<'a> {
    pub(in crate::auth) fn parse(token: &'a str) -> Result<Self, JwtError> {
        if token.len() > MAX_LENGTH {
            return Err(JwtError::Malformed("it is too long"));
        }
        let (signed, signature) = token
            .rsplit_once('.')
            .ok_or(JwtError::Malformed("it has not three parts"))?;
        let (header, claims) = signed
            .split_once('.')
            .ok_or(JwtError::Malformed("it has not three parts"))?;
        // A fourth part would hold a character that base64url has not.
        decode(signature)?;
        let header = Members::read(&decode(header)?)?;
        if FORBIDDEN.iter().any(|name| header.0.contains_key(*name)) {
            return Err(JwtError::Header("it has a member that is not allowed"));
        }
        let algorithm = header.text("alg", JwtError::Algorithm)?;
        let algorithm = Algorithm::parse(algorithm).ok_or(JwtError::Algorithm)?;
        let kid = header.text("kid", JwtError::UnknownKey)?.to_owned();
        let claims = Members::read(&decode(claims)?)?;
        Ok(Self {
            header,
            algorithm,
            kid,
            claims,
            signed,
            signature,
        })
    }

    /// Verifies the signature with a key that the caller found by `kid` and `algorithm`.
    pub(in crate::auth) fn verify(&self, key: &DecodingKey) -> Result<(), JwtError> {
        let verified = jsonwebtoken::crypto::verify(
            self.signature,
            self.signed.as_bytes(),
            key,
            self.algorithm.of_library(),
        );
        match verified {
            Ok(true) => Ok(()),
            _ => Err(JwtError::Signature),
        }
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JwtError> {
    if part.is_empty() {
        return Err(JwtError::Malformed("a part is empty"));
    }
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| JwtError::Malformed("a part is not base64url without padding"))
}

/// The members of a JSON object.
pub(in crate::auth) struct Members(Map<String, Value>);

impl Members {
    fn read(json: &[u8]) -> Result<Self, JwtError> {
        match serde_json::from_slice(json) {
            Ok(Unique(Value::Object(members))) => Ok(Self(members)),
            _ => Err(JwtError::Malformed(
                "a part is not a JSON object with each member once",
            )),
        }
    }

    pub(in crate::auth) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(in crate::auth) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A member that must be there and be a text that is not empty.
    pub(in crate::auth) fn text(&self, name: &str, error: JwtError) -> Result<&str, JwtError> {
        match self.0.get(name) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            _ => Err(error),
        }
    }

    /// A `NumericDate` that must be there: whole seconds, as a number and not as text (J3).
    pub(in crate::auth) fn time(&self, name: &'static str) -> Result<Timestamp, JwtError> {
        let seconds = self.0.get(name).and_then(Value::as_u64);
        seconds
            .and_then(|seconds| i64::try_from(seconds).ok())
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .ok_or(JwtError::Claim(name))
    }
}

/// A JSON value in which no object names a member twice. Parsers differ in which of the two they
/// keep, so one may check what another never sees.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON with each member once")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unique(value)) = access.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let Unique(value) = access.next_value()?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is named twice"));
            }
        }
        Ok(members.into())
    }
}
