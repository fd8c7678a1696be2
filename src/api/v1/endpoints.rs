//! Endpoints: what is made, read, changed and deleted of them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use kube::ResourceExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::projects::{fields, make};
use super::{changed_since, version};
use crate::api::audit::{self, Target};
use crate::api::http::cursor;
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::http::etag;
use crate::api::http::extract::{IdempotencyKey, IfMatch, Json, UrlPath, UrlQuery};
use crate::api::http::idempotency::{Ticket, Turn, created};
use crate::api::identity::caller::Caller;
use crate::api::state::ApiState;
use crate::api::view;
use crate::cluster::intent::{Deletion, Intent};
use crate::crd::{Endpoint, Project};
use crate::domain::access::{Action, Target as Reach};
use crate::wire::endpoint::{CreateEndpoint, EndpointView, UpdateEndpoint};
use crate::wire::page::{Page, PageQuery};
use crate::wire::problem::Problem;

const COLLECTION: &str = "/v1/endpoints";

/// Which endpoints.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EndpointQuery {
    /// Id or name of the only project of interest.
    pub project: Option<String>,
    /// How many items at the most: 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// List endpoints
///
/// Oldest first. What `kubectl` has made is here as well.
#[utoipa::path(get, path = "/v1/endpoints", operation_id = "list_endpoints", tag = "endpoints",
    security(("bearer" = [])), params(EndpointQuery),
    responses((status = 200, body = Page<EndpointView>), (status = 400, body = Problem)))]
pub async fn list_endpoints(
    State(state): State<ApiState>,
    caller: Caller,
    UrlQuery(query): UrlQuery<EndpointQuery>,
) -> ApiResult<Json<Page<EndpointView>>> {
    caller.may(Action::List, Reach::Tenant)?;
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let mut endpoints = state.watches().list::<Endpoint>(&caller.tenant.namespace);
    if let Some(only) = caller.project() {
        endpoints.retain(|endpoint| endpoint.spec.project == only);
    }
    if let Some(wanted) = query.project {
        let name = project(&state, &caller, &wanted).map(|project| project.name_any());
        endpoints.retain(|endpoint| Some(&endpoint.spec.project) == name.as_ref());
    }
    let page = cursor::page(endpoints, view::place, &page)?;
    Ok(Json(page.map(|endpoint| show(&state, &endpoint))))
}

/// Get an endpoint
#[utoipa::path(get, path = "/v1/endpoints/{id}", operation_id = "get_endpoint", tag = "endpoints",
    security(("bearer" = [])), params(("id" = String, Path, description = "Id of the endpoint")),
    responses((status = 200, body = EndpointView), (status = 304), (status = 404, body = Problem)))]
pub async fn get_endpoint(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let endpoint = find(&state, &caller, Action::Read, &id)?;
    let view = show(&state, &endpoint);
    Ok(etag::answer(&headers, &view.etag.clone(), view))
}

