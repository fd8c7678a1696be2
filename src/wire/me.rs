//! Who the caller is.

use serde::{Deserialize, Serialize};

use super::auth::UserView;

/// The caller: who, in which tenant, with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The person; absent for a key that comes from Git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserView>,
    /// The tenant that everything belongs to.
    pub tenant: TenantView,
    /// What was sent.
    pub credential: CredentialView,
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TenantView {
    /// Permanent id.
    pub id: String,
    /// Its namespace in the cluster; it exists from the first write on.
    pub namespace: String,
}

/// What a caller has sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum CredentialView {
    /// A signed-in session.
    #[serde(rename_all = "camelCase")]
    Session {
        /// Its id.
        id: String,
        /// When the access token ends.
        expires_at: String,
    },
    /// An API key.
    #[serde(rename_all = "camelCase")]
    ApiKey {
        /// Its id.
        id: String,
        /// Its label.
        label: String,
        /// Its public first part.
        prefix: String,
        /// What it may do.
        scopes: Vec<String>,
        /// The only project that it may touch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<String>,
        /// When it ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<String>,
    },
}
