//! Projects.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use kube::ResourceExt as _;
use serde_json::{Value, json};

use super::{changed_since, cluster_error, ensure_tenant, version};
use crate::api::audit::{self, Target};
use crate::api::http::cursor;
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::http::etag;
use crate::api::http::extract::{IdempotencyKey, IfMatch, Json, RenderedJson, UrlPath, UrlQuery};
use crate::api::http::idempotency::{MARK, Ticket, Turn, created};
use crate::api::identity::caller::Caller;
use crate::api::state::ApiState;
use crate::api::view;
use crate::cluster::intent::{ClusterError, Deletion, Intended, Intent};
use crate::crd::Project;
use crate::domain::access::{Action, Target as Reach};
use crate::wire::page::{Page, PageQuery};
use crate::wire::problem::Problem;
use crate::wire::project::{CreateProject, ProjectView, UpdateProject};

const COLLECTION: &str = "/v1/projects";

/// List projects
///
/// Oldest first. What `kubectl` has made is here as well.
#[utoipa::path(get, path = "/v1/projects", operation_id = "list_projects", tag = "projects",
    security(("bearer" = [])), params(PageQuery),
    responses((status = 200, body = Page<ProjectView>), (status = 400, body = Problem)))]
pub async fn list_projects(
    State(state): State<ApiState>,
    caller: Caller,
    UrlQuery(query): UrlQuery<PageQuery>,
) -> ApiResult<RenderedJson> {
    caller.may(Action::List, Reach::Tenant)?;
    let namespace = &*caller.tenant.namespace;
    // Read before the list, which may be newer then but never older.
    let edition = match caller.project() {
        None if query == PageQuery::default() => state.watches().edition::<Project>(namespace),
        _ => None,
    };
    if let Some(list) = edition.and_then(|edition| state.project_lists().get(namespace, edition)) {
        return Ok(RenderedJson(list));
    }
    let mut projects = state.watches().list::<Project>(namespace);
    if let Some(only) = caller.project() {
        projects.retain(|project| project.metadata.name.as_deref() == Some(only));
    }
    let page = cursor::page(projects, view::place, &query)?;
    let page = page.map(|project| view::project(&project));
    let list = Bytes::from(serde_json::to_vec(&page).map_err(ApiError::internal)?);
    if let Some(edition) = edition {
        let lists = state.project_lists();
        lists.insert(namespace, edition, list.clone());
    }
    Ok(RenderedJson(list))
}

/// Get a project
#[utoipa::path(get, path = "/v1/projects/{id}", operation_id = "get_project", tag = "projects",
    security(("bearer" = [])), params(("id" = String, Path, description = "Id of the project")),
    responses((status = 200, body = ProjectView), (status = 304), (status = 404, body = Problem)))]
pub async fn get_project(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let project = find(&state, &caller, Action::Read, &id)?;
    let view = view::project(&project);
    Ok(etag::answer(&headers, &view.etag.clone(), view))
}

/// Create a project
///
/// With an `Idempotency-Key` a request that is sent again makes no second project and is answered
/// as the first.
#[utoipa::path(post, path = "/v1/projects", operation_id = "create_project", tag = "projects",
    security(("bearer" = [])), request_body = CreateProject,
    params(("Idempotency-Key" = Option<String>, Header, description = "Any text; a new one for each new request")),
    responses((status = 201, body = ProjectView), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create_project(
    State(state): State<ApiState>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(body): Json<CreateProject>,
) -> ApiResult<Response> {
    caller.may(Action::Write, Reach::Tenant)?;
    let ticket = match Ticket::take(&state, &caller, "create_project", key, &body).await? {
        Turn::Go(ticket) => ticket,
        Turn::Done(view) => return Ok(created(COLLECTION, &view)),
    };
    let outcome = create(&state, &caller, &body, ticket.mark()).await;
    ticket.keep(&state, &outcome).await;
    let view = serde_json::to_value(outcome?).map_err(ApiError::internal)?;
    Ok(created(COLLECTION, &view))
}

async fn create(
    state: &ApiState,
    caller: &Caller,
    body: &CreateProject,
    mark: Option<String>,
) -> ApiResult<ProjectView> {
    let mut spec = serde_json::to_value(body).map_err(ApiError::internal)?;
    if let Some(members) = spec.as_object_mut() {
        members.remove("name");
    }
    let project = make::<Project>(state, caller, &body.name, spec, mark).await?;
    state.watches().until_seen(&project).await;
    let view = view::project(&project);
    record(
        state,
        caller,
        "project.create",
        (&view.id, &view.name),
        None,
    )
    .await?;
    Ok(view)
}

/// Change a project
///
/// The body is a JSON merge patch (RFC 7396): what it leaves out stays, null removes.
#[utoipa::path(patch, path = "/v1/projects/{id}", operation_id = "update_project", tag = "projects",
    security(("bearer" = [])), request_body(content = UpdateProject, content_type = "application/merge-patch+json"),
    params(("id" = String, Path, description = "Id of the project"),
        ("If-Match" = String, Header, description = "ETag of the version that you have read")),
    responses((status = 200, body = ProjectView), (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
pub async fn update_project(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
    IfMatch(tag): IfMatch,
    Json(body): Json<UpdateProject>,
) -> ApiResult<Response> {
    let project = find(&state, &caller, Action::Write, &id)?;
    let seen = version(&tag)?;
    let spec = serde_json::to_value(&body).map_err(ApiError::internal)?;
    let detail = fields(&spec);
    let intent = Intent::new(state.client().clone());
    let changed = intent.merge(&*project, Some(seen), spec).await;
    let changed = changed.map_err(changed_since)?;
    state.watches().until_seen(&changed).await;
    let view = view::project(&changed);
    record(
        &state,
        &caller,
        "project.update",
        (&view.id, &view.name),
        detail,
    )
    .await?;
    let answer = Json(&view).into_response();
    Ok(etag::tagged(answer, &view.etag))
}

/// Delete a project
///
/// Its endpoints go with it; their data stays or goes as `deletionPolicy` says. Answers 202 while
/// they are taken down.
#[utoipa::path(delete, path = "/v1/projects/{id}", operation_id = "delete_project", tag = "projects",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the project"),
        ("If-Match" = Option<String>, Header, description = "ETag: delete this version only")),
    responses((status = 202, body = ProjectView), (status = 204), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem)))]
