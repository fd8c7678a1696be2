//! Manifests: the documents that `kubectl apply` takes, for the caller's tenant.

mod own;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use kube::ResourceExt as _;
use kube::core::DynamicObject;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::{cluster_error, ensure_tenant};
use crate::api::audit::{self, Target, replica_error};
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::http::extract::{self, Json, UrlQuery};
use crate::api::identity::caller::Caller;
use crate::api::identity::mint;
use crate::api::state::ApiState;
use crate::cluster::intent::ClusterError;
use crate::cluster::manifest::{self, Action as Done, Applier, Kind, Manifest, Outcome};
use crate::cluster::tenant;
use crate::crd::{Endpoint, Project};
use crate::domain::access::{Action, Target as Reach};
use crate::domain::id;
use crate::wire::manifest::{FieldChange, ManifestAction, ManifestReport, ManifestResult};
use crate::wire::problem::{FieldProblem, Problem};

const YAML: [&str; 5] = [
    "application/yaml",
    "application/x-yaml",
    "text/yaml",
    "text/x-yaml",
    "application/json",
];

/// How manifests are applied.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct ManifestQuery {
    /// Only tell what would change, from the API server's own dry run.
    pub dry_run: bool,
    /// Take fields from whoever else holds them, such as `kubectl` or a Git tool.
    pub force: bool,
}

/// Apply manifests
///
/// One or more YAML documents of the kinds `Project`, `Endpoint` and `ApiKey`, applied in their order as
/// `kubectl apply --server-side` does. All are tried out first: if one is refused, nothing is
/// written, and `errors` names each refusal.
#[utoipa::path(post, path = "/v1/manifests", operation_id = "apply_manifests", tag = "manifests",
    security(("bearer" = [])), params(ManifestQuery),
    request_body(content = String, content_type = "application/yaml"),
    responses((status = 200, body = ManifestReport), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem)))]
pub async fn apply_manifests(
    State(state): State<ApiState>,
    caller: Caller,
    UrlQuery(query): UrlQuery<ManifestQuery>,
    request: Request,
) -> ApiResult<Json<ManifestReport>> {
    let whole = caller.project().map_or(Reach::Tenant, Reach::Project);
    caller.may(Action::ApplyManifests, whole)?;
    check_media(request.headers())?;
    let body = extract::body(request, &state).await?;
    let manifests = read(&body, &caller)?;
    let owner = &caller.tenant;
    ensure_tenant(&state, owner).await?;
    let applier = Applier::new(
        state.client().clone(),
        owner.namespace.to_string(),
        query.force,
    );
    let tried = try_out(&state, &caller, &applier, manifests).await?;
    let mut report = ManifestReport {
        applied: false,
        results: tried.iter().map(result).collect(),
    };
    if query.dry_run {
        return Ok(Json(report));
    }
    let ready = tried
        .into_iter()
        .map(|(_, outcome)| outcome)
        .collect::<Result<Vec<_>, _>>();
    let ready = ready.map_err(|_| refused(&report))?;
    apply(&state, &caller, &applier, ready).await?;
    report.applied = true;
    Ok(Json(report))
}

/// A document that may be applied, and what that does.
struct Ready {
    manifest: Manifest,
    outcome: Outcome,
}

/// A document as named, and whether it may be applied.
type Tried = ((Kind, String), Result<Ready, ApiRefusal>);

/// Why a document is refused.
struct ApiRefusal {
    message: String,
    errors: Vec<FieldProblem>,
}

fn check_media(headers: &HeaderMap) -> ApiResult<()> {
    let media = headers.get(header::CONTENT_TYPE);
    let media = media.and_then(|value| value.to_str().ok()?.split(';').next());
    let media = media.unwrap_or_default().trim().to_ascii_lowercase();
    if YAML.contains(&media.as_str()) {
        return Ok(());
    }
    Err(ApiError::with(
        Code::UnsupportedMediaType,
        "send the documents as application/yaml",
    ))
}

