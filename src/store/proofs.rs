//! Proofs of an identity provider that were used: each is accepted once.

use jiff::Timestamp;

use super::error::StoreError;
use super::pool::column::encode;
use super::pool::{Store, within};

impl Store {
    /// Uses a proof up, by its SHA-256. `false`: it was used before.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn use_proof(
        &self,
        hash: &[u8; 32],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        within("use a proof", async {
            let mut change = self.begin().await?;
            let used = sqlx::query(
                "INSERT INTO proofs (hash, used_at, expires_at) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING",
            )
            .bind(encode(hash))
            .bind(now.as_millisecond())
            .bind(expires_at.as_millisecond())
            .execute(&mut *change)
            .await?;
            change.commit().await?;
            Ok(used.rows_affected() == 1)
        })
        .await
    }
}
