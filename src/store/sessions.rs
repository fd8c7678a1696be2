//! Sessions and their one-time refresh tokens.
//!
//! A session is the family of all tokens that came from one sign-in. A used token that comes back
//! after a short grace was stolen, or its successor was: the family ends.
//!
//! Ended sessions are numbered in the order in which they are committed, so that a replica that
//! has read up to a number has missed none before it.

use jiff::{SignedDuration, Timestamp};
use sqlx::any::AnyRow;

use super::allow_list;
use super::error::StoreError;
use super::pool::column::{Columns as _, encode};
use super::pool::{Change, Store, within};

/// One sign-in on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// `ses-…`.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
}

/// A session that begins.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whose it is.
    pub user_id: &'a str,
    /// SHA-256 of its first refresh token.
    pub refresh_hash: &'a [u8; 32],
    /// The time.
    pub now: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
}

/// What became of a refresh token that was presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// It is used, and the next one is valid.
    Rotated {
        /// The session that goes on.
        session: Session,
    },
    /// It had been used before the grace; its session has ended.
    Reused {
        /// The session that ended.
        session_id: String,
        /// Its number among the ended sessions.
        seq: Option<i64>,
    },
    /// Its session is over.
    Expired,
    /// There is no such token.
    Unknown,
}

/// A session that ended before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// Its place in the order of endings, from 1.
    pub seq: i64,
    /// Which session.
    pub session_id: String,
}

/// What the row of a token says about using it now.
#[derive(Debug, PartialEq, Eq)]
enum Use {
    First,
    WithinGrace,
    TooLate,
}

fn judge(used_at: Option<Timestamp>, now: Timestamp, grace: SignedDuration) -> Use {
    match used_at {
        None => Use::First,
        // The clocks of two replicas differ a little: a use "in the future" is a recent one.
        Some(used_at) if now.duration_since(used_at) <= grace => Use::WithinGrace,
        Some(_) => Use::TooLate,
    }
}

impl Store {
    /// Begins a session. `false`: there is no such user or the allow-list no longer covers them;
    /// then there is no session.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn begin_session(&self, new: NewSession<'_>) -> Result<bool, StoreError> {
        within("begin a session", async {
            let mut change = self.begin().await?;
            change.raise("allow_list").await?;
            if !allow_list::covers(&mut change, new.user_id).await? {
                return Ok(false);
            }
            sqlx::query(
                "INSERT INTO sessions (id, user_id, created_at, used_at, ends_at)
                 VALUES ($1, $2, $3, $3, $4)",
            )
            .bind(new.id)
            .bind(new.user_id)
            .bind(new.now.as_millisecond())
            .bind(new.ends_at.as_millisecond())
            .execute(&mut *change)
            .await?;
            add_token(&mut change, new.id, new.refresh_hash, new.now).await?;
            change.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Uses the token `presented` and makes `next` valid. Calls with one token within `grace` of
    /// its first use all succeed, each with its own `next` (tabs of one browser).
    ///
    /// # Errors
    /// When the database is away; then the token is as it was.
    pub async fn refresh(
        &self,
        presented: &[u8; 32],
        next: &[u8; 32],
        now: Timestamp,
        grace: SignedDuration,
    ) -> Result<RefreshOutcome, StoreError> {
        within("refresh a session", async {
            let hash = encode(presented);
            let mut change = self.begin().await?;
            let Some(session) = hold_session(&mut change, &hash, now).await? else {
                return missing(&mut change, &hash).await;
            };
            let used_at = use_token(&mut change, &hash, now).await?;
            if judge(used_at, now, grace) == Use::TooLate {
                // Given up first: the order of locks is the counter before the session.
                drop(change);
                let session_id = session.id;
                let seq = self.end(&session_id, now).await?;
                return Ok(RefreshOutcome::Reused { session_id, seq });
            }
            add_token(&mut change, &session.id, next, now).await?;
            change.commit().await?;
            Ok(RefreshOutcome::Rotated { session })
        })
        .await
    }

    /// Ends a session. Answers its number among the ended ones, of one that had ended as well;
    /// `None`: there is no such session, or its end is too long ago to matter.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn end_session(&self, id: &str, now: Timestamp) -> Result<Option<i64>, StoreError> {
        within("end a session", self.end(id, now)).await
    }

    async fn end(&self, id: &str, now: Timestamp) -> Result<Option<i64>, sqlx::Error> {
        let mut change = self.begin().await?;
        let seq = change.raise("ended_sessions").await?;
        let ended =
            sqlx::query("UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL")
                .bind(id)
                .bind(now.as_millisecond())
                .execute(&mut *change)
                .await?;
        if ended.rows_affected() == 0 {
            return sqlx::query_scalar("SELECT seq FROM ended_sessions WHERE session_id = $1")
                .bind(id)
                .fetch_optional(&mut *change)
                .await;
        }
        announce(&mut change, seq, id, now).await?;
        change.commit().await?;
        Ok(Some(seq))
    }

    /// Ends all sessions of a user. Answers the last number; `None`: there were none.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn end_sessions_of(
        &self,
        user_id: &str,
        now: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        within("end the sessions of a user", async {
            let mut change = self.begin().await?;
            let seq = end_all(&mut change, user_id, now).await?;
            change.commit().await?;
            Ok(seq)
        })
        .await
    }

