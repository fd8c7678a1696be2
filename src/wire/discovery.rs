//! Where an installation has its parts: what a client asks first when all that it knows is the
//! URL of the API.

use serde::{Deserialize, Serialize};
use url::Url;

/// Segments of the path where it is served.
pub const PATH: [&str; 2] = [".well-known", "kisenon.json"];

/// The parts of an installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Discovery {
    /// Where clients reach the API.
    #[cfg_attr(
        feature = "server",
        schema(value_type = String, format = "uri", example = "https://api.kisenon.com/")
    )]
    pub api_url: Url,
    /// Where people reach the web console.
    #[cfg_attr(
        feature = "server",
        schema(value_type = String, format = "uri", example = "https://kisenon.com/")
    )]
    pub console_url: Url,
    /// Version of the API server.
    #[cfg_attr(feature = "server", schema(example = "0.1.0"))]
    pub version: String,
}
