//! Which processes serve, and up to where each has followed revocations.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::error::StoreError;
use super::pool::column::Columns as _;
use super::pool::{Store, within};

/// One process that serves requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Its name.
    pub id: String,
    /// When it last said so.
    pub heartbeat_at: Timestamp,
    /// Highest resource version of an `ApiKey` that it has seen.
    pub key_version: i64,
    /// Last number of an ended session that it has applied.
    pub session_seq: i64,
}

impl Store {
    /// Says that a replica lives and how far it is.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn heartbeat(&self, replica: &Replica) -> Result<(), StoreError> {
        within("write a heartbeat", async {
            let mut change = self.begin().await?;
            sqlx::query(
                "INSERT INTO replicas (id, heartbeat_at, key_version, session_seq)
                 VALUES ($1, $2, $3, $4)
                 ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at,
                     key_version = excluded.key_version, session_seq = excluded.session_seq",
            )
            .bind(&replica.id)
            .bind(replica.heartbeat_at.as_millisecond())
            .bind(replica.key_version)
            .bind(replica.session_seq)
            .execute(&mut *change)
            .await?;
            change.commit().await
        })
        .await
    }

    /// The replicas whose heartbeat is not older than `since`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn live_replicas(&self, since: Timestamp) -> Result<Vec<Replica>, StoreError> {
        within("read the replicas", async {
            let rows = sqlx::query(
                "SELECT id, heartbeat_at, key_version, session_seq FROM replicas
                 WHERE heartbeat_at >= $1 ORDER BY id",
            )
            .bind(since.as_millisecond())
            .fetch_all(&self.pool)
            .await?;
            rows.iter().map(replica).collect()
        })
        .await
    }

    /// Forgets a replica that stops: nobody waits for it any more.
    ///
    /// # Errors
    /// When the database is away; then it is forgotten when its heartbeat is old.
    pub async fn forget_replica(&self, id: &str) -> Result<(), StoreError> {
        within("forget a replica", async {
            let mut change = self.begin().await?;
            sqlx::query("DELETE FROM replicas WHERE id = $1")
                .bind(id)
                .execute(&mut *change)
                .await?;
            change.commit().await
        })
        .await
    }
}

fn replica(row: &AnyRow) -> Result<Replica, sqlx::Error> {
    Ok(Replica {
        id: row.text("id")?,
        heartbeat_at: row.time("heartbeat_at")?,
        key_version: row.number("key_version")?,
        session_seq: row.number("session_seq")?,
    })
}
