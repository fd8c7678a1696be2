//! What a client needs to connect.

use serde::{Deserialize, Serialize};

use super::PasswordSource;

/// What a client needs to connect. Holds a secret: never cached, never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    /// Name or address to connect to; the certificate holds it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Database.
    pub database: String,
    /// Role.
    pub username: String,
    /// Password, where the operator made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// All of this in one line, as libpq reads it; with the password where that is shown.
    pub uri: String,
    /// Certificate of the authority that signed the server's, in PEM.
    pub ca_certificate: String,
    /// Who made the password.
    pub password_source: PasswordSource,
}

/// A password that was just made, which nobody can show again. Never cached, never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewPassword {
    /// Role.
    pub username: String,
    /// Its new password.
    pub password: String,
    /// As libpq reads it; absent while the endpoint has no address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}
