//! The data of server-sent events.

use serde::{Deserialize, Serialize};

/// The names of events, as the field `event` has them.
pub mod name {
    /// An endpoint is as the data says.
    pub const ENDPOINT: &str = "endpoint";
    /// A project is as the data says.
    pub const PROJECT: &str = "project";
    /// Something is gone.
    pub const DELETED: &str = "deleted";
    /// The client now knows all that there is.
    pub const SYNCED: &str = "synced";
    /// Nothing has happened for a while.
    pub const PING: &str = "ping";
}

/// Data of `deleted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    /// `project` or `endpoint`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Data of `synced`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Synced {
    /// Whether everything was sent, so that what was not is gone; else only what had changed since
    /// `Last-Event-ID`.
    pub complete: bool,
}
