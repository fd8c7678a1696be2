//! The record of changes, newest first.

use axum::extract::State;
use jiff::Timestamp;

use crate::api::audit::store_error;
use crate::api::http::cursor;
use crate::api::http::error::ApiResult;
use crate::api::http::extract::{Json, UrlQuery};
use crate::api::identity::caller::Caller;
use crate::api::state::ApiState;
use crate::domain::access::{Action, Target};
use crate::store::AuditEvent;
use crate::wire::audit_event::{ActorView, AuditEventView, TargetView};
use crate::wire::page::{Page, PageQuery};
use crate::wire::problem::Problem;

/// List audit events
///
/// Every change of this tenant's things that came through the API, newest first.
#[utoipa::path(get, path = "/v1/audit-events", operation_id = "list_audit_events", tag = "audit",
    security(("bearer" = [])), params(PageQuery),
    responses((status = 200, body = Page<AuditEventView>), (status = 400, body = Problem)))]
pub async fn list_audit_events(
    State(state): State<ApiState>,
    caller: Caller,
    UrlQuery(query): UrlQuery<PageQuery>,
) -> ApiResult<Json<Page<AuditEventView>>> {
    caller.may(Action::ReadAudit, Target::Tenant)?;
    let limit = cursor::limit(&query)?;
    let before = cursor::read::<(Timestamp, String)>(&query)?;
    let before = before.as_ref().map(|(at, id)| (*at, id.as_str()));
    // One more than asked for tells whether there is a next page.
    let mut events = state
        .store()
        .audit_events(&caller.tenant.id, before, limit + 1)
        .await
        .map_err(store_error)?;
    let has_more = events.len() > limit as usize;
    events.truncate(limit as usize);
    let next_cursor = events
        .last()
        .filter(|_| has_more)
        .map(|event| cursor::write(&(event.at, &event.id)));
    Ok(Json(Page {
        items: events.into_iter().map(view).collect(),
        next_cursor,
    }))
}

fn view(event: AuditEvent) -> AuditEventView {
    AuditEventView {
        id: event.id,
        at: event.at.to_string(),
        actor: ActorView {
            kind: event.actor_kind,
            id: event.actor_id,
            label: event.actor_label,
        },
        action: event.action,
        target: TargetView {
            kind: event.target_kind,
            id: event.target_id,
            name: event.target_name,
        },
        request_id: Some(event.request_id).filter(|id| !id.is_empty()),
        detail: event
            .detail
            .and_then(|text| serde_json::from_str(&text).ok()),
    }
}
