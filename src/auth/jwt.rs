//! Our own access tokens: short-lived JWTs (RFC 9068's `at+jwt`) signed with Ed25519.
//!
//! A ring is a value: it is made anew when keys rotate, and swapped. Decides from its arguments
//! alone; knows no clock.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{DecodingKey, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;

use super::opaque::sha256;
use super::seal::{SealError, SecretKey};

pub(super) mod compact;

pub use compact::Algorithm;
use compact::Compact;

/// `typ` of an access token: no other kind of token has it (J4).
const TYPE: &str = "at+jwt";
/// What clocks may differ by, for the start of a token but never for its end (J3).
pub(super) const LEEWAY: SignedDuration = SignedDuration::from_secs(30);
/// Purpose of sealed signing keys.
const SEAL_PURPOSE: &str = "access token signing key";

/// Why a token is refused, or a key cannot be used. Holds nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JwtError {
    /// Not a token at all.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// A header that is not ours.
    #[error("the header of the token is refused: {0}")]
    Header(&'static str),
    /// No, or another, algorithm than the one that the key is for.
    #[error("the algorithm of the token is refused")]
    Algorithm,
    /// A token of another kind.
    #[error("the type of the token is refused")]
    Type,
    /// No such key.
    #[error("the token is signed with an unknown key")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the signature of the token is wrong")]
    Signature,
    /// A claim that is missing, of the wrong type, or not what is expected.
    #[error("the claim {0} of the token is refused")]
    Claim(&'static str),
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYet,
    /// A ring without keys.
    #[error("there is no key to sign with")]
    NoKey,
    /// A key that cannot be made or read.
    #[error("failed to make or read a signing key")]
    Key,
    /// A key that cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// What an access token says. Issuer and audience are the ring's; `nbf` is `iat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Id of the user.
    pub sub: String,
    /// Id of the session.
    pub sid: String,
    /// Id of the tenant.
    pub tid: String,
    /// Address of the user.
    pub email: String,
    /// Time of issue.
    pub iat: Timestamp,
    /// Time from which it is refused.
    pub exp: Timestamp,
    /// Id of the token.
    pub jti: String,
}

#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    sid: &'a str,
    tid: &'a str,
    email: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: &'a str,
}

/// A key that signs access tokens.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    signs_from: Timestamp,
    private: SecretSlice<u8>,
    public: Vec<u8>,
}

impl SigningKey {
    /// A new key. Replicas learn of it before `signs_from`, so that none meets a token that it
    /// cannot verify.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate(signs_from: Timestamp) -> Result<Self, JwtError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| JwtError::Key)?;
        let document = pair.to_pkcs8().map_err(|_| JwtError::Key)?;
        Self::from_pkcs8(document.as_ref().to_vec().into(), signs_from)
    }

    /// Opens a stored key. Its `kid` is a function of the key itself, and part of the seal.
    ///
    /// # Errors
    /// When it was sealed by another secret key, or is not the key of this `kid`.
    pub fn open(
        kid: &str,
        signs_from: Timestamp,
        sealed: &str,
        secret: &SecretKey,
    ) -> Result<Self, JwtError> {
        let private = secret.open(SEAL_PURPOSE, kid, sealed)?;
        let key = Self::from_pkcs8(private, signs_from)?;
        if key.kid == kid {
            Ok(key)
        } else {
            Err(JwtError::Key)
        }
    }

    /// The private key (PKCS #8), sealed for the store.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn seal(&self, secret: &SecretKey) -> Result<String, JwtError> {
        Ok(secret.seal(SEAL_PURPOSE, &self.kid, self.private.expose_secret())?)
    }

    /// Takes up a private Ed25519 key (PKCS #8, RFC 8410).
    ///
    /// # Errors
    /// When it is not one.
    pub fn from_pkcs8(private: SecretSlice<u8>, signs_from: Timestamp) -> Result<Self, JwtError> {
        let pair =
            Ed25519KeyPair::from_pkcs8(private.expose_secret()).map_err(|_| JwtError::Key)?;
        let public = pair.public_key().as_ref().to_vec();
        let x = URL_SAFE_NO_PAD.encode(&public);
        // The thumbprint of RFC 7638: required members only, in order.
        let thumbprint = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        Ok(Self {
            kid: URL_SAFE_NO_PAD.encode(sha256(thumbprint.as_bytes())),
            signs_from,
            private,
            public,
        })
    }

    /// Name of the key: its JWK thumbprint (RFC 7638).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// From when it signs.
    #[must_use]
    pub fn signs_from(&self) -> Timestamp {
        self.signs_from
    }

    /// The public half (RFC 7517, RFC 8037).
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "kid": self.kid,
            "x": URL_SAFE_NO_PAD.encode(&self.public),
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

