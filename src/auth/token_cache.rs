//! Remembers which bearer tokens were verified, so that a signature is checked and an argon2 hash
//! computed once for each token and process.
//!
//! Tokens are kept as HMAC-SHA256 under a key that is random for each process: neither a dump of
//! memory nor the timing of a look-up gives one away. What is found here was *once* good: whether
//! the key was revoked or the session ended since, the caller asks elsewhere each time.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::{hmac, rand};
use jiff::Timestamp;

use super::opaque::NoRandomness;

/// Parts with a lock of their own each.
const SHARDS: usize = 16;

/// A bearer token, as the cache knows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest")
    }
}

/// Verified tokens and what they stand for.
pub struct TokenCache<V> {
    key: hmac::Key,
    shards: [Mutex<Shard<V>>; SHARDS],
    /// Most entries of one generation of a shard.
    bound: usize,
}

/// Two generations: what was not asked for while one filled up is dropped with it.
struct Shard<V> {
    young: HashMap<TokenDigest, Entry<V>>,
    old: HashMap<TokenDigest, Entry<V>>,
}

struct Entry<V> {
    value: V,
    expires: Timestamp,
}

impl<V: Clone> TokenCache<V> {
    /// A cache of at most `capacity` tokens, but at least one for each of its parts.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(capacity: usize) -> Result<Self, NoRandomness> {
        let mut key = [0_u8; 32];
        rand::fill(&mut key).map_err(|_| NoRandomness)?;
        let shard = || Shard {
            young: HashMap::new(),
            old: HashMap::new(),
        };
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            shards: [(); SHARDS].map(|()| Mutex::new(shard())),
            bound: (capacity / SHARDS / 2).max(1),
        })
    }

    /// The digest under which a token is kept.
    #[must_use]
    pub fn digest(&self, token: &str) -> TokenDigest {
        let mut digest = [0; 32];
        digest.copy_from_slice(hmac::sign(&self.key, token.as_bytes()).as_ref());
        TokenDigest(digest)
    }

    /// What the token stands for, if it was verified and has not expired.
    pub fn get(&self, digest: &TokenDigest, now: Timestamp) -> Option<V> {
        let mut shard = self.shard(digest);
        if let Some(entry) = shard.young.get(digest) {
            return (entry.expires > now).then(|| entry.value.clone());
        }
        let entry = shard.old.remove(digest)?;
        if entry.expires <= now {
            return None;
        }
        let value = entry.value.clone();
        shard.put(*digest, entry, self.bound);
        Some(value)
    }

    /// Keeps a verified token until it expires, or longer asked-for ones need its place.
    pub fn insert(&self, digest: TokenDigest, value: V, expires: Timestamp) {
        let entry = Entry { value, expires };
        self.shard(&digest).put(digest, entry, self.bound);
    }

    /// Forgets a token.
    pub fn remove(&self, digest: &TokenDigest) {
        let mut shard = self.shard(digest);
        shard.young.remove(digest);
        shard.old.remove(digest);
    }

    /// How many tokens are kept, expired ones too.
    #[must_use]
    pub fn len(&self) -> usize {
        let lengths = self.shards.iter().map(|shard| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.young.len() + shard.old.len()
        });
        lengths.sum()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, digest: &TokenDigest) -> MutexGuard<'_, Shard<V>> {
        let shard = &self.shards[usize::from(digest.0[0]) % SHARDS];
        // Each change leaves a shard whole, so one that panicked left nothing behind.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Shard<V> {
    fn put(&mut self, digest: TokenDigest, entry: Entry<V>, bound: usize) {
        self.old.remove(&digest);
        if self.young.len() >= bound && !self.young.contains_key(&digest) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(digest, entry);
    }
}

impl<V> fmt::Debug for TokenCache<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenCache")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_token_is_found_until_it_expires() {
        let cache = TokenCache::new(100).unwrap();
        let digest = cache.digest("token");
        assert_eq!(cache.get(&digest, at(0)), None);
        cache.insert(digest, 7, at(10));
        assert_eq!(cache.get(&digest, at(9)), Some(7));
        assert_eq!(cache.get(&digest, at(10)), None);
        assert_eq!(cache.get(&cache.digest("tokem"), at(0)), None);
        cache.remove(&digest);
        assert_eq!(cache.get(&digest, at(0)), None);
    }

    #[test]
    fn the_digest_differs_from_process_to_process() {
        let (a, b) = (
            TokenCache::<()>::new(1).unwrap(),
            TokenCache::<()>::new(1).unwrap(),
        );
        assert!(a.digest("token") == a.digest("token"));
        assert!(a.digest("token") != b.digest("token"));
    }

    #[test]
    fn it_never_grows_beyond_its_bound_and_keeps_what_is_asked_for() {
        let cache = TokenCache::new(320).unwrap();
        let often = cache.digest("often");
        cache.insert(often, 0, at(1_000));
        for number in 1..10_000 {
            cache.insert(cache.digest(&number.to_string()), number, at(1_000));
            assert!(cache.len() <= 320);
            assert_eq!(cache.get(&often, at(0)), Some(0));
        }
        assert!(cache.len() > 100);
    }

    #[test]
    fn a_newer_value_takes_the_place_of_the_older() {
        let cache = TokenCache::new(32).unwrap();
        let digest = cache.digest("token");
        cache.insert(digest, 1, at(10));
        cache.insert(digest, 2, at(20));
        assert_eq!(cache.get(&digest, at(15)), Some(2));
        assert_eq!(cache.len(), 1);
    }
}
