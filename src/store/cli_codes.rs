//! One-time codes that a command-line client swaps for an API key (RFC 6749, section 4.1.2).
//!
//! A code is redeemed once. A second attempt is refused and learns which key the first one
//! minted, so that the caller revokes it. The two may happen at once: whichever of
//! [`Store::redeem_cli_code`] and [`Store::note_minted_key`] comes second tells its caller.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::error::StoreError;
use super::pool::column::{Columns as _, encode};
use super::pool::{Change, Store, within};

/// A code that is handed out.
#[derive(Clone, Copy, Debug)]
pub struct NewCliCode<'a> {
    /// SHA-256 of the code.
    pub hash: &'a [u8; 32],
    /// Who authorised it.
    pub user_id: &'a str,
    /// Whose key it will mint.
    pub tenant_id: &'a str,
    /// In which session; the code dies with it.
    pub session_id: &'a str,
    /// Where the code was sent.
    pub redirect_uri: &'a str,
    /// PKCE challenge (S256).
    pub challenge: &'a str,
    /// Label of the key.
    pub label: &'a str,
    /// The time.
    pub now: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What a code was handed out for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliCode {
    /// Who authorised it.
    pub user_id: String,
    /// Whose key it mints.
    pub tenant_id: String,
    /// In which session.
    pub session_id: String,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// PKCE challenge (S256).
    pub challenge: String,
    /// Label of the key.
    pub label: String,
}

/// What became of a code that was presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeOutcome {
    /// It is used up by this call. The caller compares redirect and verifier.
    First(CliCode),
    /// It was used up before.
    Again {
        /// The key that it minted, to be revoked; `None`: none is noted yet, and whoever notes
        /// one will be told.
        minted_key: Option<String>,
    },
    /// Its time is over, or its session is.
    Expired,
    /// There is no such code.
    Unknown,
}

impl Store {
    /// Keeps a new code.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn put_cli_code(&self, new: NewCliCode<'_>) -> Result<(), StoreError> {
        within("store a CLI code", async {
            let mut change = self.begin().await?;
            sqlx::query(
                "INSERT INTO cli_codes (hash, user_id, tenant_id, session_id, redirect_uri,
                                        challenge, label, created_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(encode(new.hash))
            .bind(new.user_id)
            .bind(new.tenant_id)
            .bind(new.session_id)
            .bind(new.redirect_uri)
            .bind(new.challenge)
            .bind(new.label)
            .bind(new.now.as_millisecond())
            .bind(new.expires_at.as_millisecond())
            .execute(&mut *change)
            .await?;
            change.commit().await
        })
        .await
    }

    /// Uses a code up. Of any number of calls at once, one gets [`CodeOutcome::First`].
    ///
    /// # Errors
    /// When the database is away.
    pub async fn redeem_cli_code(
        &self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<CodeOutcome, StoreError> {
        within("redeem a CLI code", async {
            let hash = encode(hash);
            let row = sqlx::query(
                "SELECT redeemed_at, again_at, minted_key FROM cli_codes WHERE hash = $1",
            )
            .bind(&hash)
            .fetch_optional(&self.pool)
            .await?;
            let Some(row) = row else {
                return Ok(CodeOutcome::Unknown);
            };
            // Once a second attempt is on record a further one changes nothing, so it takes no lock.
            if row.optional_number("again_at")?.is_some() {
                let minted_key = row.optional_text("minted_key")?;
                return Ok(CodeOutcome::Again { minted_key });
            }
            let mut change = self.begin().await?;
            let outcome = match redeem(&mut change, &hash, now).await? {
                Some(code) => CodeOutcome::First(code),
                None => note_attempt(&mut change, &hash, now).await?,
            };
            change.commit().await?;
            Ok(outcome)
        })
        .await
    }

    /// Notes which key a code minted. `true`: the key must be revoked at once, since the code
    /// was presented again meanwhile, or its user is no longer on the allow-list.
    ///
    /// # Errors
    /// When the database is away; then the caller must revoke the key.
    pub async fn note_minted_key(&self, hash: &[u8; 32], key_id: &str) -> Result<bool, StoreError> {
        within("note the key of a CLI code", async {
            let mut change = self.begin().await?;
            let row = sqlx::query(
                "UPDATE cli_codes SET minted_key = $2 WHERE hash = $1
                 RETURNING again_at,
                     (SELECT c.id FROM covered_users c WHERE c.id = cli_codes.user_id) AS covered",
            )
            .bind(encode(hash))
            .bind(key_id)
            .fetch_optional(&mut *change)
            .await?;
            change.commit().await?;
            let Some(row) = row else {
                return Ok(true);
            };
            let again = row.optional_number("again_at")?.is_some();
            Ok(again || row.optional_text("covered")?.is_none())
        })
        .await
    }
}

async fn redeem(
    change: &mut Change,
    hash: &str,
    now: Timestamp,
) -> Result<Option<CliCode>, sqlx::Error> {
    let row = sqlx::query(
        "UPDATE cli_codes SET redeemed_at = $2
         WHERE hash = $1 AND redeemed_at IS NULL AND expires_at > $2
           AND EXISTS (SELECT 1 FROM sessions s WHERE s.id = cli_codes.session_id
                       AND s.ended_at IS NULL AND s.ends_at > $2)
         RETURNING user_id, tenant_id, session_id, redirect_uri, challenge, label",
    )
    .bind(hash)
    .bind(now.as_millisecond())
    .fetch_optional(&mut **change)
    .await?;
    let code = |row: AnyRow| {
        Ok(CliCode {
            user_id: row.text("user_id")?,
            tenant_id: row.text("tenant_id")?,
            session_id: row.text("session_id")?,
            redirect_uri: row.text("redirect_uri")?,
            challenge: row.text("challenge")?,
            label: row.text("label")?,
        })
    };
    row.map(code).transpose()
}

/// Notes that a code which cannot be redeemed was presented.
async fn note_attempt(
    change: &mut Change,
    hash: &str,
    now: Timestamp,
) -> Result<CodeOutcome, sqlx::Error> {
    let row = sqlx::query(
        "UPDATE cli_codes SET again_at = COALESCE(again_at, $2)
         WHERE hash = $1 AND redeemed_at IS NOT NULL
         RETURNING minted_key",
    )
    .bind(hash)
    .bind(now.as_millisecond())
    .fetch_optional(&mut **change)
    .await?;
    Ok(match row {
        Some(row) => CodeOutcome::Again {
            minted_key: row.optional_text("minted_key")?,
        },
        None => CodeOutcome::Expired,
    })
}
