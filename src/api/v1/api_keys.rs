//! API keys: made, listed, renamed and revoked; and reported by whoever finds one.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use kube::ResourceExt as _;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::cluster_error;
use super::endpoints::project as find_project;
use crate::api::audit::{self, Actor, Target};
use crate::api::http::cursor;
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::http::extract::{IdempotencyKey, Json, UrlPath, UrlQuery};
use crate::api::http::idempotency::{Ticket, Turn, created};
use crate::api::identity::caller::{Caller, Credential};
use crate::api::identity::mint::{self, NewKey, check_label};
use crate::api::state::ApiState;
use crate::api::view;
use crate::auth::key_index::IndexedKey;
use crate::cluster::api_key;
use crate::cluster::intent::Intent;
use crate::crd::{ApiKey, Project};
use crate::domain::access::{Action, Target as Reach};
use crate::domain::api_key::{Grant, KeyRecord, PlainKey, Scopes};
use crate::wire::api_key::{
    ApiKeyView, CreateApiKey, CreatedApiKey, ReportApiKey, Scope, UpdateApiKey,
};
use crate::wire::page::{Page, PageQuery};
use crate::wire::problem::Problem;

const COLLECTION: &str = "/v1/api-keys";

/// List API keys
///
/// Oldest first, those from Git as well. A key itself is never shown again.
#[utoipa::path(get, path = "/v1/api-keys", operation_id = "list_api_keys", tag = "api-keys",
    security(("bearer" = [])), params(PageQuery),
    responses((status = 200, body = Page<ApiKeyView>), (status = 400, body = Problem)))]
pub async fn list_api_keys(
    State(state): State<ApiState>,
    caller: Caller,
    UrlQuery(query): UrlQuery<PageQuery>,
) -> ApiResult<Json<Page<ApiKeyView>>> {
    caller.may(Action::List, Reach::Tenant)?;
    let mut keys = stored(&state, &caller).await?;
    keys.retain(|(_, record)| caller.sees(reach(record)));
    let place = |(_, record): &(ApiKey, KeyRecord)| (record.created_at, record.id.clone());
    let page = cursor::page(keys, place, &query)?;
    Ok(Json(page.map(|(key, record)| show(&state, &key, &record))))
}

/// Get an API key
#[utoipa::path(get, path = "/v1/api-keys/{id}", operation_id = "get_api_key", tag = "api-keys",
    security(("bearer" = [])), params(("id" = String, Path, description = "Id of the key")),
    responses((status = 200, body = ApiKeyView), (status = 404, body = Problem)))]
pub async fn get_api_key(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
) -> ApiResult<Json<ApiKeyView>> {
    let (key, record) = find(&state, &caller, Action::Read, &id).await?;
    Ok(Json(show(&state, &key, &record)))
}

/// Create an API key
///
/// The key is in this answer and nowhere else. It can do no more than the credential that makes
/// it, and revoking that one revokes it as well. An `Idempotency-Key` guards against making two
/// keys; it does not show the first again.
#[utoipa::path(post, path = "/v1/api-keys", operation_id = "create_api_key", tag = "api-keys",
    security(("bearer" = [])), request_body = CreateApiKey,
    params(("Idempotency-Key" = Option<String>, Header, description = "Any text; a new one for each new request")),
    responses((status = 201, body = CreatedApiKey), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem)))]
pub async fn create_api_key(
    State(state): State<ApiState>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    Json(body): Json<CreateApiKey>,
) -> ApiResult<Response> {
    check_label(&body.label)?;
    let grant = grant(&state, &caller, &body)?;
    let target = grant
        .project
        .as_deref()
        .map_or(Reach::Tenant, Reach::Project);
    caller.may(Action::ManageKeys, target)?;
    let ticket = match Ticket::take(&state, &caller, "create_api_key", key, &body).await? {
        Turn::Go(ticket) => ticket,
        Turn::Done(made) => return Err(shown_once(&made)),
    };
    let outcome = create(&state, &caller, &body, grant).await;
    // The key itself must not lie anywhere: what is kept is the view without it.
    let kept = match &outcome {
        Ok(created) => Ok(&created.api_key),
        Err(_) => Err(ApiError::new(Code::Internal)),
    };
    ticket.keep(&state, &kept).await;
    let view = serde_json::to_value(outcome?).map_err(ApiError::internal)?;
    Ok(created(COLLECTION, &view))
}

