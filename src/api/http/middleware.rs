//! What surrounds every route, one concern each: request id, access log, security headers, time
//! and concurrency limits. Nothing here knows what a route is for, nor who calls it.

use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use crate::api::http::edges::Edges;
use crate::api::http::error::{ApiError, Cause, Code};
use crate::api::http::limit::{Action, Subject};
use crate::api::http::request_id::RequestId;
use crate::api::http::unread;
use crate::telemetry::Chain;

/// How long a route may take until its answer begins.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);
/// A read that takes longer is worth a line in the log.
const SLOW: Duration = Duration::from_secs(1);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The id of the request that this task answers.
#[must_use]
pub fn request_id() -> Option<String> {
    CURRENT.try_with(|id| id.as_str().to_owned()).ok()
}

/// What a guard has found out of a request; it inserts this into the response.
#[derive(Clone, Debug)]
pub struct Noted {
    /// Who was counted.
    pub subject: Subject,
    /// As what.
    pub action: Action,
}

impl Noted {
    /// In words for the log, which holds no address.
    fn caller(&self) -> &str {
        match &self.subject {
            Subject::Caller(id) => id,
            Subject::Peer(_) => "none",
        }
    }
}

/// Names the request, logs it once it is answered, and bounds it. What is logged holds no
/// address, query, header or body.
pub async fn surround(State(edges): State<Edges>, request: Request, next: Next) -> Response {
    let id = edges.new_request_id();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let started = Instant::now();
    let bounded = bound(id, edges.clone(), unread::taken(request), next);
    let mut response = CURRENT.scope(id, bounded).await;
    let answered = Answered {
        id,
        method,
        route: route.as_ref().map_or("none", MatchedPath::as_str),
        status: response.status(),
        noted: response.extensions_mut().remove::<Noted>(),
        took: started.elapsed(),
    };
    let status = answered.status.as_u16();
    let label = route_label(answered.route);
    edges.metrics().record_request(label, status, answered.took);
    answered.log(&edges, response.extensions_mut().remove::<Cause>().as_ref());
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// What the log says of a request.
struct Answered<'a> {
    id: RequestId,
    method: Method,
    route: &'a str,
    status: StatusCode,
    noted: Option<Noted>,
    took: Duration,
}

impl Answered<'_> {
    /// What changes or refuses something is said to everybody. Reads that went well and requests
    /// beyond a limit, of which one client may send thousands, the metrics count; a log is for
    /// what somebody may have to look into. Of refused credentials there are only so many lines.
    fn log(&self, edges: &Edges, cause: Option<&Cause>) {
        let Self {
            id, method, route, ..
        } = self;
        let (id, status) = (id.as_str(), self.status.as_u16());
        let caller = self.noted.as_ref().map_or("none", Noted::caller);
        let duration_ms = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        macro_rules! line {
            ($level:ident, $($last:tt)+) => {
                tracing::$level!(
                    request.id = id,
                    http.method = %method,
                    http.route = route,
                    http.status = status,
                    caller,
                    duration_ms,
                    $($last)+
                )
            };
        }
        if let Some(Cause(cause)) = cause {
            line!(warn, cause = %Chain(&**cause), "answered a request with an error");
        } else if self.is_routine(edges) {
            line!(debug, "answered a request");
        } else {
            line!(info, "answered a request");
        }
    }

    fn is_routine(&self, edges: &Edges) -> bool {
        let is_read = || {
            let noted = self.noted.as_ref();
            noted.is_some_and(|noted| noted.action == Action::Read)
        };
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::UNAUTHORIZED => !edges.may_log_refusal(),
            status => !status.is_client_error() && self.took < SLOW && is_read(),
        }
    }
}

/// Does the work of a request within its limits. What changes something is not left half done
/// because its client went away or lost patience: it goes on to its end.
async fn bound(id: RequestId, edges: Edges, request: Request, next: Next) -> Response {
    let is_safe = request.method().is_safe();
    let work = CURRENT.scope(id, permitted(edges, request, next));
    let done = async {
        if is_safe {
            return work.await;
        }
        match tokio::spawn(work).await {
            Ok(response) => response,
            Err(error) => ApiError::internal(error).into_response(),
        }
    };
    match tokio::time::timeout(TIME_LIMIT, done).await {
        Ok(response) => response,
        Err(_) => ApiError::new(Code::Timeout)
            .retry_after(Duration::from_secs(1))
            .into_response(),
    }
}

async fn permitted(edges: Edges, request: Request, next: Next) -> Response {
    match edges.permits().try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => ApiError::new(Code::Busy)
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
pub async fn secure(State(edges): State<Edges>, request: Request, next: Next) -> Response {
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
    if edges.is_https() {
        set(
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=31536000; includeSubDomains",
        );
    }
    response
}
