//! Keeps secrets that the store holds unreadable to whoever has the store alone: AES-256-GCM under
//! keys that HKDF-SHA256 (RFC 5869) derives from the installation's secret key, one for each
//! purpose.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use thiserror::Error;

const KEY_LENGTH: usize = 32;
/// First byte of what is sealed, so that the algorithm can change.
const VERSION: u8 = 1;

/// A secret that cannot be sealed or opened. Never says what was in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// The configured key is not 32 bytes of base64.
    #[error(
        "the secret key is not the base64 of 32 bytes: make one with `openssl rand -base64 32`"
    )]
    Key,
    /// The library refused.
    #[error("failed to seal a secret")]
    Seal,
    /// Sealed with another key, for another purpose or context, or changed since.
    #[error("failed to open a sealed secret: was the secret key changed?")]
    Open,
}

/// The installation's secret key.
pub struct SecretKey(SecretSlice<u8>);

impl SecretKey {
    /// Reads the configured key; white space around it does not matter.
    ///
    /// # Errors
    /// When it is not the base64 of 32 bytes.
    pub fn from_base64(text: &SecretString) -> Result<Self, SealError> {
        let bytes = SecretSlice::from(
            STANDARD
                .decode(text.expose_secret().trim_ascii())
                .map_err(|_| SealError::Key)?,
        );
        if bytes.expose_secret().len() != KEY_LENGTH {
            return Err(SealError::Key);
        }
        Ok(Self(bytes))
    }

    /// Seals a secret. It opens only for the same purpose (a kind of secret) and context (which
    /// one of them it is), so that sealed texts cannot be swapped in the store.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn seal(&self, purpose: &str, context: &str, secret: &[u8]) -> Result<String, SealError> {
        let key = self.key(purpose).ok_or(SealError::Seal)?;
        let mut text = secret.to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(context), &mut text)
            .map_err(|_| SealError::Seal)?;
        let sealed = [&[VERSION][..], nonce.as_ref(), &text].concat();
        Ok(STANDARD.encode(sealed))
    }

    /// Opens what was sealed.
    ///
    /// # Errors
    /// When it was not sealed with this key for this purpose and context.
    pub fn open(
        &self,
        purpose: &str,
        context: &str,
        sealed: &str,
    ) -> Result<SecretSlice<u8>, SealError> {
        let bytes = STANDARD.decode(sealed).map_err(|_| SealError::Open)?;
        let [VERSION, rest @ ..] = &*bytes else {
            return Err(SealError::Open);
        };
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(SealError::Open)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Open)?;
        let key = self.key(purpose).ok_or(SealError::Open)?;
        let mut text = text.to_vec();
        let length = key
            .open_in_place(nonce, Aad::from(context), &mut text)
            .map_err(|_| SealError::Open)?
            .len();
        text.truncate(length);
        Ok(text.into())
    }

    fn key(&self, purpose: &str) -> Option<RandomizedNonceKey> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"kisenon.com/seal");
        let root = salt.extract(self.0.expose_secret());
        let info = [purpose.as_bytes()];
        let mut bytes = [0_u8; KEY_LENGTH];
        root.expand(&info, hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut bytes))
            .ok()?;
        RandomizedNonceKey::new(&AES_256_GCM, &bytes).ok()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SecretKey {
        SecretKey::from_base64(&STANDARD.encode([byte; 32]).into()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_purpose_and_context_only() {
        let sealed = key(7).seal("signing key", "kid-1", b"secret").unwrap();
        let open = |key: &SecretKey, purpose, context| {
            let opened = key.open(purpose, context, &sealed);
            opened.map(|secret| secret.expose_secret().to_vec())
        };
        assert_eq!(open(&key(7), "signing key", "kid-1").unwrap(), b"secret");
        assert_eq!(open(&key(8), "signing key", "kid-1"), Err(SealError::Open));
        assert_eq!(open(&key(7), "other", "kid-1"), Err(SealError::Open));
        assert_eq!(open(&key(7), "signing key", "kid-2"), Err(SealError::Open));
    }

    #[test]
    fn the_same_secret_never_looks_the_same() {
        let seal = || key(7).seal("p", "c", b"secret").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn each_flipped_bit_is_found() {
        let key = key(7);
        let sealed = STANDARD
            .decode(key.seal("p", "c", b"secret").unwrap())
            .unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(
                key.open("p", "c", &STANDARD.encode(changed)).is_err(),
                "{bit}"
            );
        }
        for length in 0..sealed.len() {
            assert!(
                key.open("p", "c", &STANDARD.encode(&sealed[..length]))
                    .is_err()
            );
        }
    }

    #[test]
    fn a_key_is_32_bytes() {
        let read = |text: &str| SecretKey::from_base64(&text.into());
        assert!(read(&format!(" {}\n", STANDARD.encode([1; 32]))).is_ok());
        for text in [
            "",
            "short",
            &STANDARD.encode([1; 31]),
            &STANDARD.encode([1; 33]),
        ] {
            assert_eq!(read(text).unwrap_err(), SealError::Key);
        }
        assert_eq!(format!("{:?}", key(7)), "SecretKey");
    }
}
