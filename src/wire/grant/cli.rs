//! The CLI's sign-in through a browser on the same machine (RFC 8252, RFC 7636).

use serde::{Deserialize, Serialize};

/// What the person has agreed to on the console's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizeCli {
    /// Where the CLI listens: `http://127.0.0.1:<port>/callback` or `http://[::1]:<port>/callback`.
    #[cfg_attr(
        feature = "server",
        schema(example = "http://127.0.0.1:49152/callback")
    )]
    pub redirect_uri: String,
    /// RFC 7636 section 4.2.
    #[cfg_attr(feature = "server", schema(min_length = 43, max_length = 43))]
    pub code_challenge: String,
    /// Always `S256`.
    #[cfg_attr(feature = "server", schema(example = "S256"))]
    pub code_challenge_method: String,
    /// Label of the key that the code will make.
    #[cfg_attr(
        feature = "server",
        schema(example = "keon on laptop", min_length = 1, max_length = 128)
    )]
    pub label: String,
}

/// A code for the CLI.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CliCode {
    /// Good once and for 60 seconds.
    pub code: String,
    /// Seconds until it ends.
    pub expires_in: i64,
}

/// A code, and the proof that it was asked for here.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExchangeCliCode {
    /// From the redirect.
    pub code: String,
    /// RFC 7636 section 4.1.
    #[cfg_attr(feature = "server", schema(min_length = 43, max_length = 128))]
    pub code_verifier: String,
    /// The same as the code was made for.
    pub redirect_uri: String,
}

/// A key that a grant has made.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct GrantedKey {
    /// The key. It is shown here and never again.
    pub api_key: String,
    /// Its id.
    pub id: String,
    /// Its label.
    pub label: String,
    /// Who it acts for.
    pub user: crate::wire::auth::UserView,
}
