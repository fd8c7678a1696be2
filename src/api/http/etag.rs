//! Entity tags (RFC 9110 section 8.8.3): the version of what is answered, in quotes.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::api::http::extract::Json;

/// The answer to a GET: nothing but the tag where the client already has this version.
pub fn answer<T: Serialize>(request: &HeaderMap, version: &str, body: T) -> Response {
    if is_known(request, version) {
        tagged(StatusCode::NOT_MODIFIED.into_response(), version)
    } else {
        tagged(Json(body).into_response(), version)
    }
}

/// Adds the tag to an answer.
pub fn tagged(mut response: Response, version: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// `If-None-Match`, by weak comparison (RFC 9110 section 13.1.2).
fn is_known(request: &HeaderMap, version: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| {
            tag == "*" || tag.strip_prefix('"').and_then(|t| t.strip_suffix('"')) == Some(version)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(condition: &'static str) -> StatusCode {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(condition));
        answer(&headers, "7", "body").status()
    }

    #[test]
    fn a_version_that_the_client_has_is_not_sent_again() {
        for known in ["\"7\"", "W/\"7\"", "\"6\", \"7\"", "*"] {
            assert_eq!(status(known), StatusCode::NOT_MODIFIED, "{known}");
        }
        for other in ["\"6\"", "7", "\"77\"", ""] {
            assert_eq!(status(other), StatusCode::OK, "{other}");
        }
        let fresh = answer(&HeaderMap::new(), "7", "body");
        assert_eq!(fresh.headers()[header::ETAG], "\"7\"");
    }
}