fn read(body: &[u8], caller: &Caller) -> ApiResult<Vec<Manifest>> {
    let text = std::str::from_utf8(body)
        .map_err(|_| ApiError::with(Code::InvalidRequest, "the body is not UTF-8"))?;
    manifest::parse(text, &caller.tenant.namespace)
        .map_err(|error| ApiError::with(Code::InvalidRequest, error.to_string()))
}

async fn try_out(
    state: &ApiState,
    caller: &Caller,
    applier: &Applier,
    manifests: Vec<Manifest>,
) -> ApiResult<Vec<Tried>> {
    let mut tried = Vec::with_capacity(manifests.len());
    let mut new = [0; 3];
    for manifest in manifests {
        let named = (manifest.kind, manifest.name.clone());
        let outcome = try_one(caller, applier, manifest).await?;
        if let Ok(ready) = &outcome
            && ready.outcome.action == Done::Create
        {
            new[match ready.manifest.kind {
                Kind::Project => 0,
                Kind::Endpoint => 1,
                Kind::ApiKey => 2,
            }] += 1;
        }
        tried.push((named, outcome));
    }
    // A dry run counts each document alone; together they may be too many.
    let room = tenant::check_room(state.client(), &caller.tenant.namespace, new).await;
    room.map_err(cluster_error)?;
    Ok(tried)
}

async fn try_one(
    caller: &Caller,
    applier: &Applier,
    mut manifest: Manifest,
) -> ApiResult<Result<Ready, ApiRefusal>> {
    let present = applier.present(&manifest).await.map_err(cluster_error)?;
    if let Err(message) = own::admit(caller, &mut manifest, present.as_ref()) {
        let errors = Vec::new();
        return Ok(Err(ApiRefusal { message, errors }));
    }
    match applier.try_out(&manifest, present.as_ref()).await {
        Ok(outcome) => Ok(Ok(Ready { manifest, outcome })),
        Err(error) => refusal(error).map(Err),
    }
}

/// What the author of a document can mend; anything else ends the request.
fn refusal(error: ClusterError) -> ApiResult<ApiRefusal> {
    let message = error.to_string();
    match error {
        ClusterError::Invalid { fields, .. } => Ok(ApiRefusal {
            message,
            errors: fields
                .into_iter()
                .map(|field| FieldProblem {
                    field: field.field,
                    message: field.message,
                })
                .collect(),
        }),
        ClusterError::Conflict(held) => Ok(ApiRefusal {
            message: format!("{held}: change it there, or apply with force=true to take it over"),
            errors: Vec::new(),
        }),
        ClusterError::Forbidden(_) | ClusterError::QuotaExceeded(_) => Ok(ApiRefusal {
            message,
            errors: Vec::new(),
        }),
        error => Err(cluster_error(error)),
    }
}

fn result(((kind, name), outcome): &Tried) -> ManifestResult {
    let mut result = ManifestResult {
        kind: kind.as_str().to_owned(),
        name: name.clone(),
        action: ManifestAction::Refused,
        error: None,
        errors: Vec::new(),
        diff: Vec::new(),
    };
    match outcome {
        Err(refusal) => {
            result.error = Some(refusal.message.clone());
            result.errors.clone_from(&refusal.errors);
        }
        Ok(ready) => {
            result.action = match ready.outcome.action {
                Done::Create => ManifestAction::Created,
                Done::Configure => ManifestAction::Configured,
                Done::Nothing => ManifestAction::Unchanged,
            };
            let changes = ready.outcome.changes.iter();
            result.diff = changes
                .map(|change| FieldChange {
                    field: change.field.clone(),
                    before: change.before.clone(),
                    after: change.after.clone(),
                })
                .collect();
        }
    }
    result
}

