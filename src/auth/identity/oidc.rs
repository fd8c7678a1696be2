//! Id tokens of OpenID Connect issuers (OpenID Connect Core 1.0 section 3.1.3.7).
//!
//! The console forwards them here, so the signature is always verified: the exemption for tokens
//! that come straight from the token endpoint does not hold (J5). An id token says who someone is,
//! once and just now; it is never a session (J4).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use thiserror::Error;

use super::keystore::{KeyStore, KeyStoreError};
use super::{Identity, display_name};
use crate::auth::jwt::compact::Compact;
use crate::auth::jwt::{Algorithm, JwtError, LEEWAY};
use crate::auth::opaque::sha256;
use crate::domain::email::Email;

/// Oldest token that is taken.
const MAX_TOKEN_AGE: SignedDuration = SignedDuration::from_mins(5);
/// Longest `sub` (OpenID Connect Core 1.0 section 2).
const MAX_SUBJECT_LENGTH: usize = 255;

/// Why nobody was identified.
#[derive(Debug, Error)]
pub enum OidcError {
    /// The token is not one that is taken here.
    #[error("failed to verify the id token: {0}")]
    Token(#[from] JwtError),
    /// The address is not known to be the person's.
    #[error("the provider does not vouch for the e-mail address")]
    Email,
    /// The issuer's keys cannot be had.
    #[error("failed to verify the id token")]
    Keys(#[from] KeyStoreError),
}

/// What kind of issuer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerKind {
    /// Google, whose `email_verified` alone does not say that the address is still the person's
    /// (J6).
    Google,
    /// Any other.
    Generic,
}

/// Which id tokens are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerPolicy {
    /// Name of the provider.
    pub name: String,
    /// The spellings of `iss`.
    pub issuers: Vec<String>,
    /// Our id at the issuer.
    pub client_id: String,
    /// The algorithms that it may sign with.
    pub algorithms: Vec<Algorithm>,
    /// What kind of issuer it is.
    pub kind: IssuerKind,
}

impl IssuerPolicy {
    /// Where Google's keys are.
    pub const GOOGLE_KEYS: &'static str = "https://www.googleapis.com/oauth2/v3/certs";

    /// Google's policy for our client id.
    #[must_use]
    pub fn google(client_id: impl Into<String>) -> Self {
        Self {
            name: "google".to_owned(),
            issuers: vec![
                "https://accounts.google.com".to_owned(),
                "accounts.google.com".to_owned(),
            ],
            client_id: client_id.into(),
            algorithms: vec![Algorithm::Rs256],
            kind: IssuerKind::Google,
        }
    }
}

/// An id token that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whom it names.
    pub identity: Identity,
    /// What the store remembers it by, so that it is taken once.
    pub digest: [u8; 32],
    /// Until when it must be remembered; later it would be refused anyway.
    pub remember_until: Timestamp,
}

/// Verifies an id token. `nonce` is the one that the sign-in began with, if it sent one.
///
/// # Errors
/// When the token is refused, or the issuer's keys cannot be had.
pub async fn verify(
    policy: &IssuerPolicy,
    keys: &KeyStore,
    token: &str,
    nonce: Option<&str>,
    now: Timestamp,
) -> Result<Verified, OidcError> {
    let compact = Compact::parse(token)?;
    if !policy.algorithms.contains(&compact.algorithm) {
        return Err(JwtError::Algorithm.into());
    }
    check_type(&compact)?;
    // What is said is checked before the keys are asked for, so that only a token that looks like
    // one of this issuer's makes us ask; it is believed only after the signature.
    let remember_until = check_claims(policy, &compact, nonce, now)?;
    let key = keys.key(&compact.kid, compact.algorithm, now).await?;
    compact.verify(&key.ok_or(JwtError::UnknownKey)?)?;
    Ok(Verified {
        identity: identity(policy, &compact)?,
        digest: sha256(compact.signed.as_bytes()),
        remember_until,
    })
}

/// What a token is remembered by: a digest of what is signed. The signature itself has no part in
/// it, since an ECDSA signature has a second spelling that verifies as well.
#[must_use]
pub fn digest(token: &str) -> [u8; 32] {
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    sha256(signed.as_bytes())
}

/// An id token has no type or the general one; other kinds have their own (RFC 8725 section 3.11).
fn check_type(token: &Compact<'_>) -> Result<(), JwtError> {
    match token.header.get("typ") {
        None => Ok(()),
        Some(Value::String(name)) if name.eq_ignore_ascii_case("JWT") => Ok(()),
        Some(_) => Err(JwtError::Type),
    }
}

fn check_claims(
    policy: &IssuerPolicy,
    token: &Compact<'_>,
    nonce: Option<&str>,
    now: Timestamp,
) -> Result<Timestamp, JwtError> {
    let claims = &token.claims;
    let issuer = claims.text("iss", JwtError::Claim("iss"))?;
    if !policy.issuers.iter().any(|known| known == issuer) {
        return Err(JwtError::Claim("iss"));
    }
    let is_ours = |value: &Value| value.as_str() == Some(policy.client_id.as_str());
    let audience = match claims.get("aud") {
        Some(Value::Array(several)) => several.len() == 1 && several.iter().all(is_ours),
        Some(single) => is_ours(single),
        None => false,
    };
    if !audience {
        return Err(JwtError::Claim("aud"));
    }
    if !claims.get("azp").is_none_or(is_ours) {
        return Err(JwtError::Claim("azp"));
    }
    if nonce.is_some() && claims.get("nonce").and_then(Value::as_str) != nonce {
        return Err(JwtError::Claim("nonce"));
    }
    let (iat, exp) = (claims.time("iat")?, claims.time("exp")?);
    let oldest = iat + MAX_TOKEN_AGE;
    if exp <= now || oldest < now {
        return Err(JwtError::Expired);
    }
    let nbf = claims.get("nbf").map_or(Ok(iat), |_| claims.time("nbf"))?;
    if [iat, nbf]
        .iter()
        .any(|start| start.duration_since(now) > LEEWAY)
    {
        return Err(JwtError::NotYet);
    }
    Ok(exp.min(oldest + SignedDuration::from_secs(1)))
}

fn identity(policy: &IssuerPolicy, token: &Compact<'_>) -> Result<Identity, OidcError> {
    let claims = &token.claims;
    let subject = claims.text("sub", JwtError::Claim("sub"))?;
    if subject.len() > MAX_SUBJECT_LENGTH || !subject.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(JwtError::Claim("sub").into());
    }
    let email = claims.text("email", JwtError::Claim("email"))?;
    let email = Email::parse(email).map_err(|_| OidcError::Email)?;
    let is_verified = claims.get("email_verified") == Some(&Value::Bool(true));
    // Of an address at another domain Google knows that it was the person's once; the domain may
    // have been sold since. `hd` says that Google itself hosts it.
    let is_hosted = || claims.text("hd", JwtError::Claim("hd")).is_ok();
    let is_authoritative = match policy.kind {
        IssuerKind::Google => email.domain() == "gmail.com" || is_hosted(),
        IssuerKind::Generic => true,
    };
    if !is_verified || !is_authoritative {
        return Err(OidcError::Email);
    }
    Ok(Identity {
        provider: policy.name.clone(),
        subject: subject.to_owned(),
        email,
        name: claims
            .get("name")
            .and_then(Value::as_str)
            .and_then(display_name),
    })
}
