//! What handlers take from a request: bodies, queries and paths, each refused with a problem.

use axum::body::{Body, Bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{
    FromRequest, FromRequestParts, OptionalFromRequestParts, Path, Query, Request,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::http::error::{ApiError, Code};

/// Characters of what is told of a body: names in it may be as long as it is.
const LONGEST: usize = 300;

/// A JSON body. As an answer it is sent with the type `application/json`.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

/// Media types of a JSON body, and of a merge patch (RFC 7396).
const JSON: [&str; 2] = ["application/json", "application/merge-patch+json"];

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::with(
                Code::UnsupportedMediaType,
                "send the body as application/json",
            ));
        }
        parse(&body(request, state).await?).map(Self)
    }
}

/// Every body is an object; serde would also take an array of its members.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if !matches!(body.trim_ascii_start().first(), Some(b'{')) {
        let detail = "the body: must be a JSON object";
        return Err(ApiError::with(Code::InvalidRequest, detail));
    }
    serde_json::from_slice(body)
        .map_err(|error| ApiError::with(Code::InvalidRequest, told(&error.to_string())))
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => RenderedJson(body.into()).into_response(),
            Err(error) => ApiError::internal(error).into_response(),
        }
    }
}

/// What is wrong with a body, without the value that is wrong: it may be a secret in the wrong
/// place, and whoever sent it may keep our answer in a log. Names of members are kept.
fn told(error: &str) -> String {
    let mut error = error.to_owned();
    for (before, after) in [
        ("invalid type: ", ", expected "),
        ("invalid value: ", ", expected "),
        ("unknown variant ", ", expected "),
        ("unknown variant ", ", there are no variants"),
    ] {
        // The last of what follows a value: the value itself may hold the same words.
        let place = error
            .strip_prefix(before)
            .and_then(|rest| rest.rfind(after));
        if let Some(length) = place {
            let value = before.len()..before.len() + length;
            let kind = error[value.clone()]
                .split(['"', '`'])
                .next()
                .unwrap_or_default();
            let kind = kind.trim_end().to_owned();
            error.replace_range(value, &kind);
            error = error.replacen(": ,", ",", 1).replacen(" ,", ",", 1);
        }
    }
    let end = error
        .char_indices()
        .nth(LONGEST)
        .map_or(error.len(), |(place, _)| place);
    error.truncate(end);
    format!("the body: {error}")
}

/// An answer that is JSON already.
#[derive(Clone, Debug)]
pub struct RenderedJson(pub Bytes);

impl IntoResponse for RenderedJson {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.0));
        let media = HeaderValue::from_static(JSON[0]);
        response.headers_mut().insert(header::CONTENT_TYPE, media);
        response
    }
}

/// The whole body, within the limit of the route.
///
/// # Errors
/// When it is too large or breaks off.
pub async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::with(
                Code::PayloadTooLarge,
                "the body is larger than this route takes",
            ),
            _ => ApiError::with(Code::InvalidRequest, "the body could not be read"),
        })
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media| JSON.contains(&media.trim().to_ascii_lowercase().as_str()))
}

/// The query of the URL.
#[derive(Clone, Debug)]
pub struct UrlQuery<T>(pub T);

impl<S, T> FromRequestParts<S> for UrlQuery<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let refused = |rejection: QueryRejection| {
            let text = rejection.body_text();
            let text = text.strip_prefix("Failed to deserialize query string: ");
            let text = text.unwrap_or("it could not be read");
            ApiError::with(Code::InvalidRequest, format!("the query: {text}"))
        };
        <Query<T> as FromRequestParts<S>>::from_request_parts(parts, state)
            .await
            .map(|Query(query)| Self(query))
            .map_err(refused)
    }
}

/// The variable part of the URL's path. What cannot be an id is an absent one.
#[derive(Clone, Debug)]
pub struct UrlPath<T>(pub T);

impl<S, T> FromRequestParts<S> for UrlPath<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let absent = |_: PathRejection| ApiError::not_found();
        <Path<T> as FromRequestParts<S>>::from_request_parts(parts, state)
            .await
            .map(|Path(path)| Self(path))
            .map_err(absent)
    }
}

/// `Idempotency-Key`, at most 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, ApiError> {
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Ok(None);
        };
        let text = value.to_str().unwrap_or_default().trim_matches('"');
        let is_good = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if is_good {
            Ok(Some(Self(text.to_owned())))
        } else {
            Err(ApiError::with(
                Code::InvalidRequest,
                "Idempotency-Key must be 1 to 255 visible ASCII characters, for example a UUID",
            ))
        }
    }
}

/// `If-Match` (RFC 9110 section 13.1.1): the version that the client has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(pub String);

impl IfMatch {
    fn read(parts: &Parts) -> Result<Option<Self>, ApiError> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(None);
        };
        let tag = value
            .to_str()
            .ok()
            .and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"'))
            .filter(|tag| !tag.is_empty() && !tag.contains('"'));
        match tag {
            Some(tag) => Ok(Some(Self(tag.to_owned()))),
            None => Err(ApiError::with(
                Code::InvalidRequest,
                "If-Match must be one strong ETag in quotes, as a GET has answered it",
            )),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::read(parts)?.ok_or_else(|| {
            ApiError::with(
                Code::PreconditionRequired,
                "send If-Match with the ETag that you have read, so that nobody's change is lost",
            )
        })
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, ApiError> {
        Self::read(parts)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    enum Kind {
        One,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read from bodies")]
    struct Body {
        count: Option<u8>,
        kind: Option<Kind>,
    }

    fn refusal(body: &str) -> String {
        told(&serde_json::from_str::<Body>(body).unwrap_err().to_string())
    }

    #[test]
    fn a_body_is_an_object() {
        assert!(parse::<Body>(br#" {"count": 1}"#).is_ok());
        for body in ["", "[1, null]", "null", "\"count\"", "1"] {
            assert!(parse::<Body>(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_refused_value_is_not_told() {
        for (body, words) in [
            (
                r#"{"count":"planted"}"#,
                "the body: invalid type: string, expected u8 at line 1 column 18",
            ),
            (
                r#"{"count":"planted, expected x"}"#,
                "the body: invalid type: string, expected u8 at line 1 column 30",
            ),
            (
                r#"{"count":4242}"#,
                "the body: invalid value: integer, expected u8 at line 1 column 13",
            ),
            (
                r#"{"kind":"planted"}"#,
                "the body: unknown variant, expected `one` at line 1 column 17",
            ),
            (
                r#"{"other":1}"#,
                "the body: unknown field `other`, expected `count` or `kind` at line 1 column 8",
            ),
        ] {
            assert_eq!(refusal(body), words);
        }
        let long = format!("{{\"{}\":1}}", "é".repeat(100_000));
        assert!(refusal(&long).chars().count() < 400);
    }
}
