//! What is the same for everybody: the front page, the verification keys, the security contact.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use jiff::{SignedDuration, Unit};

use crate::api::http::extract::Json;
use crate::api::state::ApiState;

/// RFC 9116 section 2.5.5 recommends less than a year.
const SECURITY_TXT_LIFE: SignedDuration = SignedDuration::from_hours(24 * 180);

/// `/.well-known/`.
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

/// The keys that verify session tokens (RFC 7517).
async fn jwks(State(state): State<ApiState>) -> impl IntoResponse {
    let cache = [(header::CACHE_CONTROL, "public, max-age=300")];
    (cache, Json(state.key_ring().jwks()))
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
