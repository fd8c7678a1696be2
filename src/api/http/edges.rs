//! The edges of the HTTP API: the layers around all routes, in one order, and what they share.
//! They know neither a caller nor a resource, so they can stand around any router.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse as _;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::Semaphore;
use tower_http::catch_panic::{CatchPanicLayer, ResponseForPanic};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;

use crate::api::http::error::{ApiError, Code};
use crate::api::http::middleware;
use crate::api::http::request_id::{RequestId, RequestIds};
use crate::domain::request_bound::BODY_BYTES;
use crate::metrics::Metrics;

/// Requests at once.
const AT_ONCE: usize = 512;
/// Refused credentials a second that get a line in the log: anybody can send thousands.
const LOGGED_REFUSALS: u32 = 20;

/// What the layers share; cheap to clone.
#[derive(Clone)]
pub struct Edges(Arc<Inner>);

struct Inner {
    console: Option<HeaderValue>,
    is_https: bool,
    metrics: Metrics,
    permits: Semaphore,
    refusals_to_log: DefaultDirectRateLimiter,
    request_ids: RequestIds,
}

impl Edges {
    /// Edges of an API that clients reach at `public_url` and browsers may call from the origin
    /// of `console_url`.
    #[must_use]
    pub fn new(public_url: &Url, console_url: &Url, metrics: Metrics) -> Self {
        let logged = NonZeroU32::new(LOGGED_REFUSALS).unwrap_or(NonZeroU32::MIN);
        let console = console_url.origin().ascii_serialization();
        Self(Arc::new(Inner {
            console: HeaderValue::from_str(&console).ok(),
            is_https: public_url.scheme() == "https",
            metrics,
            permits: Semaphore::new(AT_ONCE),
            refusals_to_log: RateLimiter::direct(Quota::per_second(logged)),
            request_ids: RequestIds::default(),
        }))
    }

    /// Surrounds all routes of a router.
    pub fn around<S: Clone + Send + Sync + 'static>(&self, routes: Router<S>) -> Router<S> {
        routes
            .layer(DefaultBodyLimit::max(BODY_BYTES))
            .layer(catch_panics())
            .layer(self.cors())
            .layer(from_fn_with_state(self.clone(), middleware::secure))
            .layer(from_fn_with_state(self.clone(), middleware::surround))
    }

    pub(super) fn is_https(&self) -> bool {
        self.0.is_https
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(super) fn permits(&self) -> &Semaphore {
        &self.0.permits
    }

    /// Whether one more refused credential is worth a line in the log.
    pub(super) fn may_log_refusal(&self) -> bool {
        self.0.refusals_to_log.check().is_ok()
    }

    pub(super) fn new_request_id(&self) -> RequestId {
        self.0.request_ids.next()
    }

    /// Browsers may call from the console's origin, and from nowhere else.
    fn cors(&self) -> CorsLayer {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(self.0.console.clone()))
            .allow_methods([
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers([
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                header::IF_MATCH,
                header::IF_NONE_MATCH,
                HeaderName::from_static("idempotency-key"),
                HeaderName::from_static("last-event-id"),
            ])
            .expose_headers([
                header::ETAG,
                header::LOCATION,
                header::RETRY_AFTER,
                HeaderName::from_static("ratelimit"),
                HeaderName::from_static("x-request-id"),
            ])
            .max_age(Duration::from_secs(600))
    }
}

/// Answers a panic as any other mistake of the server; its words stay here.
#[must_use]
pub fn catch_panics() -> CatchPanicLayer<impl ResponseForPanic<ResponseBody = Body>> {
    CatchPanicLayer::custom(|_| ApiError::new(Code::Internal).into_response())
}
