//! Every route in one table: who may call it, which limit counts it, which handler answers.

use axum::routing::get;
use axum::{Router, middleware as layer};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::api::http::error::{ApiError, Code};
use crate::api::http::guard::{Entry, guard};
use crate::api::http::limit::Action;
use crate::api::state::ApiState;
use crate::api::v1::{
    api_keys, audit_events, auth, cli_grant, device_grant, endpoint_actions, endpoints, events,
    manifests, me, projects,
};
use crate::api::{openapi, well_known};
use crate::domain::api_key::Scopes;

/// The router, and the document that describes it.
pub fn build(state: &ApiState) -> Router {
    let (routes, document) = table(Some(state)).split_for_parts();
    let pages = openapi::pages(&document);
    let routes = routes
        .merge(well_known::routes())
        .merge(pages)
        .route("/", get(well_known::front))
        .fallback(|| async { ApiError::not_found() })
        .method_not_allowed_fallback(|| async { ApiError::new(Code::MethodNotAllowed) });
    state.edges().around(routes).with_state(state.clone())
}

/// The OpenAPI document of all routes.
#[must_use]
pub fn document() -> OpenApi {
    table(None).into_openapi()
}

/// What API keys need for most routes.
const READ: Entry = Entry::With(Scopes::READ);
const WRITE: Entry = Entry::With(Scopes {
    read: false,
    write: true,
});
const BOTH: Entry = Entry::With(Scopes::ALL);

/// The table; without a state it only describes.
fn table(state: Option<&ApiState>) -> OpenApiRouter<ApiState> {
    use Action::*;
    use Entry::*;
    let row = |entry, action, methods: UtoipaMethodRouter<ApiState>| {
        let routes = OpenApiRouter::new().routes(methods);
        match state {
            Some(state) => {
                let guarded = (state.clone(), entry, action);
                routes.route_layer(layer::from_fn_with_state(guarded, guard))
            }
            None => routes,
        }
    };
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(row(Open, Read, routes!(well_known::get_discovery)))
        .merge(row(Open, SignIn, routes!(auth::exchange_proof)))
        .merge(row(Open, Refresh, routes!(auth::refresh_session)))
        .merge(row(Session, Refresh, routes!(auth::sign_out)))
        .merge(row(Session, Authorize, routes!(cli_grant::authorize_cli)))
        .merge(row(
            Open,
            CliExchange,
            routes!(cli_grant::exchange_cli_code),
        ))
        .merge(row(
            Open,
            DeviceCode,
            routes!(device_grant::create_device_code),
        ))
        .merge(row(
            Open,
            DeviceToken,
            routes!(device_grant::exchange_device_code),
        ))
        .merge(row(
            Session,
            Authorize,
            routes!(device_grant::get_device_request),
        ))
        .merge(row(
            Session,
            Authorize,
            routes!(device_grant::decide_device),
        ))
        .merge(row(Any, Read, routes!(me::get_me)))
        .merge(row(READ, Read, routes!(audit_events::list_audit_events)))
        .merge(resources(&row))
}

/// The routes of resources.
fn resources(
    row: &impl Fn(Entry, Action, UtoipaMethodRouter<ApiState>) -> OpenApiRouter<ApiState>,
) -> OpenApiRouter<ApiState> {
    use Action::*;
    use Entry::*;
    OpenApiRouter::new()
        .merge(row(READ, Read, routes!(projects::list_projects)))
        .merge(row(WRITE, Write, routes!(projects::create_project)))
        .merge(row(READ, Read, routes!(projects::get_project)))
        .merge(row(WRITE, Write, routes!(projects::update_project)))
        .merge(row(WRITE, Write, routes!(projects::delete_project)))
        .merge(row(READ, Read, routes!(endpoints::list_endpoints)))
        .merge(row(WRITE, Write, routes!(endpoints::create_endpoint)))
        .merge(row(READ, Read, routes!(endpoints::get_endpoint)))
        .merge(row(WRITE, Write, routes!(endpoints::update_endpoint)))
        .merge(row(WRITE, Write, routes!(endpoints::delete_endpoint)))
        .merge(row(
            WRITE,
            Write,
            routes!(endpoint_actions::suspend_endpoint),
        ))
        .merge(row(
            WRITE,
            Write,
            routes!(endpoint_actions::resume_endpoint),
        ))
        .merge(row(
            BOTH,
            Password,
            routes!(endpoint_actions::reset_endpoint_password),
        ))
        .merge(row(
            BOTH,
            Password,
            routes!(endpoint_actions::get_endpoint_connection),
        ))
        .merge(row(
            READ,
            Read,
            routes!(endpoint_actions::get_endpoint_access),
        ))
        .merge(row(
            WRITE,
            Write,
            routes!(endpoint_actions::update_endpoint_access),
        ))
        .merge(row(READ, Follow, routes!(events::list_endpoint_events)))
        .merge(row(READ, Follow, routes!(events::list_events)))
        .merge(row(READ, Read, routes!(api_keys::list_api_keys)))
        .merge(row(WRITE, MintKey, routes!(api_keys::create_api_key)))
        .merge(row(READ, Read, routes!(api_keys::get_api_key)))
        .merge(row(WRITE, Write, routes!(api_keys::update_api_key)))
        .merge(row(Any, Write, routes!(api_keys::delete_api_key)))
        .merge(row(Open, Report, routes!(api_keys::report_api_key)))
        .merge(row(BOTH, Manifests, routes!(manifests::apply_manifests)))
}
