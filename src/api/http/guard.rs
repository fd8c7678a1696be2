//! What stands before a route: who may call it at all, and which limit counts the call.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::http::error::ApiError;
use crate::api::http::limit::{Action, Remaining, Subject};
use crate::api::http::middleware::Noted;
use crate::api::identity::authenticate::authenticate;
use crate::api::identity::caller::Caller;
use crate::api::state::ApiState;
use crate::domain::api_key::Scopes;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Anybody; counted by address.
    Open,
    /// A session or any API key; the handler asks what it may.
    Any,
    /// A session, or an API key with these scopes. Asked before anything of the request is read.
    With(Scopes),
    /// A session alone: what needs a person at the screen.
    Session,
}

/// Lets a request through to its route, with a [`Caller`] where one is needed.
pub async fn guard(
    State((state, entry, action)): State<(ApiState, Entry, Action)>,
    ConnectInfo(connection): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = state.limits().peer(connection, request.headers());
    let caller = match admit(&state, entry, request.headers(), &peer).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let subject = match &caller {
        Some(caller) => Subject::Caller(caller.shared_credential_id()),
        None => peer,
    };
    let mut response = match state.limits().count(action, &subject) {
        Ok(remaining) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            with_limit(next.run(request).await, remaining)
        }
        Err(error) => error.into_response(),
    };
    response.extensions_mut().insert(Noted { subject, action });
    response
}

async fn admit(
    state: &ApiState,
    entry: Entry,
    headers: &HeaderMap,
    peer: &Subject,
) -> Result<Option<Caller>, ApiError> {
    if entry == Entry::Open {
        return Ok(None);
    }
    let caller = authenticate(state, headers, peer).await?;
    match entry {
        Entry::Session => drop(caller.session()?),
        Entry::With(scopes) => caller.has(scopes)?,
        Entry::Open | Entry::Any => {}
    }
    Ok(Some(caller))
}

fn with_limit(mut response: Response, remaining: Remaining) -> Response {
    remaining.write(response.headers_mut());
    response
}
