//! Refusals: one closed list of codes, each with its status, and the one way to a response.
//!
//! The public part says what to do; the cause is kept apart for the log and never sent.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use strum::{EnumIter, IntoStaticStr};

use crate::api::http::middleware::request_id;
use crate::wire::problem::{FieldProblem, MEDIA_TYPE, Problem};

/// Where a page about each code stands.
const PAGES: &str = "https://kisenon.com/docs/errors#";

/// Every kind of refusal. The words are a promise to programs; `docs/errors.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Code {
    /// The request is not as its route asks.
    InvalidRequest,
    /// The cursor is not one that a list gave.
    InvalidCursor,
    /// The code or refresh token is unknown, used, expired or bound to something else.
    InvalidGrant,
    /// The provider's proof is not one of this sign-in.
    InvalidProof,
    /// RFC 8628 section 3.5: the person has not decided yet.
    AuthorizationPending,
    /// RFC 8628 section 3.5: asked too often.
    SlowDown,
    /// RFC 8628 section 3.5: the code has expired.
    ExpiredToken,
    /// No credential, or none that the route takes.
    Unauthenticated,
    /// RFC 6750 section 3.1: the credential is malformed, expired or revoked.
    InvalidToken,
    /// RFC 6750 section 3.1: the credential may not do this.
    InsufficientScope,
    /// The person is not on the allow-list, or has refused.
    AccessDenied,
    /// The cluster does not let this be done.
    Forbidden,
    /// A quota is used up.
    QuotaExceeded,
    /// There is no such thing for this caller.
    NotFound,
    /// The route does not take this method.
    MethodNotAllowed,
    /// It is not in a state that allows this.
    Conflict,
    /// The name is taken.
    NameTaken,
    /// Protected from deletion.
    DeletionProtected,
    /// A request with this idempotency key is still being done.
    IdempotencyInProgress,
    /// It has changed since it was read.
    PreconditionFailed,
    /// The body is larger than allowed.
    PayloadTooLarge,
    /// The media type is not one that the route takes.
    UnsupportedMediaType,
    /// The object is well-formed, and refused as it is.
    InvalidObject,
    /// The idempotency key was used for another request.
    IdempotencyMismatch,
    /// `If-Match` is missing.
    PreconditionRequired,
    /// Too many requests of this kind.
    RateLimited,
    /// A mistake of the server.
    Internal,
    /// Something that the server needs is away.
    Unavailable,
    /// The server has more to do than it can.
    Busy,
    /// It took too long.
    Timeout,
}

impl Code {
    /// The status of responses with this code.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest
            | Self::InvalidCursor
            | Self::InvalidGrant
            | Self::InvalidProof
            | Self::AuthorizationPending
            | Self::SlowDown
            | Self::ExpiredToken => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope
            | Self::AccessDenied
            | Self::Forbidden
            | Self::QuotaExceeded => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict
            | Self::NameTaken
            | Self::DeletionProtected
            | Self::IdempotencyInProgress => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidObject | Self::IdempotencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::Busy | Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The kind of problem, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request is not as this route asks",
            Self::InvalidCursor => "The cursor is not one that a list gave",
            Self::InvalidGrant => "The code or token is not valid, or not any more",
            Self::InvalidProof => "The identity provider's proof is not valid here",
            Self::AuthorizationPending => "The person has not decided yet",
            Self::SlowDown => "Asked too often",
            Self::ExpiredToken => "The code has expired",
            Self::Unauthenticated => "A credential is needed",
            Self::InvalidToken => "The credential is not valid, or not any more",
            Self::InsufficientScope => "The credential may not do this",
            Self::AccessDenied => "Access is denied",
            Self::Forbidden => "The cluster does not let this be done",
            Self::QuotaExceeded => "A quota is used up",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "The route does not take this method",
            Self::Conflict => "It is not in a state that allows this",
            Self::NameTaken => "The name is taken",
            Self::DeletionProtected => "It is protected from deletion",
            Self::IdempotencyInProgress => "The same request is still being done",
            Self::PreconditionFailed => "It has changed since it was read",
            Self::PayloadTooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The media type is not one that the route takes",
            Self::InvalidObject => "The object is refused as it is",
            Self::IdempotencyMismatch => "The idempotency key was used for another request",
            Self::PreconditionRequired => "If-Match is missing",
            Self::RateLimited => "Too many requests of this kind",
            Self::Internal => "The server made a mistake",
            Self::Unavailable => "Something that the server needs is away",
            Self::Busy => "The server is busy",
            Self::Timeout => "It took too long",
        }
    }

    /// As programs read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The cause of a refusal, for the log alone. A middleware takes it out of the response.
#[derive(Clone, Debug)]
pub struct Cause(pub Arc<dyn StdError + Send + Sync>);

/// A refusal on its way to the client.
#[derive(Debug)]
pub struct ApiError {
    code: Code,
    detail: Option<String>,
    errors: Vec<FieldProblem>,
    retry_after: Option<Duration>,
    cause: Option<Cause>,
}

/// What a handler answers.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// A refusal of this kind.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self {
            code,
            detail: None,
            errors: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// A refusal that says what to do instead.
    #[must_use]
    pub fn with(code: Code, detail: impl Into<String>) -> Self {
        let mut error = Self::new(code);
        error.detail = Some(detail.into());
        error
    }

    /// The same for an absent object and one of somebody else: nobody learns which it was.
    #[must_use]
    pub const fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// A mistake of the server; the cause goes to the log.
    #[must_use]
    pub fn internal(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(Code::Internal).caused_by(cause)
    }

    /// Something that the server needs is away; the cause goes to the log.
    #[must_use]
    pub fn unavailable(cause: impl StdError + Send + Sync + 'static) -> Self {
        let mut error = Self::new(Code::Unavailable).caused_by(cause);
        error.retry_after = Some(Duration::from_secs(2));
        error
    }

    /// Adds the cause, for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.cause = Some(Cause(Arc::new(cause)));
        self
    }

    /// Says when to try again.
    #[must_use]
    pub const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Adds what is wrong with one member of the request.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.errors.push(FieldProblem {
            field: field.into(),
            message: message.into(),
        });
        self
    }

    /// The kind of refusal.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    fn problem(&self) -> Problem {
        Problem {
            type_: format!("{PAGES}{}", self.code.as_str()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            code: self.code.as_str().to_owned(),
            detail: self.detail.clone(),
            request_id: request_id(),
            errors: self.errors.clone(),
        }
    }

    /// RFC 6750 section 3: no error code where no credential was sent.
    fn challenge(&self) -> Option<&'static str> {
        match self.code {
            Code::Unauthenticated => Some("Bearer realm=\"kisenon\""),
            Code::InvalidToken => Some("Bearer realm=\"kisenon\", error=\"invalid_token\""),
            Code::InsufficientScope => {
                Some("Bearer realm=\"kisenon\", error=\"insufficient_scope\"")
            }
            _ => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.problem()).unwrap_or_default();
        let mut response = (self.code.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge() {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(self.code);
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator as _;

    const PAGE: &str = include_str!("../../../docs/errors.md");

    #[test]
    fn every_code_is_documented_with_its_status() {
        for code in Code::iter() {
            let row = format!("| `{}` | {} |", code.as_str(), code.status().as_u16());
            assert!(PAGE.contains(&row), "docs/errors.md lacks {row}");
        }
    }

    #[test]
    fn a_cause_is_never_sent() {
        let error = ApiError::internal(std::io::Error::other("postgres://user:secret@db"));
        assert!(
            !serde_json::to_string(&error.problem())
                .unwrap()
                .contains("secret")
        );
    }
}