/// Nothing was written: each refusal, by the place of its document.
fn refused(report: &ManifestReport) -> ApiError {
    let results = report.results.iter().enumerate();
    let refusals = results.filter_map(|(index, result)| {
        let error = result.error.clone()?;
        Some((
            format!("documents[{index}] {} {}", result.kind, result.name),
            error,
        ))
    });
    refusals.fold(
        ApiError::with(
            Code::InvalidObject,
            "a document is refused, so nothing was written",
        ),
        |refused, (place, error)| refused.field(place, error),
    )
}

async fn apply(
    state: &ApiState,
    caller: &Caller,
    applier: &Applier,
    ready: Vec<Ready>,
) -> ApiResult<()> {
    let mut done = Vec::new();
    for Ready { manifest, outcome } in ready {
        let applied = match applier.apply(&manifest).await {
            Ok(applied) => applied,
            Err(error) => return Err(broken_off(error, &manifest, &done)),
        };
        done.push(format!("{} {}", manifest.kind.as_str(), manifest.name));
        until_seen(state, &manifest, &applied).await?;
        if manifest.kind == Kind::ApiKey && outcome.action == Done::Create {
            end_if_orphaned(state, &applied).await?;
        }
        if outcome.action != Done::Nothing {
            record(state, caller, &manifest, &outcome, &applied).await?;
        }
    }
    Ok(())
}

/// What was tried out a moment ago is refused now. The author must know what stands.
fn broken_off(error: ClusterError, manifest: &Manifest, done: &[String]) -> ApiError {
    let done = if done.is_empty() {
        "nothing was written".to_owned()
    } else {
        format!("written before it: {}", done.join(", "))
    };
    let detail = format!(
        "{} {}: {error}; {done}",
        manifest.kind.as_str(),
        manifest.name
    );
    let code = cluster_error(error).code();
    ApiError::with(code, detail)
}

/// The client reads what it wrote; a key that it has ended is refused everywhere.
async fn until_seen(
    state: &ApiState,
    manifest: &Manifest,
    applied: &DynamicObject,
) -> ApiResult<()> {
    let version = applied.resource_version().unwrap_or_default();
    match manifest.kind {
        Kind::Project => state.watches().until_version::<Project>(&version).await,
        Kind::Endpoint => state.watches().until_version::<Endpoint>(&version).await,
        Kind::ApiKey => {
            let version = version.parse().unwrap_or_default();
            let replica = state.replica();
            replica
                .until_keys_seen(state.store(), version, state.clock())
                .await
                .map_err(replica_error)?;
        }
    }
    Ok(())
}

/// A key is made here as well, so the same holds for it as for one that is minted.
async fn end_if_orphaned(state: &ApiState, applied: &DynamicObject) -> ApiResult<()> {
    let id = id::api_key_id(&applied.uid().unwrap_or_default()).unwrap_or_default();
    let namespace = applied.namespace().unwrap_or_default();
    match state.keys().by_id(&namespace, &id) {
        Some(key) => mint::end_if_orphaned(state, &key).await,
        None => Ok(()),
    }
}

async fn record(
    state: &ApiState,
    caller: &Caller,
    manifest: &Manifest,
    outcome: &Outcome,
    applied: &DynamicObject,
) -> ApiResult<()> {
    let uid = applied.uid().unwrap_or_default();
    let (kind, id) = match manifest.kind {
        Kind::Project => ("project", id::project_id(&uid)),
        Kind::Endpoint => ("endpoint", id::endpoint_id(&uid)),
        Kind::ApiKey => ("api-key", id::api_key_id(&uid)),
    };
    let target = Target {
        kind,
        id: &id.unwrap_or_default(),
        name: Some(&manifest.name),
    };
    let fields = outcome.changes.iter().map(|change| &change.field);
    let detail = json!({ "fields": fields.collect::<Vec<_>>() });
    let action = match outcome.action {
        Done::Create => "manifest.create",
        Done::Configure | Done::Nothing => "manifest.update",
    };
    audit::record(state, caller, action, target, Some(detail)).await
}
