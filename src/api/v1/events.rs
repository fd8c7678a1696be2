//! Changes as they happen, so that clients wait without asking again and again.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures::Stream;

use super::endpoints::find;
use crate::api::follow;
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::http::extract::UrlPath;
use crate::api::identity::caller::Caller;
use crate::api::state::ApiState;
use crate::domain::access::{Action, Target};
use crate::wire::problem::Problem;

/// Follow all changes
///
/// Server-sent events: `project` and `endpoint` with the body of the GET, `deleted`, `synced` after
/// the present state, `ping` every 15 seconds. With `Last-Event-ID` only what was missed comes
/// first. The stream ends with the credential.
#[utoipa::path(get, path = "/v1/events", operation_id = "list_events", tag = "events", security(("bearer" = [])),
    params(("Last-Event-ID" = Option<String>, Header, description = "`id` of the last event that was seen")),
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = 429, body = Problem)))]
pub async fn list_events(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>> {
    caller.may(Action::List, Target::Tenant)?;
    stream(state, caller, &headers, None)
}

/// Follow one endpoint
///
/// As `GET /v1/events`, for one endpoint. The stream ends when the endpoint is gone.
#[utoipa::path(get, path = "/v1/endpoints/{id}/events", operation_id = "list_endpoint_events", tag = "events",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the endpoint"),
        ("Last-Event-ID" = Option<String>, Header, description = "`id` of the last event that was seen")),
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = 404, body = Problem),
        (status = 429, body = Problem)))]
pub async fn list_endpoint_events(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
    headers: HeaderMap,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>> {
    find(&state, &caller, Action::Read, &id)?;
    stream(state, caller, &headers, Some(id))
}

fn stream(
    state: ApiState,
    caller: Caller,
    headers: &HeaderMap,
    only: Option<String>,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>> {
    let since = last_event_id(headers)?;
    let place = state.streams().take(caller.credential_id())?;
    Ok(Sse::new(follow::open(state, caller, only, since, place)))
}

fn last_event_id(headers: &HeaderMap) -> ApiResult<Option<u64>> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    id.map(Some).ok_or_else(|| {
        let detail = "Last-Event-ID must be the id of an event of this stream, or be left out";
        ApiError::with(Code::InvalidRequest, detail)
    })
}
