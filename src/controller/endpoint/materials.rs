//! Credentials of an Endpoint: taken up where they are stored and still good, else made anew.

use std::net::IpAddr;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;

use super::observe::Observed;
use super::validate::ValidEndpoint;
use crate::auth::certificate::{Authority, KeyedCertificate, Names};
use crate::auth::password;
use crate::controller::error::Error;

/// Keys of the Secret in the workload namespace.
pub(super) const PASSWORD: &str = "password";
pub(super) const VERIFIER: &str = "verifier";
pub(super) const SEAL: &str = "seal";
pub(super) const CERTIFICATE: &str = "tls.crt";
pub(super) const KEY: &str = "tls.key";

/// Credentials of one server.
#[derive(Clone, Debug)]
pub(super) struct Materials {
    /// The role's password, unless only its owner knows it.
    pub password: Option<SecretString>,
    /// SCRAM-SHA-256 verifier of the password.
    pub verifier: String,
    /// The server's certificate.
    pub certificate: KeyedCertificate,
}

/// Takes up what is stored, and makes what is missing, outdated or about to expire.
///
/// # Errors
/// When no key or password can be made.
pub(super) fn prepare(
    valid: &ValidEndpoint,
    observed: &Observed,
    address: Option<IpAddr>,
    authority: &Authority,
    now: Timestamp,
) -> Result<Materials, Error> {
    let stored = observed.credentials.as_deref();
    let (password, verifier) = role(valid, observed, stored)?;
    let names = Names {
        host: valid.host.clone(),
        address,
    };
    let certificate = match stored_certificate(stored) {
        Some(kept) if authority.still_good(&kept.certificate, &names, now) => kept,
        _ => authority.issue(&names, now)?,
    };
    Ok(Materials {
        password,
        verifier,
        certificate,
    })
}

fn role(
    valid: &ValidEndpoint,
    observed: &Observed,
    stored: Option<&Secret>,
) -> Result<(Option<SecretString>, String), Error> {
    if let Some(verifier) = &valid.given_verifier {
        return Ok((None, verifier.clone()));
    }
    let kept = |key| stored.and_then(|secret| text(secret, key));
    let is_whole = stored.is_some_and(is_whole);
    let (password, is_stored) = match (&observed.referred_password, kept(PASSWORD)) {
        (Some(Ok(referred)), _) => (referred.clone(), false),
        (_, Some(kept)) if is_whole => (kept.into(), true),
        _ => match &observed.published_password {
            Some(published) => (published.clone(), false),
            None => (password::generate()?, false),
        },
    };
    // A whole pair was made together; only a password from elsewhere is compared.
    let verifier = kept(VERIFIER)
        .filter(|_| is_whole)
        .filter(|verifier| is_stored || password::verify(&password, verifier).unwrap_or(false));
    let verifier = match verifier {
        Some(verifier) => verifier,
        None => password::verifier(&password)?,
    };
    Ok((Some(password), verifier))
}

/// Digest over password and verifier, by which an edit by hand is known.
pub(super) fn seal(password: &str, verifier: &str) -> String {
    let pair = format!("{password}\0{verifier}");
    STANDARD.encode(digest::digest(&digest::SHA256, pair.as_bytes()).as_ref())
}

/// Whether password and verifier are as the operator stored them.
pub(super) fn is_whole(stored: &Secret) -> bool {
    let verifier = text(stored, VERIFIER).unwrap_or_default();
    let password = text(stored, PASSWORD).unwrap_or_default();
    text(stored, SEAL) == Some(seal(&password, &verifier))
}

fn stored_certificate(stored: Option<&Secret>) -> Option<KeyedCertificate> {
    let stored = stored?;
    Some(KeyedCertificate {
        certificate: text(stored, CERTIFICATE)?,
        key: text(stored, KEY)?.into(),
    })
}

fn text(secret: &Secret, key: &str) -> Option<String> {
    let bytes = &secret.data.as_ref()?.get(key)?.0;
    String::from_utf8(bytes.clone()).ok()
}
