//! Sign-in and sessions.

use serde::{Deserialize, Serialize};

/// An identity provider's proof of who somebody is.
#[derive(Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExchangeProof {
    /// Name of the provider: `google`, `github` or a configured one.
    #[cfg_attr(feature = "server", schema(example = "google", max_length = 32))]
    pub provider: String,
    /// The ID token (OpenID Connect Core 1.0 section 2), from Google and OpenID Connect providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// The nonce that the sign-in was begun with, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The access token of our own GitHub app, from GitHub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
}

/// A session's refresh token.
#[derive(Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefreshSession {
    /// The one that came last; it is good once.
    pub refresh_token: String,
}

/// A session: what to send, and how to keep it.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionTokens {
    /// Sent as `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer` (RFC 6750).
    pub token_type: String,
    /// Seconds until the access token ends.
    pub expires_in: i64,
    /// Good once, for the next pair.
    pub refresh_token: String,
    /// When the session ends at the latest.
    pub session_expires_at: String,
    /// Who signed in.
    pub user: UserView,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// Permanent id.
    #[cfg_attr(feature = "server", schema(example = "usr-0a1b2c3d4e5f6071829303a4"))]
    pub id: String,
    /// Address at the last sign-in.
    pub email: String,
    /// Name at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
