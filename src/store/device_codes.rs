//! Codes of clients without a browser (RFC 8628): the client polls with one, a person approves
//! the other.

use jiff::{SignedDuration, Timestamp};
use sqlx::any::AnyRow;

use super::error::StoreError;
use super::pool::column::{Columns as _, encode};
use super::pool::{Change, Store, within};

/// What is added to the interval of a client that polls too fast (section 3.5).
const STEP_MS: i64 = 5_000;
/// A client that keeps its interval may still arrive a little early: networks jitter.
const TOLERANCE_MS: i64 = 500;

/// A pair of codes that is handed out.
#[derive(Clone, Copy, Debug)]
pub struct NewDeviceCode<'a> {
    /// SHA-256 of the code that the client polls with.
    pub device_hash: &'a [u8; 32],
    /// SHA-256 of the code that a person types.
    pub user_code_hash: &'a [u8; 32],
    /// Label of the key.
    pub label: &'a str,
    /// The time.
    pub now: Timestamp,
    /// When both end.
    pub expires_at: Timestamp,
    /// Least time between two polls.
    pub interval: SignedDuration,
}

/// A request that waits for a person's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRequest {
    /// Label of the key.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A person's decision.
#[derive(Clone, Copy, Debug)]
pub struct DeviceDecision<'a> {
    /// SHA-256 of the code that the person typed.
    pub user_code_hash: &'a [u8; 32],
    /// Who decides.
    pub user_id: &'a str,
    /// Whose key it will be.
    pub tenant_id: &'a str,
    /// In which session.
    pub session_id: &'a str,
    /// Yes or no.
    pub approve: bool,
    /// The time.
    pub now: Timestamp,
}

/// What a person approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceGrant {
    /// Who approved.
    pub user_id: String,
    /// Whose key it is.
    pub tenant_id: String,
    /// In which session.
    pub session_id: String,
    /// Label of the key.
    pub label: String,
}

/// What a poll finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceOutcome {
    /// Nobody has decided yet.
    Pending,
    /// Nobody has decided yet, and the client polls too fast; its interval has grown by 5 s.
    SlowDown,
    /// A person said no.
    Denied,
    /// A person said yes; told once.
    Approved(DeviceGrant),
    /// The approval was told before.
    Redeemed,
    /// Its time is over, or the session that approved it is.
    Expired,
    /// There is no such code.
    Unknown,
}

impl Store {
    /// Keeps a new pair. `false`: a living request has the same code for people; then nothing
    /// is kept.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn put_device_code(&self, new: NewDeviceCode<'_>) -> Result<bool, StoreError> {
        within("store a device code", async {
            let now = new.now.as_millisecond();
            let user_code = encode(new.user_code_hash);
            let mut change = self.begin().await?;
            // The code is short: a dead request may not keep it from others.
            sqlx::query("DELETE FROM device_codes WHERE user_code_hash = $1 AND expires_at <= $2")
                .bind(&user_code)
                .bind(now)
                .execute(&mut *change)
                .await?;
            let kept = sqlx::query(
                "INSERT INTO device_codes (device_hash, user_code_hash, label, created_at,
                                           expires_at, interval_ms, polls)
                 VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT DO NOTHING",
            )
            .bind(encode(new.device_hash))
            .bind(&user_code)
            .bind(new.label)
            .bind(now)
            .bind(new.expires_at.as_millisecond())
            .bind(i64::try_from(new.interval.as_millis()).unwrap_or(i64::MAX))
            .execute(&mut *change)
            .await?;
            change.commit().await?;
            Ok(kept.rows_affected() == 1)
        })
        .await
    }

    /// The request behind a code that a person typed, while it waits for a decision.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn find_device(
        &self,
        user_code_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<DeviceRequest>, StoreError> {
        within("find a device code", async {
            let row = sqlx::query(
                "SELECT label, created_at, expires_at FROM device_codes
                 WHERE user_code_hash = $1 AND approved IS NULL AND expires_at > $2",
            )
            .bind(encode(user_code_hash))
            .bind(now.as_millisecond())
            .fetch_optional(&self.pool)
            .await?;
            let request = |row: AnyRow| {
                Ok(DeviceRequest {
                    label: row.text("label")?,
                    created_at: row.time("created_at")?,
                    expires_at: row.time("expires_at")?,
                })
            };
            row.map(request).transpose()
        })
        .await
    }

    /// Decides about a request, once. `false`: there is no request that waits for a decision.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn decide_device(&self, decision: DeviceDecision<'_>) -> Result<bool, StoreError> {
        within("decide about a device code", async {
            let mut change = self.begin().await?;
            let decided = sqlx::query(
                "UPDATE device_codes
                 SET approved = $2, user_id = $3, tenant_id = $4, session_id = $5
                 WHERE user_code_hash = $1 AND approved IS NULL AND expires_at > $6",
            )
            .bind(encode(decision.user_code_hash))
            .bind(i64::from(decision.approve))
            .bind(decision.user_id)
            .bind(decision.tenant_id)
            .bind(decision.session_id)
            .bind(decision.now.as_millisecond())
            .execute(&mut *change)
            .await?;
            change.commit().await?;
            Ok(decided.rows_affected() == 1)
        })
        .await
    }

    /// Answers a client that polls.
    ///
    /// # Errors
    /// When the database is away; then an approval is still to be told.
    pub async fn poll_device(
        &self,
        device_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<DeviceOutcome, StoreError> {
        within("poll a device code", async {
            let hash = encode(device_hash);
            let mut change = self.begin().await?;
            // Holds the row and shows what the poll before left there.
            let row = sqlx::query(
                "UPDATE device_codes SET polls = polls + 1 WHERE device_hash = $1
                 RETURNING label, expires_at, interval_ms, polled_at, approved, redeemed_at,
                           user_id, tenant_id, session_id",
            )
            .bind(&hash)
            .fetch_optional(&mut *change)
            .await?;
            let Some(row) = row else {
                return Ok(DeviceOutcome::Unknown);
            };
            let outcome = answer(&mut change, &hash, &row, now).await?;
            change.commit().await?;
            Ok(outcome)
        })
        .await
    }
}

