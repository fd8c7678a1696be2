//! The keys that sign access tokens, sealed: nothing here can open them.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::error::StoreError;
use super::pool::column::{Columns as _, encode};
use super::pool::{Store, within};

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// Its name in tokens and in the published set.
    pub kid: String,
    /// The private key, sealed.
    pub sealed: Vec<u8>,
    /// The public key.
    pub public: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the last token that it signed has expired.
    pub retires_at: Timestamp,
}

impl Store {
    /// All keys, the newest first: in the order in which they were put, whatever the clocks said.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRow>, StoreError> {
        within("read the signing keys", async {
            let rows = sqlx::query(
                "SELECT kid, sealed, public, created_at, retires_at
                 FROM signing_keys ORDER BY ordinal DESC",
            )
            .fetch_all(&self.pool)
            .await?;
            rows.iter().map(key).collect()
        })
        .await
    }

    /// Adds a key if the newest is still `expected_newest` (`None`: there is none), so that of
    /// several replicas one rotates. `false`: another one did.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn put_signing_key(
        &self,
        row: &SigningKeyRow,
        expected_newest: Option<&str>,
    ) -> Result<bool, StoreError> {
        within("store a signing key", async {
            let mut change = self.begin().await?;
            let ordinal = change.raise("signing_keys").await?;
            let newest = sqlx::query_scalar::<_, String>(
                "SELECT kid FROM signing_keys ORDER BY ordinal DESC LIMIT 1",
            )
            .fetch_optional(&mut *change)
            .await?;
            if newest.as_deref() != expected_newest {
                return Ok(false);
            }
            sqlx::query(
                "INSERT INTO signing_keys (kid, ordinal, sealed, public, created_at, retires_at)
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(&row.kid)
            .bind(ordinal)
            .bind(encode(&row.sealed))
            .bind(encode(&row.public))
            .bind(row.created_at.as_millisecond())
            .bind(row.retires_at.as_millisecond())
            .execute(&mut *change)
            .await?;
            change.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Deletes the keys that retired before `t`, and answers how many; never the newest.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn delete_signing_keys_before(&self, t: Timestamp) -> Result<u64, StoreError> {
        within("delete old signing keys", async {
            let mut change = self.begin().await?;
            change.raise("signing_keys").await?;
            let deleted = sqlx::query(
                "DELETE FROM signing_keys
                 WHERE retires_at < $1 AND ordinal < (SELECT MAX(ordinal) FROM signing_keys)",
            )
            .bind(t.as_millisecond())
            .execute(&mut *change)
            .await?;
            change.commit().await?;
            Ok(deleted.rows_affected())
        })
        .await
    }
}

fn key(row: &AnyRow) -> Result<SigningKeyRow, sqlx::Error> {
    Ok(SigningKeyRow {
        kid: row.text("kid")?,
        sealed: row.bytes("sealed")?,
        public: row.bytes("public")?,
        created_at: row.time("created_at")?,
        retires_at: row.time("retires_at")?,
    })
}
