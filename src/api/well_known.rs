//! What is the same for everybody: the front page, the parts of the installation, the verification
//! keys, the security contact.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use jiff::{SignedDuration, Unit};

use crate::api::http::extract::Json;
use crate::api::state::ApiState;
use crate::wire::discovery::Discovery;

/// RFC 9116 section 2.5.5 recommends less than a year.
const SECURITY_TXT_LIFE: SignedDuration = SignedDuration::from_hours(24 * 180);
/// What seldom changes and is the same for everybody.
const CACHED: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "public, max-age=300")];

/// What of `/.well-known/` other standards describe; the rest is in the table of routes.
pub fn routes() -> Router<ApiState> {
    Router::new()
        .route("/.well-known/jwks.json", get(jwks))
        .route("/.well-known/security.txt", get(security_txt))
}

/// Where to go from here.
pub async fn front(State(state): State<ApiState>) -> impl IntoResponse {
    let console = state.config().console_url.to_string();
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Kisenon API</title>\
         <h1>Kisenon API</h1><ul><li><a href=\"/docs\">Reference</a></li>\
         <li><a href=\"/openapi.json\">OpenAPI document</a></li>\
         <li><a href=\"{console}\">Console</a></li></ul></html>"
    ))
}

/// Discover the installation
///
/// Where the API and the console are. `keon` finds the page to sign in at by it.
#[utoipa::path(get, path = "/.well-known/kisenon.json", operation_id = "get_discovery", tag = "discovery",
    responses((status = 200, body = Discovery)))]
pub async fn get_discovery(State(state): State<ApiState>) -> impl IntoResponse {
    let config = state.config();
    let document = Discovery {
        api_url: config.public_url.clone(),
        console_url: config.console_url.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    (CACHED, Json(document))
}

/// The keys that verify session tokens (RFC 7517).
async fn jwks(State(state): State<ApiState>) -> impl IntoResponse {
    (CACHED, Json(state.key_ring().jwks()))
}

/// RFC 9116. `Expires` is computed, so it is never stale.
async fn security_txt(State(state): State<ApiState>) -> impl IntoResponse {
    let now = state.now();
    let expires = (now + SECURITY_TXT_LIFE).round(Unit::Hour).unwrap_or(now);
    let config = state.config();
    let text = format!(
        "Contact: {}\nExpires: {expires}\nPreferred-Languages: en\nCanonical: {}.well-known/security.txt\nPolicy: {}docs/security\n",
        config.security_contact, config.public_url, config.console_url
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text)
}
