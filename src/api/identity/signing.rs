//! The keys that sign session tokens: sealed in the store, shared by all replicas, replaced from
//! time to time without signing anybody out.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::api::state::ApiState;
use crate::auth::jwt::{JwtError, KeyRing, SigningKey};
use crate::auth::seal::SecretKey;
use crate::store::{SigningKeyRow, Store, StoreError};

/// How long a key signs.
const SIGNS_FOR: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How long one that signs no more still verifies: longer than any token that it has signed.
const VERIFIES_FOR: SignedDuration = SignedDuration::from_hours(1);
/// A new key is published this long before it signs, so that no replica meets a token whose key
/// it has not read yet.
const PUBLISHED_BEFORE: SignedDuration = SignedDuration::from_mins(10);
/// How often the store is asked for keys of other replicas.
const ROUND: Duration = Duration::from_secs(60);

/// No key to sign with.
#[derive(Debug, Error)]
pub enum SigningError {
    /// The store failed.
    #[error("failed to read or keep signing keys")]
    Store(#[from] StoreError),
    /// A key cannot be made, sealed or opened.
    #[error(
        "failed to make or open a signing key; a stored one opens only with the KISENON_SECRET_KEY that sealed it"
    )]
    Key(#[from] JwtError),
}

/// Reads all keys, makes one when the newest has signed for long enough, and forgets those that
/// nothing needs.
///
/// # Errors
/// When the store or a key fails.
pub async fn load(
    store: &Store,
    secret: &SecretKey,
    issuer: &str,
    now: Timestamp,
) -> Result<KeyRing, SigningError> {
    let mut rows = store.signing_keys().await?;
    let newest = rows.first().cloned();
    let is_due = newest
        .as_ref()
        .is_none_or(|row| now.duration_since(row.created_at) >= SIGNS_FOR);
    if is_due {
        let key = SigningKey::generate(now + PUBLISHED_BEFORE)?;
        let row = SigningKeyRow {
            kid: key.kid().to_owned(),
            sealed: key.seal(secret)?.into_bytes(),
            public: key.public_jwk().to_string().into_bytes(),
            created_at: now,
            retires_at: now + SIGNS_FOR + VERIFIES_FOR,
        };
        // Whoever comes second takes up the first one's.
        let expected = newest.as_ref().map(|row| row.kid.as_str());
        store.put_signing_key(&row, expected).await?;
        store.delete_signing_keys_before(now).await?;
        rows = store.signing_keys().await?;
    }
    let keys = rows
        .iter()
        .map(|row| open(row, secret))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(KeyRing::new(issuer, issuer, keys)?)
}

/// A ring whose only key has not begun to sign yet signs with it all the same: nobody knows
/// another.
fn open(row: &SigningKeyRow, secret: &SecretKey) -> Result<SigningKey, JwtError> {
    let sealed = String::from_utf8_lossy(&row.sealed);
    SigningKey::open(&row.kid, row.created_at + PUBLISHED_BEFORE, &sealed, secret)
}

/// Keeps the keys current until `stop`.
pub async fn rotate_until(state: &ApiState, secret: &SecretKey, stop: &CancellationToken) {
    let mut rounds = tokio::time::interval(ROUND);
    while stop.run_until_cancelled(rounds.tick()).await.is_some() {
        let issuer = state.issuer();
        match load(state.store(), secret, &issuer, state.now()).await {
            Ok(ring) => state.set_key_ring(ring),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "keeps the signing keys that it has"
                );
            }
        }
        if let Err(error) = state.store().purge(state.now()).await {
            tracing::warn!(%error, "could not purge what the store no longer needs");
        }
    }
}
