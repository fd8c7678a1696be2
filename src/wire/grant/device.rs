//! Sign-in of a machine without a browser (RFC 8628).

use serde::{Deserialize, Serialize};

/// Begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestDeviceCode {
    /// Label of the key that will be made, shown to the person.
    #[cfg_attr(
        feature = "server",
        schema(example = "keon on build-7", min_length = 1, max_length = 128)
    )]
    pub label: String,
}

/// RFC 8628 section 3.2.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct DeviceCode {
    /// What the machine asks with.
    pub device_code: String,
    /// What the person compares and types.
    #[cfg_attr(feature = "server", schema(example = "BCDF-GHJK"))]
    pub user_code: String,
    /// Where the person goes.
    pub verification_uri: String,
    /// The same with the code filled in.
    pub verification_uri_complete: String,
    /// Seconds until both codes end.
    pub expires_in: i64,
    /// Seconds to wait between two questions.
    pub interval: i64,
}

/// Asks whether the person has decided.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExchangeDeviceCode {
    /// From the first answer.
    pub device_code: String,
}

/// What the person is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeviceRequestView {
    /// As shown on the machine.
    pub user_code: String,
    /// Label of the key that would be made.
    pub label: String,
    /// When it was asked for.
    pub requested_at: String,
    /// When it ends.
    pub expires_at: String,
}

/// The person's decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecideDevice {
    /// As shown on the machine.
    #[cfg_attr(feature = "server", schema(example = "BCDF-GHJK"))]
    pub user_code: String,
    /// Whether the machine may have a key.
    pub approve: bool,
}