pub async fn delete_project(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
    condition: Option<IfMatch>,
) -> ApiResult<Response> {
    let project = find(&state, &caller, Action::Write, &id)?;
    let seen = condition.as_ref().map(|tag| version(&tag.0)).transpose()?;
    if project.spec.deletion_protection {
        return Err(protected());
    }
    let intent = Intent::new(state.client().clone());
    let deletion = match intent.delete(&*project, seen).await {
        // Protected since the watch has last shown it.
        Err(ClusterError::Forbidden(_)) => return Err(protected()),
        deletion => deletion.map_err(changed_since)?,
    };
    let name = project.metadata.name.as_deref().unwrap_or_default();
    record(&state, &caller, "project.delete", (&id, name), None).await?;
    match deletion {
        Deletion::Gone => {
            state.watches().until_gone(&*project).await;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Deletion::Finalizing(kept) => {
            state.watches().until_seen(&*kept).await;
            Ok((StatusCode::ACCEPTED, Json(view::project(&kept))).into_response())
        }
    }
}

/// The project of this id, if the caller may do this with it.
///
/// # Errors
/// When there is none for this caller, or it may not.
pub(super) fn find(
    state: &ApiState,
    caller: &Caller,
    action: Action,
    id: &str,
) -> ApiResult<Arc<Project>> {
    let found = state
        .watches()
        .by_id::<Project>(&caller.tenant.namespace, id);
    let project = found.ok_or_else(ApiError::not_found)?;
    caller.may(action, Reach::Project(&project.name_any()))?;
    Ok(project)
}

/// Makes an object in the caller's namespace. One that the same request has made before is it.
///
/// # Errors
/// When the name is taken, the quota used up, or Kubernetes refuses or cannot be reached.
pub(super) async fn make<K: Intended>(
    state: &ApiState,
    caller: &Caller,
    name: &str,
    spec: Value,
    mark: Option<String>,
) -> ApiResult<K> {
    let owner = &caller.tenant;
    let object = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": { "name": name, "annotations": mark.as_ref().map(|mark| json!({ MARK: mark })) },
        "spec": spec,
    });
    let intent = Intent::new(state.client().clone());
    ensure_tenant(state, owner).await?;
    match intent.create::<K>(&owner.namespace, &object).await {
        Err(ClusterError::NameTaken) if mark.is_some() => {
            let existing = intent.get::<K>(&owner.namespace, name).await;
            let existing = existing.map_err(cluster_error)?;
            let is_ours = |object: &K| object.annotations().get(MARK) == mark.as_ref();
            existing
                .filter(is_ours)
                .ok_or_else(|| cluster_error(ClusterError::NameTaken))
        }
        made => made.map_err(cluster_error),
    }
}

/// Records a change of a project.
async fn record(
    state: &ApiState,
    caller: &Caller,
    action: &str,
    (id, name): (&str, &str),
    detail: Option<Value>,
) -> ApiResult<()> {
    let target = Target {
        kind: "project",
        id,
        name: Some(name),
    };
    audit::record(state, caller, action, target, detail).await
}

/// The names of the members of a patch, for the record: its values may be long.
pub(super) fn fields(patch: &Value) -> Option<Value> {
    let names = patch.as_object()?.keys().collect::<Vec<_>>();
    Some(json!({ "fields": names }))
}

fn protected() -> ApiError {
    ApiError::with(
        Code::DeletionProtected,
        "the project is protected from deletion: to delete it with its endpoints, first change deletionProtection to false",
    )
}
