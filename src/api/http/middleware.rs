//! What surrounds every route, one concern each: request id, access log, security headers, time
//! and concurrency limits. Nothing here knows what a route is for.

use std::future::Future;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::api::http::error::{ApiError, Cause, Code};
use crate::api::state::ApiState;
use crate::telemetry::Chain;

/// How long a route may take until its answer begins.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Requests at once.
pub const AT_ONCE: usize = 512;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that this task answers.
#[must_use]
pub fn request_id() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Who sent the request, in words for the log; a guard inserts it into the response.
#[derive(Clone, Debug)]
pub struct LoggedCaller(pub String);

/// Names the request, logs it once it is answered, and bounds it. What is logged holds no
/// address, query, header or body.
pub async fn surround(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let id = state.new_request_id();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let started = Instant::now();
    let bounded = bound(state.permits(), next.run(request));
    let mut response = CURRENT.scope(id.clone(), bounded).await;
    let cause = response.extensions_mut().remove::<Cause>();
    let caller = response.extensions_mut().remove::<LoggedCaller>();
    let status = response.status().as_u16();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let took = started.elapsed();
    state
        .metrics()
        .record_request(route_label(route), status, took);
    let caller = caller.as_ref().map_or("none", |caller| caller.0.as_str());
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match cause {
        Some(Cause(cause)) => tracing::warn!(
            request.id = id,
            http.method = %method,
            http.route = route,
            http.status = status,
            caller,
            duration_ms,
            cause = %Chain(&*cause),
            "answered a request with an error"
        ),
        None => tracing::info!(
            request.id = id,
            http.method = %method,
            http.route = route,
            http.status = status,
            caller,
            duration_ms,
            "answered a request"
        ),
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

async fn bound(permits: &Semaphore, answer: impl Future<Output = Response>) -> Response {
    let Ok(_permit) = permits.try_acquire() else {
        return ApiError::new(Code::Busy)
            .retry_after(Duration::from_secs(1))
            .into_response();
    };
    match tokio::time::timeout(TIME_LIMIT, answer).await {
        Ok(response) => response,
        Err(_) => ApiError::new(Code::Timeout)
            .retry_after(Duration::from_secs(1))
            .into_response(),
    }
}

/// Routes are words of this program; what matched none is counted together.
fn route_label(route: &str) -> &str {
    if route.starts_with('/') {
        route
    } else {
        "none"
    }
}

/// Fields that every answer carries (OWASP Secure Headers).
pub async fn secure(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    );
    set(
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-site",
    );
    if state.config().public_url.scheme() == "https" {
        set(
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=31536000; includeSubDomains",
        );
    }
    response
}
