//! Sign-in with a provider's proof, and the life of sessions.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::me::user_view;
use crate::api::audit::{self, Actor, Target, replica_error, store_error};
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::http::extract::Json;
use crate::api::identity::caller::Caller;
use crate::api::state::ApiState;
use crate::auth::jwt::Claims;
use crate::auth::opaque::{OpaqueToken, TokenKind};
use crate::auth::random;
use crate::store::{NewSession, RefreshOutcome, SignIn, User};
use crate::wire::auth::{ExchangeProof, RefreshSession, SessionTokens};
use crate::wire::problem::Problem;

/// Life of an access token.
const ACCESS: SignedDuration = SignedDuration::from_mins(15);
/// Life of a session, from sign-in on.
const SESSION: SignedDuration = SignedDuration::from_hours(12);
/// How long a refresh token that was used is taken for another tab's (C12).
const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// Sign in
///
/// Takes the proof of an identity provider and begins a session. Who is not on the allow-list
/// gets `access_denied`, and nothing is stored.
#[utoipa::path(post, path = "/v1/auth/exchange", operation_id = "exchange_proof", tag = "sessions",
    request_body = ExchangeProof,
    responses((status = 200, body = SessionTokens), (status = 400, body = Problem), (status = 403, body = Problem)))]
pub async fn exchange_proof(
    State(state): State<ApiState>,
    Json(proof): Json<ExchangeProof>,
) -> ApiResult<Json<SessionTokens>> {
    let now = state.now();
    let proved = state.providers().prove(proof, now).await?;
    let identity = proved.identity;
    let email = identity.email.as_str();
    let store = state.store();
    let is_allowed = store
        .is_allowed(&identity.provider, &identity.subject, email)
        .await
        .map_err(store_error)?;
    if !is_allowed {
        return Err(ApiError::with(
            Code::AccessDenied,
            format!(
                "{email} is not on the allow-list of this alpha; see {}docs/alpha-access for how to apply",
                state.config().console_url
            ),
        ));
    }
    if let Some((digest, ends)) = proved.once
        && !store
            .use_proof(&digest, ends, now)
            .await
            .map_err(store_error)?
    {
        return Err(ApiError::with(
            Code::InvalidProof,
            "this ID token was used before: sign in again",
        ));
    }
    let user_id = format!("usr-{}", fresh_id()?);
    let tenant_id = fresh_id()?;
    let account = store
        .sign_in(SignIn {
            provider: &identity.provider,
            subject: &identity.subject,
            email,
            name: identity.name.as_deref(),
            user_id: &user_id,
            tenant_id: &tenant_id,
            now,
        })
        .await
        .map_err(store_error)?;
    // Taken off the list in between.
    let account = account.ok_or_else(|| ApiError::new(Code::AccessDenied))?;
    let refresh = OpaqueToken::generate(TokenKind::Refresh).map_err(ApiError::internal)?;
    let session_id = format!("ses-{}", fresh_id()?);
    let ends_at = now + SESSION;
    let has_begun = store
        .begin_session(NewSession {
            id: &session_id,
            user_id: &account.user.id,
            refresh_hash: &refresh.hash(),
            now,
            ends_at,
        })
        .await
        .map_err(store_error)?;
    if !has_begun {
        return Err(ApiError::new(Code::AccessDenied));
    }
    let actor = Actor {
        tenant_id: &account.tenant.id,
        kind: "user",
        id: &account.user.id,
        label: email,
    };
    let target = Target {
        kind: "session",
        id: &session_id,
        name: None,
    };
    let detail = json!({ "provider": identity.provider });
    audit::record_as(&state, actor, "session.begin", target, Some(detail)).await?;
    let issue = Issue {
        user: &account.user,
        tenant_id: &account.tenant.id,
        session_id: &session_id,
        refresh: &refresh,
        ends_at,
    };
    issue.tokens(&state)
}