/// Create an endpoint
///
/// It is reachable once its `phase` is `Running`; follow `GET /v1/endpoints/{id}/events` to hear of
/// it. With an `Idempotency-Key` a request that is sent again makes no second endpoint and is
/// answered as the first.
#[utoipa::path(post, path = "/v1/endpoints", operation_id = "create_endpoint", tag = "endpoints",
    security(("bearer" = [])), request_body = CreateEndpoint,
    params(("Idempotency-Key" = Option<String>, Header, description = "Any text; a new one for each new request")),
    responses((status = 201, body = EndpointView), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create_endpoint(
    State(state): State<ApiState>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(body): Json<CreateEndpoint>,
) -> ApiResult<Response> {
    let project = project(&state, &caller, &body.project);
    let name = project.as_ref().map(|project| project.name_any());
    let reach = name.as_deref().map_or(Reach::Tenant, Reach::Project);
    caller.may(Action::Write, reach)?;
    let project = project.ok_or_else(|| {
        let message = "there is no such project: give the id or name of one of yours";
        ApiError::new(Code::InvalidObject).field("project", message)
    })?;
    let ticket = match Ticket::take(&state, &caller, "create_endpoint", key, &body).await? {
        Turn::Go(ticket) => ticket,
        Turn::Done(view) => return Ok(created(COLLECTION, &view)),
    };
    let outcome = create(&state, &caller, &project, &body, ticket.mark()).await;
    ticket.keep(&state, &outcome).await;
    let view = serde_json::to_value(outcome?).map_err(ApiError::internal)?;
    Ok(created(COLLECTION, &view))
}

async fn create(
    state: &ApiState,
    caller: &Caller,
    project: &Project,
    body: &CreateEndpoint,
    mark: Option<String>,
) -> ApiResult<EndpointView> {
    let mut spec = serde_json::to_value(body).map_err(ApiError::internal)?;
    if let Some(members) = spec.as_object_mut() {
        members.remove("name");
        members.insert("project".to_owned(), json!(project.name_any()));
    }
    let endpoint = make::<Endpoint>(state, caller, &body.name, spec, mark).await?;
    state.watches().until_seen(&endpoint).await;
    let view = view::endpoint(&endpoint, Some(project));
    record(state, caller, "endpoint.create", &view, None).await?;
    Ok(view)
}

/// Change an endpoint
///
/// The body is a JSON merge patch (RFC 7396): what it leaves out stays, null removes.
#[utoipa::path(patch, path = "/v1/endpoints/{id}", operation_id = "update_endpoint", tag = "endpoints",
    security(("bearer" = [])), request_body(content = UpdateEndpoint, content_type = "application/merge-patch+json"),
    params(("id" = String, Path, description = "Id of the endpoint"),
        ("If-Match" = String, Header, description = "ETag of the version that you have read")),
    responses((status = 200, body = EndpointView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem)))]
pub async fn update_endpoint(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
    IfMatch(tag): IfMatch,
    Json(body): Json<UpdateEndpoint>,
) -> ApiResult<Response> {
    let endpoint = find(&state, &caller, Action::Write, &id)?;
    let spec = serde_json::to_value(&body).map_err(ApiError::internal)?;
    let change = Change {
        tag: Some(&tag),
        spec,
        action: "endpoint.update",
    };
    let view = change.make(&state, &caller, &endpoint).await?;
    Ok(answer(&view))
}

/// Delete an endpoint
///
/// Its data stays or goes as `deletionPolicy` of its project says. Answers 202 while it is taken
/// down.
#[utoipa::path(delete, path = "/v1/endpoints/{id}", operation_id = "delete_endpoint", tag = "endpoints",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the endpoint"),
        ("If-Match" = Option<String>, Header, description = "ETag: delete this version only")),
    responses((status = 202, body = EndpointView), (status = 204), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem)))]
