//! The keys that sign session tokens: sealed in the store, shared by all replicas, replaced from
//! time to time without signing anybody out.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::api::state::ApiState;
use crate::auth::jwt::{JwtError, KeyRing, SigningKey};
use crate::auth::seal::{SealError, SecretKey};
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
const PURPOSE: &str = "session-signing-key";

/// No key to sign with.
#[derive(Debug, Error)]
pub enum SigningError {
    /// The store failed.
    #[error("failed to read or keep signing keys")]
    Store(#[from] StoreError),
    /// A stored key cannot be opened.
    #[error("failed to open a stored signing key: was KISENON_SECRET_KEY changed?")]
    Sealed(#[from] SealError),
    /// A key cannot be made or read.
    #[error(transparent)]
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
    rows.sort_by_key(|row| row.created_at);
    let newest = rows.last().cloned();
    let is_due = newest
        .as_ref()
        .is_none_or(|row| now.duration_since(row.created_at) >= SIGNS_FOR - PUBLISHED_BEFORE);
    if is_due {
        let key = SigningKey::generate()?;
        let row = SigningKeyRow {
            kid: key.kid().to_owned(),
            sealed: secret.seal(PURPOSE, &key.to_pkcs8())?,
            public: key.public_key().to_vec(),
            created_at: now,
            retires_at: now + SIGNS_FOR + VERIFIES_FOR,
        };
        // Whoever comes second takes up the first one's.
        store
            .put_signing_key(&row, newest.as_ref().map(|row| row.kid.as_str()))
            .await?;
        store.delete_signing_keys_before(now).await?;
        rows = store.signing_keys().await?;
        rows.sort_by_key(|row| row.created_at);
    }
    let mut keys = Vec::new();
    for row in &rows {
        let pkcs8 = secret.open(PURPOSE, &row.sealed)?;
        keys.push((SigningKey::from_pkcs8(&row.kid, &pkcs8)?, row.created_at));
    }
    let signer = signer(&keys, now);
    let keys = keys.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    Ok(KeyRing::new(issuer.to_owned(), keys, signer))
}

/// The newest key that has been published for long enough; the very first signs at once.
fn signer(keys: &[(SigningKey, Timestamp)], now: Timestamp) -> usize {
    keys.iter()
        .rposition(|(_, created)| now.duration_since(*created) >= PUBLISHED_BEFORE)
        .unwrap_or(0)
}

/// Keeps the keys current until `stop`.
pub async fn rotate_until(state: &ApiState, secret: &SecretKey, stop: &CancellationToken) {
    let mut rounds = tokio::time::interval(ROUND);
    while stop.run_until_cancelled(rounds.tick()).await.is_some() {
        let issuer = state.key_ring().issuer().to_owned();
        match load(state.store(), secret, &issuer, state.now()).await {
            Ok(ring) => state.set_key_ring(ring),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "keeps the signing keys that it has");
            }
        }
        if let Err(error) = state.store().purge(state.now()).await {
            tracing::warn!(%error, "could not purge what the store no longer needs");
        }
    }
}
