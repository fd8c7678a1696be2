//! Passwords of Postgres roles and their SCRAM-SHA-256 verifiers (RFC 5802, RFC 7677), in the
//! form that `pg_authid.rolpassword` holds (PostgreSQL manual, "`pg_authid`").

use std::num::NonZeroU32;

use aws_lc_rs::{constant_time, digest, hmac, pbkdf2, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// Iterations of a new verifier: the server's own default.
const ITERATIONS: u32 = 4_096;
const SALT_LENGTH: usize = 16;
const GENERATED_LENGTH: usize = 32;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// No password or verifier could be made.
#[derive(Debug, Error)]
pub enum PasswordError {
    /// The operating system gave no randomness.
    #[error("failed to read random bytes")]
    Randomness,
    /// Not a SCRAM-SHA-256 verifier.
    #[error(
        "the verifier is not of the form SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>"
    )]
    Malformed,
}

/// A new password: 32 characters of `0-9A-Za-z`, 190 bits.
///
/// # Errors
/// When there is no randomness.
pub fn generate() -> Result<SecretString, PasswordError> {
    let mut password = String::with_capacity(GENERATED_LENGTH);
    while password.len() < GENERATED_LENGTH {
        let mut bytes = [0_u8; GENERATED_LENGTH];
        rand::fill(&mut bytes).map_err(|_| PasswordError::Randomness)?;
        // Values from 248 on would favour the first characters.
        let fair = bytes
            .iter()
            .filter(|b| **b < 248)
            .map(|b| usize::from(*b) % 62);
        for index in fair.take(GENERATED_LENGTH - password.len()) {
            password.push(char::from(ALPHABET[index]));
        }
    }
    Ok(password.into())
}

/// A new verifier of the password, with a salt of its own.
///
/// # Errors
/// When there is no randomness.
pub fn verifier(password: &SecretString) -> Result<String, PasswordError> {
    let mut salt = [0_u8; SALT_LENGTH];
    rand::fill(&mut salt).map_err(|_| PasswordError::Randomness)?;
    derive(password, &salt, ITERATIONS)
}

/// Whether the verifier is of this password.
///
/// # Errors
/// When the verifier is malformed.
pub fn verify(password: &SecretString, verifier: &str) -> Result<bool, PasswordError> {
    let (iterations, salt) = parameters(verifier).ok_or(PasswordError::Malformed)?;
    let derived = derive(password, &salt, iterations)?;
    Ok(constant_time::verify_slices_are_equal(derived.as_bytes(), verifier.as_bytes()).is_ok())
}

fn parameters(verifier: &str) -> Option<(u32, Vec<u8>)> {
    let rest = verifier.strip_prefix("SCRAM-SHA-256$")?;
    let (head, _) = rest.split_once('$')?;
    let (iterations, salt) = head.split_once(':')?;
    Some((iterations.parse().ok()?, STANDARD.decode(salt).ok()?))
}

fn derive(password: &SecretString, salt: &[u8], iterations: u32) -> Result<String, PasswordError> {
    let iterations = NonZeroU32::new(iterations).ok_or(PasswordError::Malformed)?;
    // As the server does: SASLprep where it applies, else the bytes as they are.
    let prepared =
        stringprep::saslprep(password.expose_secret()).unwrap_or(password.expose_secret().into());
    let mut salted = [0_u8; digest::SHA256_OUTPUT_LEN];
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        iterations,
        salt,
        prepared.as_bytes(),
        &mut salted,
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let client_key = hmac::sign(&key, b"Client Key");
    let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
    let server_key = hmac::sign(&key, b"Server Key");
    Ok(format!(
        "SCRAM-SHA-256${iterations}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored_key.as_ref()),
        STANDARD.encode(server_key.as_ref()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677 section 3: user `user`, password `pencil`.
    #[test]
    fn the_example_of_the_rfc_gives_its_server_signature() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = derive(&"pencil".into(), &salt, 4_096).unwrap();
        let server_key = STANDARD
            .decode(verifier.rsplit(':').next().unwrap())
            .unwrap();
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let key = hmac::Key::new(hmac::HMAC_SHA256, &server_key);
        let signature = STANDARD.encode(hmac::sign(&key, message.as_bytes()).as_ref());
        assert_eq!(signature, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_verifier_is_of_its_password_only() {
        let password = generate().unwrap();
        let verifier = verifier(&password).unwrap();
        assert!(verify(&password, &verifier).unwrap());
        assert!(!verify(&"another".into(), &verifier).unwrap());
        assert!(verify(&password, "md5abc").is_err());
    }

    #[test]
    fn generated_passwords_differ_and_need_no_encoding() {
        let (a, b) = (generate().unwrap(), generate().unwrap());
        assert_ne!(a.expose_secret(), b.expose_secret());
        assert!(a.expose_secret().bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_eq!(a.expose_secret().len(), GENERATED_LENGTH);
    }
}
