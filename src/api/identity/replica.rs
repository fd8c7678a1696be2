//! This replica among the others: what it has heard of revocations, and waiting until all have.
//!
//! Every replica keeps a row in the store: when it was last alive, the version of ApiKeys that
//! its watch has reached, and the last ended session that it has applied. Who revokes writes
//! first, then waits until every live row has passed that point; a replica that cannot keep its
//! row, or whose watch is behind, refuses credentials. So a request that begins after the answer
//! to a revocation never succeeds, on any replica.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cluster::watches::Pulse;
use crate::store::{self, Store, StoreError};

/// How often the row is renewed without any news.
const RENEW: Duration = Duration::from_millis(500);
/// How often ended sessions are asked for.
const POLL: Duration = Duration::from_millis(200);
/// A replica that could not renew its row for this long refuses credentials.
const FRESH: SignedDuration = SignedDuration::from_secs(3);
/// A row that was not renewed for this long is that of a replica that is gone. Longer than
/// [`FRESH`] by what clocks of two nodes may differ.
const GONE: SignedDuration = SignedDuration::from_secs(5);
/// Longest that a revocation waits: by then every replica has answered or is gone.
const PATIENCE: Duration = Duration::from_secs(8);
/// An ApiKey watch that may be further behind than this is not relied upon.
const WATCH_STALE: Duration = Duration::from_secs(3);
const ASK_AGAIN: Duration = Duration::from_millis(15);
/// Ended sessions are remembered for as long as an access token may live.
const REMEMBER: SignedDuration = SignedDuration::from_mins(20);

/// A revocation that was written, and that not every replica has confirmed.
#[derive(Debug, Error)]
pub enum ReplicaError {
    /// The store cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another replica lives and does not come along.
    #[error("another replica has not confirmed a revocation in time")]
    Lags,
}

/// This replica.
pub struct Replica {
    id: String,
    keys: Pulse,
    session_seq: AtomicI64,
    renewed_at: AtomicI64,
    ended: RwLock<HashMap<String, Timestamp>>,
}

/// Since when the row has been there without a gap, and when it was last renewed. While it was
/// not there nobody waited for this replica; so it accepts nothing until it has had the time to
/// hear, row in place, what ended meanwhile.
#[derive(Clone, Copy)]
struct Row {
    since: Instant,
    renewed: Instant,
}

impl Replica {
    /// One that has heard nothing yet, and so refuses credentials.
    #[must_use]
    pub fn new(id: String, keys: Pulse) -> Self {
        Self {
            id,
            keys,
            session_seq: AtomicI64::new(0),
            renewed_at: AtomicI64::new(i64::MIN),
            ended: RwLock::default(),
        }
    }

    /// Whether no revocation can have been missed.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let renewed = Timestamp::from_millisecond(self.renewed_at.load(Ordering::Acquire));
        !self.keys.is_stale(WATCH_STALE) && renewed.is_ok_and(|at| now.duration_since(at) < FRESH)
    }

    /// Whether a session was ended.
    #[must_use]
    pub fn has_ended(&self, session_id: &str) -> bool {
        let ended = self.ended.read().unwrap_or_else(PoisonError::into_inner);
        ended.contains_key(session_id)
    }

    /// Refuses a session here at once.
    pub fn end_session(&self, session_id: &str, now: Timestamp) {
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        ended.insert(session_id.to_owned(), now);
    }

    /// Waits until this replica's own watch has shown this version of an ApiKey; answers whether
    /// it has. One that takes longer is as good as stale.
    pub async fn has_seen_keys(&self, version: &str) -> bool {
        match version.parse() {
            Ok(version) => self.keys.until(version, WATCH_STALE).await,
            Err(_) => false,
        }
    }

    /// Waits until every live replica has seen this version of ApiKeys.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn until_keys_seen(
        &self,
        store: &Store,
        version: i64,
        now: fn() -> Timestamp,
    ) -> Result<(), ReplicaError> {
        self.until(store, now, |row| row.key_version >= version)
            .await
    }

    /// Waits until every live replica refuses the session that was ended with this number.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn until_session_ended(
        &self,
        store: &Store,
        seq: i64,
        now: fn() -> Timestamp,
    ) -> Result<(), ReplicaError> {
        self.until(store, now, |row| row.session_seq >= seq).await
    }

    async fn until(
        &self,
        store: &Store,
        now: fn() -> Timestamp,
        has_heard: impl Fn(&store::Replica) -> bool,
    ) -> Result<(), ReplicaError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows = store.live_replicas(now() - GONE).await?;
            if rows.iter().all(&has_heard) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(ReplicaError::Lags);
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// Keeps the row until `stop`, then takes it away.
    pub async fn run(&self, store: &Store, now: fn() -> Timestamp, stop: &CancellationToken) {
        let mut poll = tokio::time::interval(POLL);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut row = None;
        let mut versions = self.keys.subscribe();
        while !stop.is_cancelled() {
            let has_news = tokio::select! {
                _ = poll.tick() => false,
                changed = versions.changed() => changed.is_ok(),
                () = stop.cancelled() => break,
            };
            let outcome = self.step(store, now, has_news, &mut row).await;
            if let Err(error) = outcome {
                tracing::warn!(%error, "could not keep this replica's row in the store");
            }
        }
        if let Err(error) = store.forget_replica(&self.id).await {
            tracing::warn!(%error, "could not take this replica's row out of the store");
        }
    }

    async fn step(
        &self,
        store: &Store,
        now: fn() -> Timestamp,
        has_news: bool,
        row: &mut Option<Row>,
    ) -> Result<(), StoreError> {
        // Taken before the question is sent: an answer is at least as new as this.
        let began = now();
        let heard = self.hear(store, began).await?;
        // Nobody need wait for a replica that refuses everything.
        if self.keys.is_stale(WATCH_STALE) {
            return Ok(());
        }
        let due = row.is_none_or(|row| row.renewed.elapsed() >= RENEW);
        if has_news || heard || due {
            store
                .heartbeat(&store::Replica {
                    id: self.id.clone(),
                    heartbeat_at: began,
                    key_version: i64::try_from(self.keys.version()).unwrap_or(i64::MAX),
                    session_seq: self.session_seq.load(Ordering::Acquire),
                })
                .await?;
            let renewed = Instant::now();
            let known = row.filter(|row| row.renewed.elapsed() < FRESH.unsigned_abs());
            let since = known.map_or(renewed, |row| row.since);
            *row = Some(Row { since, renewed });
            if since.elapsed() >= RENEW {
                self.renewed_at
                    .store(began.as_millisecond(), Ordering::Release);
            }
        }
        Ok(())
    }

    /// Applies what was ended since; answers whether there was anything.
    async fn hear(&self, store: &Store, now: Timestamp) -> Result<bool, StoreError> {
        let known = self.session_seq.load(Ordering::Acquire);
        let news = store.ended_since(known).await?;
        let Some(last) = news.iter().map(|end| end.seq).max() else {
            return Ok(false);
        };
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, at| now.duration_since(*at) < REMEMBER);
        ended.extend(news.into_iter().map(|end| (end.session_id, now)));
        drop(ended);
        self.session_seq.store(last, Ordering::Release);
        Ok(true)
    }
}
