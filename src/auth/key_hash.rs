//! argon2id hashes of API keys: made when a key is minted, checked when it is first used.
//!
//! One costs 19 MiB and tens of milliseconds of a core, so hashing runs off the async threads,
//! at most `permits` at a time, with a bounded number waiting; beyond that the answer is [`Busy`]
//! at once. Requests that bring the same key together wait for one hash.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand;
use secrecy::ExposeSecret;
use thiserror::Error;
use tokio::sync::{OnceCell, Semaphore};

use super::opaque::sha256;
use crate::domain::api_key::PlainKey;
use crate::domain::api_key::hash::{self, SALT_LENGTH, is_hash_of, is_readable};

/// Too many hashes at once: try again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many keys are being verified at once")]
pub struct Busy;

/// A key that could not be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HashError {
    /// Try again in a moment.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// No randomness or memory.
    #[error("failed to hash a key")]
    Hash,
}

/// Hashes a key, on the thread that asks.
///
/// # Errors
/// When there is no randomness or memory.
pub fn hash(key: &PlainKey) -> Result<String, HashError> {
    let mut salt = [0_u8; SALT_LENGTH];
    rand::fill(&mut salt).map_err(|_| HashError::Hash)?;
    hash::hash(key, &salt).ok_or(HashError::Hash)
}

/// Hashes off the async threads, and not too many at once. Cheap to clone.
#[derive(Clone)]
pub struct KeyHasher {
    running: Arc<Semaphore>,
    /// A place for each that runs or waits.
    places: Arc<Semaphore>,
    /// Checks that are under way, by key and hash.
    checks: Arc<Mutex<Checks>>,
}

type Checks = HashMap<[u8; 32], Arc<OnceCell<bool>>>;

impl KeyHasher {
    /// At most `permits` hashes run and `queue` more wait.
    #[must_use]
    pub fn new(permits: usize, queue: usize) -> Self {
        Self {
            running: Arc::new(Semaphore::new(permits.max(1))),
            places: Arc::new(Semaphore::new(permits.max(1) + queue)),
            checks: Arc::default(),
        }
    }

    /// Whether the hash is of the key.
    ///
    /// # Errors
    /// When too many wait already.
    pub async fn verify(&self, key: &PlainKey, phc: &str) -> Result<bool, Busy> {
        if !is_readable(phc) {
            return Ok(false);
        }
        let name = sha256(format!("{}\0{phc}", key.text().expose_secret()).as_bytes());
        let check = Arc::clone(self.checks().entry(name).or_default());
        // Whoever asks later looks into the cache, or begins anew.
        let _end = EndOfCheck { hasher: self, name };
        let (own_key, own_phc) = (key.clone(), phc.to_owned());
        let verdict = check.get_or_try_init(|| self.run(move || is_hash_of(&own_phc, &own_key)));
        verdict.await.copied()
    }

    /// Hashes a new key.
    ///
    /// # Errors
    /// When too many wait already, or there is no randomness or memory.
    pub async fn hash(&self, key: &PlainKey) -> Result<String, HashError> {
        let key = key.clone();
        self.run(move || hash(&key)).await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| Busy)?;
        let permit = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|_| Busy)?;
        // The thread holds both until it is done, also when nobody waits for it any more.
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((permit, place));
            result
        });
        task.await.map_err(|_| Busy)
    }

    fn checks(&self) -> MutexGuard<'_, Checks> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a check when it is done, and also when its request went away before.
struct EndOfCheck<'a> {
    hasher: &'a KeyHasher,
    name: [u8; 32],
}

impl Drop for EndOfCheck<'_> {
    fn drop(&mut self) {
        self.hasher.checks().remove(&self.name);
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyHasher")
            .field("running", &self.running.available_permits())
            .field("places", &self.places.available_permits())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
