//! Answers of requests that carried an `Idempotency-Key`, so that a repeated one changes nothing
//! twice.
//!
//! An answer is kept as it is given: one that shows a secret must not be given.

use jiff::{SignedDuration, Timestamp};
use sqlx::any::AnyRow;

use super::error::StoreError;
use super::pool::column::{Columns as _, encode, malformed};
use super::pool::{Change, Store, within};

/// A request that is still in progress after this time was lost with its process.
const LOST: SignedDuration = SignedDuration::from_secs(60);
/// How long an answer is repeated; after this the key is free again.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What a request that carries a key is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// Go on: the key is taken for it.
    New,
    /// Another one with the same key is not done yet.
    InProgress,
    /// Give this answer again.
    Replay {
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
    },
    /// The key was used for a different request.
    Mismatch,
}

/// An answer to keep.
#[derive(Clone, Copy, Debug)]
pub struct StoredAnswer<'a> {
    /// HTTP status.
    pub status: u16,
    /// Body, without secrets.
    pub body: &'a str,
}

impl Store {
    /// Takes a key, or says what it was taken for. `scope` is the tenant and the route.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn begin_idempotent(
        &self,
        scope: &str,
        key: &str,
        body_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Idempotency, StoreError> {
        within("take an idempotency key", async {
            let body_hash = encode(body_hash);
            let mut change = self.begin().await?;
            let taken = sqlx::query(
                "INSERT INTO idempotency (scope, idempotency_key, body_hash, started_at)
                 VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            )
            .bind(scope)
            .bind(key)
            .bind(&body_hash)
            .bind(now.as_millisecond())
            .execute(&mut *change)
            .await?;
            let outcome = if taken.rows_affected() == 1 {
                Idempotency::New
            } else {
                let claim = Claim { scope, key, now };
                claim.over(&mut change, &body_hash).await?
            };
            change.commit().await?;
            Ok(outcome)
        })
        .await
    }

    /// Keeps the answer of the request that took the key.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn finish_idempotent(
        &self,
        scope: &str,
        key: &str,
        answer: StoredAnswer<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        within("keep an idempotent answer", async {
            let mut change = self.begin().await?;
            sqlx::query(
                "UPDATE idempotency SET status = $3, body = $4, finished_at = $5
                 WHERE scope = $1 AND idempotency_key = $2 AND finished_at IS NULL",
            )
            .bind(scope)
            .bind(key)
            .bind(i64::from(answer.status))
            .bind(answer.body)
            .bind(now.as_millisecond())
            .execute(&mut *change)
            .await?;
            change.commit().await
        })
        .await
    }

    /// Frees the key of a request that changed nothing.
    ///
    /// # Errors
    /// When the database is away; then the key is free after a minute.
    pub async fn abandon_idempotent(&self, scope: &str, key: &str) -> Result<(), StoreError> {
        within("free an idempotency key", async {
            let mut change = self.begin().await?;
            sqlx::query(
                "DELETE FROM idempotency
                 WHERE scope = $1 AND idempotency_key = $2 AND finished_at IS NULL",
            )
            .bind(scope)
            .bind(key)
            .execute(&mut *change)
            .await?;
            change.commit().await
        })
        .await
    }
}

/// A request whose key was there already.
struct Claim<'a> {
    scope: &'a str,
    key: &'a str,
    now: Timestamp,
}

impl Claim<'_> {
    async fn over(&self, change: &mut Change, body_hash: &str) -> Result<Idempotency, sqlx::Error> {
        if self.renew(change, body_hash).await? {
            return Ok(Idempotency::New);
        }
        let row = sqlx::query(
            "SELECT body_hash, status, body FROM idempotency
             WHERE scope = $1 AND idempotency_key = $2",
        )
        .bind(self.scope)
        .bind(self.key)
        .fetch_optional(&mut **change)
        .await?;
        // Freed between the two statements: the client's next attempt will get it.
        let Some(row) = row else {
            return Ok(Idempotency::InProgress);
        };
        if row.text("body_hash")? != body_hash {
            return Ok(Idempotency::Mismatch);
        }
        replay(&row)
    }

    /// Takes over a key whose answer is too old to repeat, or whose request was lost.
    async fn renew(&self, change: &mut Change, body_hash: &str) -> Result<bool, sqlx::Error> {
        let before = |age: SignedDuration| {
            let limit = self.now.saturating_sub(age);
            limit.map_or(i64::MIN, Timestamp::as_millisecond)
        };
        let renewed = sqlx::query(
            "UPDATE idempotency
             SET body_hash = $3, started_at = $4, finished_at = NULL, status = NULL, body = NULL
             WHERE scope = $1 AND idempotency_key = $2
               AND (started_at <= $5
                    OR (finished_at IS NULL AND body_hash = $3 AND started_at <= $6))",
        )
        .bind(self.scope)
        .bind(self.key)
        .bind(body_hash)
        .bind(self.now.as_millisecond())
        .bind(before(KEPT))
        .bind(before(LOST))
        .execute(&mut **change)
        .await?;
        Ok(renewed.rows_affected() == 1)
    }
}

fn replay(row: &AnyRow) -> Result<Idempotency, sqlx::Error> {
    let Some(status) = row.optional_number("status")? else {
        return Ok(Idempotency::InProgress);
    };
    Ok(Idempotency::Replay {
        status: u16::try_from(status).map_err(|_| malformed("status", "no HTTP status"))?,
        body: row.text("body")?,
    })
}