pub async fn delete_endpoint(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
    condition: Option<IfMatch>,
) -> ApiResult<Response> {
    let endpoint = find(&state, &caller, Action::Write, &id)?;
    let seen = condition.as_ref().map(|tag| version(&tag.0)).transpose()?;
    let view = show(&state, &endpoint);
    if view.declared_by_project {
        return Err(ApiError::with(
            Code::Conflict,
            format!(
                "project {} declares this endpoint and would make it anew: take it out of the project's endpoints",
                view.project.name
            ),
        ));
    }
    let intent = Intent::new(state.client().clone());
    let deletion = intent.delete(&*endpoint, seen).await;
    let deletion = deletion.map_err(changed_since)?;
    record(&state, &caller, "endpoint.delete", &view, None).await?;
    match deletion {
        Deletion::Gone => {
            state.watches().until_gone(&*endpoint).await;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Deletion::Finalizing(kept) => {
            state.watches().until_seen(&*kept).await;
            Ok((StatusCode::ACCEPTED, Json(show(&state, &kept))).into_response())
        }
    }
}

/// The endpoint of this id, if the caller may do this with it.
///
/// # Errors
/// When there is none for this caller, or it may not.
pub(super) fn find(
    state: &ApiState,
    caller: &Caller,
    action: Action,
    id: &str,
) -> ApiResult<Arc<Endpoint>> {
    let found = state
        .watches()
        .by_id::<Endpoint>(&caller.tenant.namespace, id);
    let endpoint = found.ok_or_else(ApiError::not_found)?;
    caller.may(action, Reach::Project(&endpoint.spec.project))?;
    Ok(endpoint)
}

/// The project of this id or name that the caller can see.
pub(super) fn project(state: &ApiState, caller: &Caller, wanted: &str) -> Option<Arc<Project>> {
    let (watches, namespace) = (state.watches(), &caller.tenant.namespace);
    let found = watches
        .by_id::<Project>(namespace, wanted)
        .or_else(|| watches.by_name(namespace, wanted));
    found.filter(|project| {
        let name = project.metadata.name.as_deref();
        caller.project().is_none_or(|only| name == Some(only))
    })
}

/// The project that an endpoint names.
pub(super) fn project_of(state: &ApiState, endpoint: &Endpoint) -> Option<Arc<Project>> {
    let namespace = endpoint.namespace().unwrap_or_default();
    state.watches().by_name(&namespace, &endpoint.spec.project)
}

/// An endpoint as it is shown.
pub(in crate::api) fn show(state: &ApiState, endpoint: &Endpoint) -> EndpointView {
    view::endpoint(endpoint, project_of(state, endpoint).as_deref())
}

/// A change of the spec of an endpoint.
pub(super) struct Change<'a> {
    /// The version that it is made to; `None`: to any.
    pub tag: Option<&'a str>,
    /// JSON merge patch of the spec.
    pub spec: Value,
    /// As the record names it.
    pub action: &'a str,
}

impl Change<'_> {
    /// Makes the change.
    ///
    /// # Errors
    /// When its project holds what is to be changed, it has changed, or Kubernetes refuses.
    pub(super) async fn make(
        self,
        state: &ApiState,
        caller: &Caller,
        endpoint: &Endpoint,
    ) -> ApiResult<EndpointView> {
        let seen = self.tag.map(version).transpose()?;
        check_template(state, endpoint, &self.spec)?;
        let detail = fields(&self.spec);
        let intent = Intent::new(state.client().clone());
        let changed = intent.merge(endpoint, seen, self.spec).await;
        let changed = changed.map_err(changed_since)?;
        state.watches().until_seen(&changed).await;
        let view = show(state, &changed);
        record(state, caller, self.action, &view, detail).await?;
        Ok(view)
    }
}

/// What a project's template says about an endpoint is held to: a change here would be undone.
fn check_template(state: &ApiState, endpoint: &Endpoint, spec: &Value) -> ApiResult<()> {
    let project = project_of(state, endpoint);
    let template = project.as_deref().and_then(|p| view::template(endpoint, p));
    let Some(template) = template else {
        return Ok(());
    };
    let template = serde_json::to_value(template).map_err(ApiError::internal)?;
    let mut members = spec.as_object().into_iter().flatten();
    match members.find(|(member, _)| template.get(*member).is_some()) {
        None => Ok(()),
        Some((member, _)) => Err(ApiError::with(
            Code::Conflict,
            format!(
                "project {} declares {member} of this endpoint and would undo the change: change it there",
                endpoint.spec.project
            ),
        )),
    }
}

/// An endpoint as an answer, with its tag.
pub(super) fn answer(view: &EndpointView) -> Response {
    etag::tagged(Json(view).into_response(), &view.etag)
}

/// Records a change of an endpoint.
///
/// # Errors
/// When the store cannot keep it.
pub(super) async fn record(
    state: &ApiState,
    caller: &Caller,
    action: &str,
    view: &EndpointView,
    detail: Option<Value>,
) -> ApiResult<()> {
    let target = Target {
        kind: "endpoint",
        id: &view.id,
        name: Some(&view.name),
    };
    audit::record(state, caller, action, target, detail).await
}