async fn answer(
    change: &mut Change,
    hash: &str,
    row: &AnyRow,
    now: Timestamp,
) -> Result<DeviceOutcome, sqlx::Error> {
    if row.optional_number("redeemed_at")?.is_some() {
        return Ok(DeviceOutcome::Redeemed);
    }
    if row.time("expires_at")? <= now {
        return Ok(DeviceOutcome::Expired);
    }
    match row.optional_number("approved")? {
        None => wait(change, hash, row, now).await,
        Some(0) => Ok(DeviceOutcome::Denied),
        Some(_) => grant(change, hash, row, now).await,
    }
}

async fn wait(
    change: &mut Change,
    hash: &str,
    row: &AnyRow,
    now: Timestamp,
) -> Result<DeviceOutcome, sqlx::Error> {
    let now = now.as_millisecond();
    let interval = row.number("interval_ms")?;
    let hasty = row
        .optional_number("polled_at")?
        .is_some_and(|polled| now.saturating_sub(polled) < interval.saturating_sub(TOLERANCE_MS));
    let step = if hasty { STEP_MS } else { 0 };
    sqlx::query("UPDATE device_codes SET polled_at = $2, interval_ms = $3 WHERE device_hash = $1")
        .bind(hash)
        .bind(now)
        .bind(interval.saturating_add(step))
        .execute(&mut **change)
        .await?;
    Ok(if hasty {
        DeviceOutcome::SlowDown
    } else {
        DeviceOutcome::Pending
    })
}

async fn grant(
    change: &mut Change,
    hash: &str,
    row: &AnyRow,
    now: Timestamp,
) -> Result<DeviceOutcome, sqlx::Error> {
    let redeemed = sqlx::query(
        "UPDATE device_codes SET redeemed_at = $2
         WHERE device_hash = $1
           AND EXISTS (SELECT 1 FROM sessions s WHERE s.id = device_codes.session_id
                       AND s.ended_at IS NULL AND s.ends_at > $2)",
    )
    .bind(hash)
    .bind(now.as_millisecond())
    .execute(&mut **change)
    .await?;
    if redeemed.rows_affected() == 0 {
        return Ok(DeviceOutcome::Expired);
    }
    Ok(DeviceOutcome::Approved(DeviceGrant {
        user_id: row.text("user_id")?,
        tenant_id: row.text("tenant_id")?,
        session_id: row.text("session_id")?,
        label: row.text("label")?,
    }))
}