    /// The sessions that ended after the number `seq`, in order; 0 for all that still matter.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn ended_since(&self, seq: i64) -> Result<Vec<EndedSession>, StoreError> {
        within("read the ended sessions", async {
            let rows = sqlx::query(
                "SELECT seq, session_id FROM ended_sessions WHERE seq > $1 ORDER BY seq",
            )
            .bind(seq)
            .fetch_all(&self.pool)
            .await?;
            let ended = |row: &AnyRow| {
                Ok(EndedSession {
                    seq: row.number("seq")?,
                    session_id: row.text("session_id")?,
                })
            };
            rows.iter().map(ended).collect()
        })
        .await
    }
}

/// Ends all sessions of a user within a transaction that holds no session yet.
pub(super) async fn end_all(
    change: &mut Change,
    user_id: &str,
    now: Timestamp,
) -> Result<Option<i64>, sqlx::Error> {
    // Held before the sessions; a number that ends nothing is a gap, which means nothing.
    change.raise("ended_sessions").await?;
    let ended = sqlx::query_scalar::<_, String>(
        "UPDATE sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL RETURNING id",
    )
    .bind(user_id)
    .bind(now.as_millisecond())
    .fetch_all(&mut **change)
    .await?;
    let mut last = None;
    for id in ended {
        let seq = change.raise("ended_sessions").await?;
        announce(change, seq, &id, now).await?;
        last = Some(seq);
    }
    Ok(last)
}

async fn announce(
    change: &mut Change,
    seq: i64,
    id: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO ended_sessions (seq, session_id, ended_at) VALUES ($1, $2, $3)")
        .bind(seq)
        .bind(id)
        .bind(now.as_millisecond())
        .execute(&mut **change)
        .await?;
    Ok(())
}

/// Holds the living session of a token, so that its tokens are used one after another.
async fn hold_session(
    change: &mut Change,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Session>, sqlx::Error> {
    let row = sqlx::query(
        "UPDATE sessions SET used_at = $2
         WHERE id = (SELECT session_id FROM refresh_tokens WHERE hash = $1)
           AND ended_at IS NULL AND ends_at > $2
         RETURNING id, user_id, created_at, ends_at",
    )
    .bind(hash)
    .bind(now.as_millisecond())
    .fetch_optional(&mut **change)
    .await?;
    let session = |row: AnyRow| {
        Ok(Session {
            id: row.text("id")?,
            user_id: row.text("user_id")?,
            created_at: row.time("created_at")?,
            ends_at: row.time("ends_at")?,
        })
    };
    row.map(session).transpose()
}

/// Why a token has no living session.
async fn missing(change: &mut Change, hash: &str) -> Result<RefreshOutcome, sqlx::Error> {
    let known = sqlx::query("SELECT 1 FROM refresh_tokens WHERE hash = $1")
        .bind(hash)
        .fetch_optional(&mut **change)
        .await?;
    Ok(match known {
        Some(_) => RefreshOutcome::Expired,
        None => RefreshOutcome::Unknown,
    })
}

/// Marks a token used, and answers when it was used before.
async fn use_token(
    change: &mut Change,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let used_at = sqlx::query("SELECT used_at FROM refresh_tokens WHERE hash = $1")
        .bind(hash)
        .fetch_one(&mut **change)
        .await?
        .optional_time("used_at")?;
    // The grace counts from the first use.
    sqlx::query("UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1 AND used_at IS NULL")
        .bind(hash)
        .bind(now.as_millisecond())
        .execute(&mut **change)
        .await?;
    Ok(used_at)
}

async fn add_token(
    change: &mut Change,
    session_id: &str,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO refresh_tokens (hash, session_id, created_at) VALUES ($1, $2, $3)")
        .bind(encode(hash))
        .bind(session_id)
        .bind(now.as_millisecond())
        .execute(&mut **change)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_used_token_is_good_until_the_grace_has_passed(
            used in -1_000_000_i64..1_000_000,
            later in -100_000_i64..100_000,
            grace in 0_i64..60_000,
        ) {
            let at = |ms| Timestamp::from_millisecond(ms).unwrap();
            let grace_time = SignedDuration::from_millis(grace);
            let verdict = judge(Some(at(used)), at(used + later), grace_time);
            prop_assert_eq!(verdict == Use::TooLate, later > grace);
            prop_assert_eq!(judge(None, at(used), grace_time), Use::First);
        }
    }
}
