//! Who sends a request, and the one question that every handler asks: may they?

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::Timestamp;

use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::auth::jwt::Claims;
use crate::auth::key_index::IndexedKey;
use crate::domain::access::{self, Action, Actor, Refusal, Target};
use crate::domain::api_key::Scopes;

/// Whose things a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Permanent id: the value of the namespace's label.
    pub id: Arc<str>,
    /// Its namespace. One of the API's own exists from the first write on.
    pub namespace: Arc<str>,
    /// Whether the API makes and keeps the namespace, rather than an admin.
    pub is_ours: bool,
}

/// What was sent.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An access token of a session.
    Session(Arc<Claims>),
    /// An API key.
    Key {
        /// What is known of it.
        key: Arc<IndexedKey>,
        /// Its id.
        id: Arc<str>,
    },
}

/// Who sends a request. Only the guard of a route makes one.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Whose things.
    pub tenant: Tenant,
    /// With what.
    pub credential: Credential,
}

impl Caller {
    /// Id of the credential: of the session, or of the key.
    #[must_use]
    pub fn credential_id(&self) -> &str {
        match &self.credential {
            Credential::Session(claims) => &claims.sid,
            Credential::Key { id, .. } => id,
        }
    }

    /// The same, to keep.
    #[must_use]
    pub fn shared_credential_id(&self) -> Arc<str> {
        match &self.credential {
            Credential::Session(claims) => claims.sid.as_str().into(),
            Credential::Key { id, .. } => Arc::clone(id),
        }
    }

    /// The person, unless the key comes from Git.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        match &self.credential {
            Credential::Session(claims) => Some(&claims.sub),
            Credential::Key { key, .. } => key.user(),
        }
    }

    /// The session's claims; a key cannot do what needs a person at the screen.
    ///
    /// # Errors
    /// When a key was sent.
    pub fn session(&self) -> ApiResult<&Claims> {
        match &self.credential {
            Credential::Session(claims) => Ok(claims),
            Credential::Key { .. } => Err(ApiError::with(
                Code::InsufficientScope,
                "this needs a signed-in session; an API key cannot do it",
            )),
        }
    }

    /// Asks whether the credential has these scopes; a session has all.
    ///
    /// # Errors
    /// When one is missing.
    pub fn has(&self, scopes: Scopes) -> ApiResult<()> {
        match &self.credential {
            Credential::Key { key, .. } if !key.scopes().covers(scopes) => {
                let missing = if scopes.write && !key.scopes().write {
                    "write"
                } else {
                    "read"
                };
                let detail = format!("the key does not have the scope {missing}");
                Err(ApiError::with(Code::InsufficientScope, detail))
            }
            _ => Ok(()),
        }
    }

    /// When the credential ends by itself.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        match &self.credential {
            Credential::Session(claims) => Some(claims.exp),
            Credential::Key { key, .. } => key.expires_at(),
        }
    }

    /// The only project that the caller may touch.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        match &self.credential {
            Credential::Session(_) => None,
            Credential::Key { key, .. } => key.project(),
        }
    }

    /// Asks whether the caller may do this.
    ///
    /// # Errors
    /// With what is missing. A project out of reach is an absent one.
    pub fn may(&self, action: Action, target: Target<'_>) -> ApiResult<()> {
        match access::decide(&self.actor(), action, target) {
            Ok(()) => Ok(()),
            Err(Refusal::Hidden) => Err(ApiError::not_found()),
            Err(refusal) => Err(ApiError::with(Code::InsufficientScope, refusal.to_string())),
        }
    }

    /// Whether lists that the caller reads hold this.
    #[must_use]
    pub fn sees(&self, target: Target<'_>) -> bool {
        access::sees(&self.actor(), target)
    }

    fn actor(&self) -> Actor {
        match &self.credential {
            Credential::Session(claims) => Actor::Session {
                user: claims.sub.as_str().into(),
            },
            Credential::Key { key, .. } => Actor::Key {
                scopes: key.scopes(),
                project: key.project().map(Into::into),
            },
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| ApiError::new(Code::Unauthenticated))
    }
}
