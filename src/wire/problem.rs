//! The body of every refusal (RFC 9457, "Problem Details for HTTP APIs").

use serde::{Deserialize, Serialize};

/// Media type of [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A page about this kind of problem; stable.
    #[serde(rename = "type")]
    #[cfg_attr(
        feature = "server",
        schema(example = "https://kisenon.com/docs/errors#not_found")
    )]
    pub type_: String,
    /// The kind of problem, for people.
    pub title: String,
    /// The HTTP status of the response.
    #[cfg_attr(feature = "server", schema(example = 404))]
    pub status: u16,
    /// The kind of problem, for programs; stable.
    #[cfg_attr(feature = "server", schema(example = "not_found"))]
    pub code: String,
    /// What is wrong with this request, and what to do instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Names this request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What is wrong with single members of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// What is wrong with one member of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct FieldProblem {
    /// Which member, as a path such as `access.allowedCidrs[0]`.
    pub field: String,
    /// What to write instead.
    pub message: String,
}
