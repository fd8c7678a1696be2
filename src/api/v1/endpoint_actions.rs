//! What is done with an endpoint beyond reading and writing it.

use axum::extract::State;
use axum::response::Response;
use kube::ResourceExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::cluster_error;
use super::endpoints::{Change, answer, find, project_of, record, show};
use crate::api::explain::{explain, nothing};
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::http::extract::{IfMatch, Json, UrlPath};
use crate::api::identity::caller::Caller;
use crate::api::state::ApiState;
use crate::api::view;
use crate::auth::password;
use crate::cluster::access;
use crate::crd::Endpoint;
use crate::domain::access::Action;
use crate::domain::connection_uri::ConnectionUri;
use crate::domain::id;
use crate::wire::endpoint::access::{Access, AccessExplanation};
use crate::wire::endpoint::connection::{ConnectionView, NewPassword};
use crate::wire::endpoint::{EndpointView, PasswordSource};
use crate::wire::problem::Problem;

/// Suspend an endpoint
///
/// It keeps its address and its data.
#[utoipa::path(post, path = "/v1/endpoints/{id}/suspend", operation_id = "suspend_endpoint", tag = "endpoints",
    security(("bearer" = [])), params(("id" = String, Path, description = "Id of the endpoint")),
    responses((status = 200, body = EndpointView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn suspend_endpoint(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
) -> ApiResult<Response> {
    let spec = json!({ "desiredState": "Suspended" });
    set(&state, &caller, &id, spec, "endpoint.suspend").await
}

/// Resume an endpoint
#[utoipa::path(post, path = "/v1/endpoints/{id}/resume", operation_id = "resume_endpoint", tag = "endpoints",
    security(("bearer" = [])), params(("id" = String, Path, description = "Id of the endpoint")),
    responses((status = 200, body = EndpointView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn resume_endpoint(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
) -> ApiResult<Response> {
    let spec = json!({ "desiredState": "Running" });
    set(&state, &caller, &id, spec, "endpoint.resume").await
}

async fn set(
    state: &ApiState,
    caller: &Caller,
    id: &str,
    spec: Value,
    action: &str,
) -> ApiResult<Response> {
    let endpoint = find(state, caller, Action::Write, id)?;
    let change = Change {
        tag: None,
        spec,
        action,
    };
    let view = change.make(state, caller, &endpoint).await?;
    Ok(answer(&view))
}

/// Replace the allow-list of an endpoint
#[utoipa::path(put, path = "/v1/endpoints/{id}/access", operation_id = "update_endpoint_access", tag = "endpoints",
    security(("bearer" = [])), request_body = Access,
    params(("id" = String, Path, description = "Id of the endpoint"),
        ("If-Match" = Option<String>, Header, description = "ETag: change this version only")),
    responses((status = 200, body = EndpointView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem)))]
pub async fn update_endpoint_access(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
    condition: Option<IfMatch>,
    Json(body): Json<Access>,
) -> ApiResult<Response> {
    let endpoint = find(&state, &caller, Action::Write, &id)?;
    let spec = json!({ "access": body });
    let tag = condition.as_ref().map(|tag| &*tag.0);
    let change = Change {
        tag,
        spec,
        action: "endpoint.update-access",
    };
    let view = change.make(&state, &caller, &endpoint).await?;
    Ok(answer(&view))
}

/// Reset the password of an endpoint
///
/// The new password is in this answer and nowhere else: only its SCRAM-SHA-256 verifier is stored.
/// The server takes it up within moments.
#[utoipa::path(post, path = "/v1/endpoints/{id}/reset-password", operation_id = "reset_endpoint_password",
    tag = "endpoints", security(("bearer" = [])), params(("id" = String, Path, description = "Id of the endpoint")),
    responses((status = 200, body = NewPassword), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn reset_endpoint_password(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
) -> ApiResult<Json<NewPassword>> {
    let endpoint = find(&state, &caller, Action::ReadSecret, &id)?;
    let made = tokio::task::spawn_blocking(|| {
        let password = password::generate()?;
        password::verifier(&password).map(|verifier| (password, verifier))
    });
    let (password, verifier) = made
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    let spec = json!({ "role": { "passwordSecretRef": null, "passwordVerifier": verifier } });
    let action = "endpoint.reset-password";
    let change = Change {
        tag: None,
        spec,
        action,
    };
    let view = change.make(&state, &caller, &endpoint).await?;
    Ok(Json(NewPassword {
        uri: uri(&endpoint, Some(&password)),
        username: view.role.name,
        password: password.expose_secret().to_owned(),
    }))
}

/// Get what a client needs to connect
///
/// The password is in it where the operator made it. Whoever can read it can change the data, so a
/// read-only key does not.
#[utoipa::path(get, path = "/v1/endpoints/{id}/connection", operation_id = "get_endpoint_connection",
    tag = "endpoints", security(("bearer" = [])), params(("id" = String, Path, description = "Id of the endpoint")),
    responses((status = 200, body = ConnectionView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn get_endpoint_connection(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
) -> ApiResult<Json<ConnectionView>> {
    let endpoint = find(&state, &caller, Action::ReadSecret, &id)?;
    let status = endpoint.status.clone().unwrap_or_default();
    let (Some(host), Some(port), Some(secret)) =
        (status.host, status.port, status.connection_secret)
    else {
        return Err(not_open());
    };
    let published = access::published(state.client(), &caller.tenant.namespace, &secret)
        .await
        .map_err(cluster_error)?
        .ok_or_else(not_open)?;
    let password_source = view::password_source(&endpoint);
    // After a reset the Secret may still hold the password before it, for a moment.
    let password = published
        .password
        .filter(|_| password_source == PasswordSource::Operator);
    record(
        &state,
        &caller,
        "endpoint.read-connection",
        &show(&state, &endpoint),
        None,
    )
    .await?;
    Ok(Json(ConnectionView {
        uri: uri(&endpoint, password.as_ref()).unwrap_or_default(),
        host,
        port: u16::try_from(port).unwrap_or_default(),
        database: endpoint.spec.database.clone(),
        username: endpoint.spec.role.name.clone(),
        password: password.map(|password| password.expose_secret().to_owned()),
        ca_certificate: published.authority,
        password_source,
    }))
}

/// Explain who can reach an endpoint
///
/// Read from the policies and the Service that are in force at this moment, not from what was
/// written; where the two differ, `differences` says so.
#[utoipa::path(get, path = "/v1/endpoints/{id}/access", operation_id = "get_endpoint_access", tag = "endpoints",
    security(("bearer" = [])), params(("id" = String, Path, description = "Id of the endpoint")),
    responses((status = 200, body = AccessExplanation), (status = 404, body = Problem)))]
pub async fn get_endpoint_access(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(id): UrlPath<String>,
) -> ApiResult<Json<AccessExplanation>> {
    let endpoint = find(&state, &caller, Action::Read, &id)?;
    let project = project_of(&state, &endpoint);
    let uid = project.as_ref().and_then(|project| project.uid());
    let workload = uid.and_then(|uid| id::workload_namespace(&uid).ok());
    let Some(workload) = workload else {
        let reason = format!(
            "there is no project {}: nothing runs",
            endpoint.spec.project
        );
        return Ok(Json(nothing(&endpoint, reason)));
    };
    let pod = access::pod_labels(
        &caller.tenant.namespace,
        &endpoint.spec.project,
        &endpoint.name_any(),
        &id,
    );
    let in_force = access::in_force(state.client(), &workload, &id, &pod)
        .await
        .map_err(cluster_error)?;
    Ok(Json(explain(&endpoint, project.as_deref(), &in_force)))
}

/// As libpq reads it; none while the endpoint has no address.
fn uri(endpoint: &Endpoint, password: Option<&SecretString>) -> Option<String> {
    let status = endpoint.status.as_ref()?;
    let uri = ConnectionUri {
        host: status.host.as_ref()?,
        port: status.port?.try_into().ok()?,
        role: &endpoint.spec.role.name,
        database: &endpoint.spec.database,
    };
    Some(uri.text(password))
}

fn not_open() -> ApiError {
    ApiError::with(
        Code::Conflict,
        "the endpoint has no address yet: its conditions say what is awaited",
    )
}
