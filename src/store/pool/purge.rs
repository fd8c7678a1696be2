//! How long each thing is kept.

use jiff::{SignedDuration, Timestamp};

use crate::store::error::StoreError;
use crate::store::pool::{Store, within};

const DAY: i64 = 24;

/// What is deleted, and how many hours after the time that the statement compares.
const KEPT: &[(&str, i64)] = &[
    // With their refresh tokens, whose return must still be seen as that of a dead session.
    ("DELETE FROM sessions WHERE ends_at < $1", DAY),
    // Access tokens live 15 minutes; after them nobody needs to be told.
    ("DELETE FROM ended_sessions WHERE ended_at < $1", 1),
    // A second redemption still has to find, and revoke, the key of the first.
    ("DELETE FROM cli_codes WHERE expires_at < $1", 7 * DAY),
    ("DELETE FROM device_codes WHERE expires_at < $1", DAY),
    // Longer than any tolerance for a clock that is wrong.
    ("DELETE FROM proofs WHERE expires_at < $1", 1),
    ("DELETE FROM audit_events WHERE at < $1", 400 * DAY),
    ("DELETE FROM idempotency WHERE started_at < $1", DAY),
    ("DELETE FROM replicas WHERE heartbeat_at < $1", 1),
];

impl Store {
    /// Deletes everything that is past its keeping time. Signing keys are not among it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn purge(&self, now: Timestamp) -> Result<(), StoreError> {
        // Each in a transaction of its own: none may keep the writers waiting for the others.
        for (statement, hours) in KEPT {
            let limit = now.saturating_sub(SignedDuration::from_hours(*hours));
            within("purge the database", async {
                // Saturation at the first moment of time means that nothing is that old.
                let limit = limit.map_or(i64::MIN, Timestamp::as_millisecond);
                let mut change = self.begin().await?;
                sqlx::query(*statement)
                    .bind(limit)
                    .execute(&mut *change)
                    .await?;
                change.commit().await
            })
            .await?;
        }
        Ok(())
    }
}