/// All keys whose tokens may still be valid. The newest that has begun to sign signs; all verify.
pub struct KeyRing {
    issuer: String,
    audience: String,
    /// Newest first.
    keys: Vec<Ringed>,
}

struct Ringed {
    key: SigningKey,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl KeyRing {
    /// A ring of these keys, in any order.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        keys: impl IntoIterator<Item = SigningKey>,
    ) -> Result<Self, JwtError> {
        let ringed = |key: SigningKey| Ringed {
            encoding: EncodingKey::from_ed_der(key.private.expose_secret()),
            decoding: DecodingKey::from_ed_der(&key.public),
            key,
        };
        let mut keys = keys.into_iter().map(ringed).collect::<Vec<_>>();
        keys.sort_by(|a, b| {
            let order = |r: &Ringed| (r.key.signs_from, r.key.kid.clone());
            order(b).cmp(&order(a))
        });
        if keys.is_empty() {
            return Err(JwtError::NoKey);
        }
        Ok(Self {
            issuer: issuer.into(),
            audience: audience.into(),
            keys,
        })
    }

    /// Signs a token with the newest key that signs at `claims.iat`; with the oldest, if none does.
    ///
    /// # Errors
    /// When the library refuses the key.
    pub fn issue(&self, claims: &Claims) -> Result<SecretString, JwtError> {
        let ringed = self
            .keys
            .iter()
            .find(|ringed| ringed.key.signs_from <= claims.iat)
            .or(self.keys.last())
            .ok_or(JwtError::NoKey)?;
        let mut header = Header::new(jsonwebtoken::Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(ringed.key.kid.clone());
        let payload = Payload {
            iss: &self.issuer,
            aud: &self.audience,
            sub: &claims.sub,
            sid: &claims.sid,
            tid: &claims.tid,
            email: &claims.email,
            iat: claims.iat.as_second(),
            nbf: claims.iat.as_second(),
            exp: claims.exp.as_second(),
            jti: &claims.jti,
        };
        let token = jsonwebtoken::encode(&header, &payload, &ringed.encoding);
        token.map(Into::into).map_err(|_| JwtError::Key)
    }

    /// Reads a token of ours.
    ///
    /// # Errors
    /// When it is not ours, was changed, or is not valid at `now`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, JwtError> {
        let token = Compact::parse(token)?;
        if token.algorithm != Algorithm::EdDsa {
            return Err(JwtError::Algorithm);
        }
        if token.header.get("typ").and_then(Value::as_str) != Some(TYPE) {
            return Err(JwtError::Type);
        }
        if token
            .header
            .names()
            .any(|name| !matches!(name, "alg" | "kid" | "typ"))
        {
            return Err(JwtError::Header("it has a member that is not ours"));
        }
        let ringed = self.keys.iter().find(|ringed| ringed.key.kid == token.kid);
        token.verify(&ringed.ok_or(JwtError::UnknownKey)?.decoding)?;
        self.claims(&token, now)
    }

    fn claims(&self, token: &Compact<'_>, now: Timestamp) -> Result<Claims, JwtError> {
        let claims = &token.claims;
        let text = |name| claims.text(name, JwtError::Claim(name));
        if text("iss")? != self.issuer {
            return Err(JwtError::Claim("iss"));
        }
        if text("aud")? != self.audience {
            return Err(JwtError::Claim("aud"));
        }
        let (iat, nbf, exp) = (
            claims.time("iat")?,
            claims.time("nbf")?,
            claims.time("exp")?,
        );
        if exp <= now {
            return Err(JwtError::Expired);
        }
        if [iat, nbf]
            .iter()
            .any(|start| start.duration_since(now) > LEEWAY)
        {
            return Err(JwtError::NotYet);
        }
        Ok(Claims {
            sub: text("sub")?.to_owned(),
            sid: text("sid")?.to_owned(),
            tid: text("tid")?.to_owned(),
            email: text("email")?.to_owned(),
            iat,
            exp,
            jti: text("jti")?.to_owned(),
        })
    }

    /// The public halves of all keys, for `/.well-known/jwks.json` (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Value {
        let keys = self.keys.iter().map(|ringed| ringed.key.public_jwk());
        json!({ "keys": keys.collect::<Vec<_>>() })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|r| &r.key))
            .finish()
    }
}

#[cfg(test)]
mod tests;