/// Refresh a session
///
/// Swaps the refresh token for the next pair. A token that comes back late ends the whole
/// session, since one of two holders is a thief.
#[utoipa::path(post, path = "/v1/auth/refresh", operation_id = "refresh_session", tag = "sessions",
    request_body = RefreshSession,
    responses((status = 200, body = SessionTokens), (status = 400, body = Problem)))]
pub async fn refresh_session(
    State(state): State<ApiState>,
    Json(body): Json<RefreshSession>,
) -> ApiResult<Json<SessionTokens>> {
    let next = OpaqueToken::generate(TokenKind::Refresh).map_err(ApiError::internal)?;
    let presented =
        OpaqueToken::parse(TokenKind::Refresh, &body.refresh_token).map_err(|_| ended())?;
    let outcome = state
        .store()
        .refresh(&presented.hash(), &next.hash(), state.now(), GRACE)
        .await
        .map_err(store_error)?;
    match outcome {
        RefreshOutcome::Rotated { session } => {
            let account = state
                .store()
                .user(&session.user_id)
                .await
                .map_err(store_error)?
                .ok_or_else(ended)?;
            let issue = Issue {
                user: &account.user,
                tenant_id: &account.tenant.id,
                session_id: &session.id,
                refresh: &next,
                ends_at: session.ends_at,
            };
            issue.tokens(&state)
        }
        RefreshOutcome::Reused { session_id, .. } => {
            state.replica().end_session(&session_id, state.now());
            tracing::warn!(
                session.id = session_id,
                "a refresh token came back: ended its session"
            );
            Err(ended())
        }
        RefreshOutcome::Expired | RefreshOutcome::Unknown => Err(ended()),
    }
}

/// Sign out
///
/// Ends the session, on every replica before the answer. API keys go on working.
#[utoipa::path(post, path = "/v1/auth/signout", operation_id = "sign_out", tag = "sessions",
    security(("bearer" = [])),
    responses((status = 204), (status = 401, body = Problem)))]
pub async fn sign_out(State(state): State<ApiState>, caller: Caller) -> ApiResult<StatusCode> {
    let session_id = caller.session()?.sid.clone();
    let now = state.now();
    let seq = state
        .store()
        .end_session(&session_id, now)
        .await
        .map_err(store_error)?;
    state.replica().end_session(&session_id, now);
    if let Some(seq) = seq {
        state
            .replica()
            .until_session_ended(state.store(), seq, state.clock())
            .await
            .map_err(replica_error)?;
    }
    let target = Target {
        kind: "session",
        id: &session_id,
        name: None,
    };
    audit::record(&state, &caller, "session.end", target, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn ended() -> ApiError {
    ApiError::with(Code::InvalidGrant, "the session has ended: sign in again")
}

fn fresh_id() -> ApiResult<String> {
    random::hex::<12>().map_err(ApiError::internal)
}

struct Issue<'a> {
    user: &'a User,
    tenant_id: &'a str,
    session_id: &'a str,
    refresh: &'a OpaqueToken,
    ends_at: jiff::Timestamp,
}

impl Issue<'_> {
    fn tokens(&self, state: &ApiState) -> ApiResult<Json<SessionTokens>> {
        let now = state.now();
        // No token outlives its session.
        let ends = (now + ACCESS).min(self.ends_at);
        let claims = Claims {
            sub: self.user.id.clone(),
            sid: self.session_id.to_owned(),
            tid: self.tenant_id.to_owned(),
            email: self.user.email.clone(),
            iat: now,
            exp: ends,
            jti: fresh_id()?,
        };
        let access = state
            .key_ring()
            .issue(&claims)
            .map_err(ApiError::internal)?;
        Ok(Json(SessionTokens {
            access_token: access.expose_secret().to_owned(),
            token_type: "Bearer".to_owned(),
            expires_in: ends.as_second() - now.as_second(),
            refresh_token: self.refresh.text().expose_secret().to_owned(),
            session_expires_at: self.ends_at.to_string(),
            user: user_view(self.user),
        }))
    }
}