async fn create(
    state: &ApiState,
    caller: &Caller,
    body: &CreateApiKey,
    grant: Grant,
) -> ApiResult<CreatedApiKey> {
    let role = match &caller.credential {
        Credential::Session(_) => None,
        Credential::Key { key, .. } => key.role(),
    };
    let is_all = grant.scopes == Scopes::ALL && body.scopes.is_none();
    let new = NewKey {
        tenant: &caller.tenant,
        user: caller.user_id(),
        role,
        label: &body.label,
        scopes: (!is_all).then_some(grant.scopes),
        project: grant.project.as_deref(),
        expires_at: grant.expires_at,
        parent: caller.credential_id(),
    };
    let (plain, key) = mint::mint(state, new).await?;
    let stored = Intent::new(state.client().clone());
    let stored = stored.get::<ApiKey>(key.namespace(), key.name()).await;
    let stored = stored
        .map_err(cluster_error)?
        .ok_or_else(ApiError::not_found)?;
    let record = api_key::record(&stored).ok_or_else(ApiError::not_found)?;
    let detail = json!({ "prefix": plain.prefix() });
    record_change(state, caller, "api-key.create", &record, Some(detail)).await?;
    Ok(CreatedApiKey {
        api_key: show(state, &stored, &record),
        key: plain.text().expose_secret().to_owned(),
    })
}

/// Rename an API key
#[utoipa::path(patch, path = "/v1/api-keys/{id}", operation_id = "update_api_key", tag = "api-keys",
    security(("bearer" = [])), request_body(content = UpdateApiKey, content_type = "application/merge-patch+json"),
    params(("id" = String, Path, description = "Id of the key")),
    responses((status = 200, body = ApiKeyView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn update_api_key(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
    Json(body): Json<UpdateApiKey>,
) -> ApiResult<Json<ApiKeyView>> {
    let (_, record) = find(&state, &caller, Action::ManageKeys, &id).await?;
    check_label(&body.label)?;
    let key = indexed(&state, &record)?;
    let renamed = api_key::rename(state.client(), &mint::stored(&key), &body.label)
        .await
        .map_err(cluster_error)?;
    let renamed_record = api_key::record(&renamed).ok_or_else(ApiError::not_found)?;
    record_change(&state, &caller, "api-key.rename", &renamed_record, None).await?;
    Ok(Json(show(&state, &renamed, &renamed_record)))
}

/// How far a revocation goes.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RevokeQuery {
    /// Whether the keys that it has minted end as well.
    #[serde(default = "yes")]
    #[param(default = true)]
    pub cascade: bool,
}

const fn yes() -> bool {
    true
}

/// Revoke an API key
///
/// When the answer is there no server accepts the key any more, nor any that it has minted. One
/// that is kept in Git stays as an object, marked as revoked.
#[utoipa::path(delete, path = "/v1/api-keys/{id}", operation_id = "delete_api_key", tag = "api-keys",
    security(("bearer" = [])), params(("id" = String, Path, description = "Id of the key"), RevokeQuery),
    responses((status = 204), (status = 404, body = Problem), (status = 503, body = Problem)))]
pub async fn delete_api_key(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
    UrlQuery(query): UrlQuery<RevokeQuery>,
) -> ApiResult<StatusCode> {
    // Whoever holds a key may always end it.
    let action = if id == caller.credential_id() {
        Action::EndSelf
    } else {
        Action::ManageKeys
    };
    let (_, record) = find(&state, &caller, action, &id).await?;
    let ended = mint::revoke(&state, &indexed(&state, &record)?, query.cascade).await?;
    let detail = json!({ "ended": ended });
    record_change(&state, &caller, "api-key.revoke", &record, Some(detail)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Report a leaked API key
///
/// Needs no credential: whoever presents a whole key revokes it, and what it has minted. The answer
/// is the same whether or not there was such a key.
#[utoipa::path(post, path = "/v1/api-keys/report", operation_id = "report_api_key", tag = "api-keys",
    request_body = ReportApiKey, responses((status = 202), (status = 400, body = Problem), (status = 503, body = Problem)))]
pub async fn report_api_key(
    State(state): State<ApiState>,
    Json(body): Json<ReportApiKey>,
) -> ApiResult<StatusCode> {
    let found = PlainKey::parse(&body.key)
        .ok()
        .and_then(|plain| Some((state.keys().find(plain.lookup_id())?, plain)));
    let Some((key, plain)) = found else {
        return Ok(StatusCode::ACCEPTED);
    };
    let verified = state.hasher().verify(&plain, key.hash()).await;
    if verified.map_err(|busy| ApiError::new(Code::Busy).caused_by(busy))? {
        let ended = mint::revoke(&state, &key, true).await?;
        record_report(&state, &key, &ended).await?;
    }
    Ok(StatusCode::ACCEPTED)
}

async fn record_report(state: &ApiState, key: &IndexedKey, ended: &[String]) -> ApiResult<()> {
    let Some(tenant) = state.watches().tenant_of(key.namespace()) else {
        return Ok(());
    };
    let actor = Actor {
        tenant_id: &tenant,
        kind: "system",
        id: "leak-report",
        label: "leak report",
    };
    let id = key.id();
    let target = Target {
        kind: "api-key",
        id: &id,
        name: Some(key.label()),
    };
    let detail = Some(json!({ "ended": ended }));
    audit::record_as(state, actor, "api-key.report", target, detail).await
}

