//! Who changed what, and when. Events are written once and never changed.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::error::StoreError;
use super::pool::column::Columns as _;
use super::pool::{Store, within};

/// A change that was made.
#[derive(Clone, Copy, Debug)]
pub struct NewAuditEvent<'a> {
    /// `evt-…`; orders events of one moment.
    pub id: &'a str,
    /// Whose objects were changed.
    pub tenant_id: &'a str,
    /// When.
    pub at: Timestamp,
    /// What kind of caller: user, session, key.
    pub actor_kind: &'a str,
    /// Id of the caller.
    pub actor_id: &'a str,
    /// The caller as people know it.
    pub actor_label: &'a str,
    /// What was done.
    pub action: &'a str,
    /// To what kind of thing.
    pub target_kind: &'a str,
    /// Id of the thing.
    pub target_id: &'a str,
    /// Name of the thing, if it has one.
    pub target_name: Option<&'a str>,
    /// The request that did it.
    pub request_id: &'a str,
    /// More about it, as JSON.
    pub detail: Option<&'a str>,
}

/// A change that is on record; the fields are those of [`NewAuditEvent`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// `evt-…`.
    pub id: String,
    /// Whose objects were changed.
    pub tenant_id: String,
    /// When, to the millisecond.
    pub at: Timestamp,
    /// What kind of caller.
    pub actor_kind: String,
    /// Id of the caller.
    pub actor_id: String,
    /// The caller as people know it.
    pub actor_label: String,
    /// What was done.
    pub action: String,
    /// To what kind of thing.
    pub target_kind: String,
    /// Id of the thing.
    pub target_id: String,
    /// Name of the thing, if it has one.
    pub target_name: Option<String>,
    /// The request that did it.
    pub request_id: String,
    /// More about it, as JSON.
    pub detail: Option<String>,
}

impl Store {
    /// Puts a change on record.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn record(&self, event: NewAuditEvent<'_>) -> Result<(), StoreError> {
        within("record an audit event", async {
            let mut change = self.begin().await?;
            sqlx::query(
                "INSERT INTO audit_events (id, tenant_id, at, actor_kind, actor_id, actor_label,
                     action, target_kind, target_id, target_name, request_id, detail)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            )
            .bind(event.id)
            .bind(event.tenant_id)
            .bind(event.at.as_millisecond())
            .bind(event.actor_kind)
            .bind(event.actor_id)
            .bind(event.actor_label)
            .bind(event.action)
            .bind(event.target_kind)
            .bind(event.target_id)
            .bind(event.target_name)
            .bind(event.request_id)
            .bind(event.detail)
            .execute(&mut *change)
            .await?;
            change.commit().await
        })
        .await
    }

    /// Up to `limit` events of a tenant, the newest first: those before the time and id of the
    /// last one of the page before.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn audit_events(
        &self,
        tenant_id: &str,
        before: Option<(Timestamp, &str)>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        within("read audit events", async {
            let (at, id) = before.map_or((i64::MAX, ""), |(at, id)| (at.as_millisecond(), id));
            let rows = sqlx::query(
                "SELECT id, tenant_id, at, actor_kind, actor_id, actor_label, action, target_kind,
                        target_id, target_name, request_id, detail
                 FROM audit_events
                 WHERE tenant_id = $1 AND (at < $2 OR (at = $2 AND id < $3))
                 ORDER BY at DESC, id DESC
                 LIMIT $4",
            )
            .bind(tenant_id)
            .bind(at)
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
            rows.iter().map(event).collect()
        })
        .await
    }
}

fn event(row: &AnyRow) -> Result<AuditEvent, sqlx::Error> {
    Ok(AuditEvent {
        id: row.text("id")?,
        tenant_id: row.text("tenant_id")?,
        at: row.time("at")?,
        actor_kind: row.text("actor_kind")?,
        actor_id: row.text("actor_id")?,
        actor_label: row.text("actor_label")?,
        action: row.text("action")?,
        target_kind: row.text("target_kind")?,
        target_id: row.text("target_id")?,
        target_name: row.optional_text("target_name")?,
        request_id: row.text("request_id")?,
        detail: row.optional_text("detail")?,
    })
}
