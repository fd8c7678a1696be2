//! `Idempotency-Key`: a request that is sent again changes nothing twice, and is answered as before
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! An object that is made carries a mark of the request that made it. So even where the answer
//! could not be kept, the request that is sent again knows its object and takes it for its own.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde_json::Value;

use crate::api::audit::store_error;
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::http::etag;
use crate::api::http::extract::{IdempotencyKey, Json};
use crate::api::identity::caller::Caller;
use crate::api::state::ApiState;
use crate::auth::opaque::sha256;
use crate::store::{Idempotency, StoredAnswer};

/// Annotation that holds the mark.
pub const MARK: &str = "kisenon.com/idempotency-mark";

/// What a request is to do.
pub enum Turn {
    /// Go on, and tell the ticket how it went.
    Go(Ticket),
    /// It was done before: this was the answer.
    Done(Value),
}

/// A request under way.
pub struct Ticket {
    scope: String,
    /// None where the client sent no key.
    key: Option<String>,
}

impl Ticket {
    /// Takes the key for this request, if one was sent.
    ///
    /// # Errors
    /// When the key belongs to another request, or to this one still under way.
    pub async fn take(
        state: &ApiState,
        caller: &Caller,
        route: &str,
        key: Option<IdempotencyKey>,
        body: &impl Serialize,
    ) -> ApiResult<Turn> {
        let scope = format!("{} {route}", caller.tenant.id);
        let Some(IdempotencyKey(key)) = key else {
            return Ok(Turn::Go(Self { scope, key: None }));
        };
        let text = serde_json::to_vec(body).map_err(ApiError::internal)?;
        let hash = sha256(&text);
        let store = state.store();
        let taken = store.begin_idempotent(&scope, &key, &hash, state.now());
        match taken.await.map_err(store_error)? {
            Idempotency::New => Ok(Turn::Go(Self {
                scope,
                key: Some(key),
            })),
            Idempotency::Replay { body, .. } => serde_json::from_str(&body)
                .map(Turn::Done)
                .map_err(ApiError::internal),
            Idempotency::InProgress => Err(ApiError::with(
                Code::IdempotencyInProgress,
                "the first request with this Idempotency-Key is still being done: ask again in a moment",
            )
            .retry_after(std::time::Duration::from_secs(1))),
            Idempotency::Mismatch => Err(ApiError::with(
                Code::IdempotencyMismatch,
                "this Idempotency-Key was sent with another body: send a new key for a new request",
            )),
        }
    }

    /// What the object carries that this request makes.
    #[must_use]
    pub fn mark(&self) -> Option<String> {
        let text = format!("{} {}", self.scope, self.key.as_ref()?);
        let digest = sha256(text.as_bytes());
        Some(HEXLOWER.encode(&digest[..16]))
    }

    /// Keeps the answer, which must not hold a secret; or frees the key after a refusal.
    pub async fn keep<T: Serialize>(self, state: &ApiState, outcome: &ApiResult<T>) {
        let Some(key) = &self.key else {
            return;
        };
        let store = state.store();
        let kept = match outcome {
            Ok(view) => {
                let body = serde_json::to_string(view).unwrap_or_default();
                let answer = StoredAnswer {
                    status: StatusCode::CREATED.as_u16(),
                    body: &body,
                };
                store
                    .finish_idempotent(&self.scope, key, answer, state.now())
                    .await
            }
            Err(_) => store.abandon_idempotent(&self.scope, key).await,
        };
        // The change stands; sent again, the request finds its object by the mark.
        if let Err(error) = kept {
            tracing::warn!(%error, "an idempotent answer could not be kept");
        }
    }
}

/// 201 for a view that has `id` and `etag`.
pub fn created(collection: &str, view: &Value) -> Response {
    let text = |member: &str| view[member].as_str().unwrap_or_default();
    let mut response = (StatusCode::CREATED, Json(view)).into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("{collection}/{}", text("id"))) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    match text("etag") {
        "" => response,
        version => etag::tagged(response, version),
    }
}