/// What the new key may do: no more than the credential that makes it.
fn grant(state: &ApiState, caller: &Caller, body: &CreateApiKey) -> ApiResult<Grant> {
    let own = own_grant(caller);
    let invalid =
        |field: &str, message: &str| ApiError::new(Code::InvalidRequest).field(field, message);
    let scopes = match body.scopes.as_deref() {
        None => own.scopes,
        Some([]) => {
            return Err(invalid(
                "scopes",
                "give read, write or both, or leave it out",
            ));
        }
        Some(listed) => Scopes {
            read: listed.contains(&Scope::Read),
            write: listed.contains(&Scope::Write),
        },
    };
    let project = match &body.project {
        None => own.project.clone(),
        Some(wanted) => {
            let message = "there is no such project: give the id or name of one of yours";
            let project = find_project(state, caller, wanted);
            let project = project.ok_or_else(|| invalid("project", message))?;
            Some(project.name_any().into())
        }
    };
    if body.expires_at.is_some_and(|end| end <= state.now()) {
        return Err(invalid("expiresAt", "must be in the future"));
    }
    let child = Grant {
        scopes,
        project,
        expires_at: body.expires_at.or(own.expires_at),
    };
    let wider = |error: crate::domain::api_key::Wider| {
        ApiError::with(Code::InsufficientScope, error.to_string())
    };
    own.admits(&child).map_err(wider)?;
    Ok(child)
}

/// What the credential of a caller may do, as a parent of keys.
pub(super) fn own_grant(caller: &Caller) -> Grant {
    match &caller.credential {
        // A session ends soon, and is there to make what lasts longer.
        Credential::Session(_) => Grant {
            scopes: Scopes::ALL,
            project: None,
            expires_at: None,
        },
        Credential::Key { key, .. } => Grant {
            scopes: key.scopes(),
            project: key.project().map(Arc::from),
            expires_at: key.expires_at(),
        },
    }
}

/// All keys of the caller's tenant, as stored.
async fn stored(state: &ApiState, caller: &Caller) -> ApiResult<Vec<(ApiKey, KeyRecord)>> {
    let intent = Intent::new(state.client().clone());
    let keys = intent.list::<ApiKey>(&caller.tenant.namespace).await;
    let keys = keys.map_err(cluster_error)?.into_iter();
    Ok(keys
        .filter_map(|key| api_key::record(&key).map(|record| (key, record)))
        .collect())
}

/// The key of this id, if the caller may do this with it.
async fn find(
    state: &ApiState,
    caller: &Caller,
    action: Action,
    id: &str,
) -> ApiResult<(ApiKey, KeyRecord)> {
    let mut keys = stored(state, caller).await?.into_iter();
    let found = keys.find(|(_, record)| record.id == id);
    let (key, record) = found.ok_or_else(ApiError::not_found)?;
    // A key that belongs to the whole tenant is hidden from one that is bound to a project.
    let is_hidden = caller
        .project()
        .is_some_and(|own| record.project.as_deref() != Some(own));
    if is_hidden {
        return Err(ApiError::not_found());
    }
    caller.may(action, reach(&record))?;
    Ok((key, record))
}

fn reach(record: &KeyRecord) -> Reach<'_> {
    record
        .project
        .as_deref()
        .map_or(Reach::Tenant, Reach::Project)
}

/// The key as the index of this replica has it. One that is not there may be too new for it, or
/// have ended since it was read, so it is never put there.
fn indexed(state: &ApiState, record: &KeyRecord) -> ApiResult<Arc<IndexedKey>> {
    if let Some(key) = state.keys().by_id(&record.namespace, &record.id) {
        return Ok(key);
    }
    let key = IndexedKey::new(record).map_err(ApiError::internal)?;
    Ok(Arc::new(key))
}

fn show(state: &ApiState, key: &ApiKey, record: &KeyRecord) -> ApiKeyView {
    let project = record.project.as_deref().and_then(|name| {
        let found = state.watches().by_name::<Project>(&record.namespace, name);
        found.map(|project| view::project_id(&project))
    });
    let last: Option<Timestamp> = state.key_uses().last(&record.uid);
    view::api_key(key, record, last, project, state.now())
}

async fn record_change(
    state: &ApiState,
    caller: &Caller,
    action: &str,
    record: &KeyRecord,
    detail: Option<Value>,
) -> ApiResult<()> {
    let target = Target {
        kind: "api-key",
        id: &record.id,
        name: Some(&record.label),
    };
    audit::record(state, caller, action, target, detail).await
}

fn shown_once(made: &Value) -> ApiError {
    let id = made["id"].as_str().unwrap_or_default();
    ApiError::with(
        Code::Conflict,
        format!(
            "this request was done before and made {id}, whose key was shown once: revoke it and make another"
        ),
    )
}
