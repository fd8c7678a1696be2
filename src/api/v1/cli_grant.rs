//! The CLI's sign-in through a browser on the same machine: the console's page asks for a code,
//! the CLI swaps it for a key (RFC 8252, RFC 7636, RFC 6749 section 4.1).

use axum::extract::State;
use axum::http::StatusCode;
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::me::user_view;
use crate::api::audit::{self, Actor, Target, store_error};
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::http::extract::Json;
use crate::api::identity::caller::{Caller, Tenant};
use crate::api::identity::mint::{self, NewKey, check_label};
use crate::api::state::ApiState;
use crate::auth::opaque::{OpaqueToken, TokenKind};
use crate::domain::access::{self, Action};
use crate::domain::grant::{pkce, redirect};
use crate::domain::tenant;
use crate::store::{Account, CliCode as StoredCode, CodeOutcome, NewCliCode};
use crate::wire::grant::cli::{AuthorizeCli, CliCode, ExchangeCliCode, GrantedKey};
use crate::wire::problem::Problem;

/// Life of a code (C5).
const LIFE: SignedDuration = SignedDuration::from_secs(60);

/// Authorise the CLI
///
/// Called by the console when the person has pressed *Authorize*. The code goes to the loopback
/// address and nowhere else.
#[utoipa::path(post, path = "/v1/auth/cli/authorize", operation_id = "authorize_cli", tag = "grants",
    security(("bearer" = [])), request_body = AuthorizeCli,
    responses((status = 201, body = CliCode), (status = 400, body = Problem), (status = 403, body = Problem)))]
pub async fn authorize_cli(
    State(state): State<ApiState>,
    caller: Caller,
    Json(body): Json<AuthorizeCli>,
) -> ApiResult<(StatusCode, Json<CliCode>)> {
    caller.may(Action::Authorize, access::Target::Tenant)?;
    let claims = caller.session()?;
    check(&body)?;
    let code = OpaqueToken::generate(TokenKind::CliCode).map_err(ApiError::internal)?;
    let now = state.now();
    state
        .store()
        .put_cli_code(NewCliCode {
            hash: &code.hash(),
            user_id: &claims.sub,
            tenant_id: &claims.tid,
            session_id: &claims.sid,
            redirect_uri: &body.redirect_uri,
            challenge: &body.code_challenge,
            label: &body.label,
            now,
            expires_at: now + LIFE,
        })
        .await
        .map_err(store_error)?;
    let target = Target {
        kind: "session",
        id: &claims.sid,
        name: Some(&body.label),
    };
    audit::record(&state, &caller, "cli.authorize", target, None).await?;
    let answer = CliCode {
        code: code.text().expose_secret().to_owned(),
        expires_in: LIFE.as_secs(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

fn check(body: &AuthorizeCli) -> ApiResult<()> {
    let invalid = || ApiError::new(Code::InvalidRequest);
    if redirect::LoopbackRedirect::parse(&body.redirect_uri).is_err() {
        return Err(invalid().field(
            "redirectUri",
            "must be http://127.0.0.1:<port>/callback or http://[::1]:<port>/callback",
        ));
    }
    if pkce::Challenge::parse(&body.code_challenge, &body.code_challenge_method).is_err() {
        return Err(invalid().field(
            "codeChallenge",
            "must be the base64url SHA-256 of the verifier, 43 characters without padding, with codeChallengeMethod S256",
        ));
    }
    check_label(&body.label)
}

/// Redeem a CLI code
///
/// Swaps the code for a new API key. A code is good once: redeeming it again also revokes the
/// key that it made, since one of the two is a thief.
#[utoipa::path(post, path = "/v1/auth/cli/exchange", operation_id = "exchange_cli_code", tag = "grants",
    request_body = ExchangeCliCode,
    responses((status = 201, body = GrantedKey), (status = 400, body = Problem)))]
pub async fn exchange_cli_code(
    State(state): State<ApiState>,
    Json(body): Json<ExchangeCliCode>,
) -> ApiResult<(StatusCode, Json<GrantedKey>)> {
    let presented = OpaqueToken::parse(TokenKind::CliCode, &body.code).map_err(|_| refused())?;
    let hash = presented.hash();
    let outcome = state
        .store()
        .redeem_cli_code(&hash, state.now())
        .await
        .map_err(store_error)?;
    match outcome {
        CodeOutcome::First(code) => {
            // A wrong proof burns the code: whoever holds it without the verifier has stolen it.
            if !is_bound(&code, &body) {
                return Err(refused());
            }
            let account = state
                .store()
                .user(&code.user_id)
                .await
                .map_err(store_error)?;
            let account = account.ok_or_else(refused)?;
            grant(&state, &hash, &code, &account).await
        }
        CodeOutcome::Again { minted_key } => {
            if let Some(id) = minted_key {
                revoke_stolen(&state, &id).await?;
            }
            Err(refused())
        }
        CodeOutcome::Expired | CodeOutcome::Unknown => Err(refused()),
    }
}

fn is_bound(code: &StoredCode, body: &ExchangeCliCode) -> bool {
    let challenge = pkce::Challenge::parse(&code.challenge, "S256");
    let verifier = pkce::Verifier::parse(&body.code_verifier);
    code.redirect_uri == body.redirect_uri
        && challenge
            .is_ok_and(|challenge| verifier.is_ok_and(|verifier| challenge.matches(&verifier)))
}

async fn grant(
    state: &ApiState,
    hash: &[u8; 32],
    code: &StoredCode,
    account: &Account,
) -> ApiResult<(StatusCode, Json<GrantedKey>)> {
    let granted = grant_key(
        state,
        account,
        &code.label,
        &code.session_id,
        "cli.exchange",
    )
    .await?;
    let minted = format!("{}/{}", tenant::namespace(&code.tenant_id), granted.id);
    let stolen = state
        .store()
        .note_minted_key(hash, &minted)
        .await
        .map_err(store_error)?;
    if stolen {
        revoke_stolen(state, &minted).await?;
        return Err(refused());
    }
    Ok((StatusCode::CREATED, Json(granted)))
}

/// Makes the key of a grant, for the person who has agreed to it.
///
/// # Errors
/// When no key can be made.
pub(super) async fn grant_key(
    state: &ApiState,
    account: &Account,
    label: &str,
    session_id: &str,
    action: &str,
) -> ApiResult<GrantedKey> {
    let tenant = Tenant {
        namespace: tenant::namespace(&account.tenant.id).into(),
        id: account.tenant.id.as_str().into(),
        is_ours: true,
    };
    let new = NewKey {
        tenant: &tenant,
        user: Some(&account.user.id),
        role: None,
        label,
        scopes: None,
        project: None,
        expires_at: None,
        parent: session_id,
    };
    let (plain, record) = mint::mint(state, new).await?;
    let id = record.id();
    let actor = Actor {
        tenant_id: &tenant.id,
        kind: "user",
        id: &account.user.id,
        label: &account.user.email,
    };
    let target = Target {
        kind: "api-key",
        id: &id,
        name: Some(label),
    };
    let detail = json!({ "prefix": plain.prefix() });
    audit::record_as(state, actor, action, target, Some(detail)).await?;
    Ok(GrantedKey {
        api_key: plain.text().expose_secret().to_owned(),
        id,
        label: label.to_owned(),
        user: user_view(&account.user),
    })
}

/// `minted` is the namespace and the id of the key.
async fn revoke_stolen(state: &ApiState, minted: &str) -> ApiResult<()> {
    let Some((namespace, id)) = minted.split_once('/') else {
        return Ok(());
    };
    tracing::warn!(
        api_key.id = id,
        "a CLI code came back: revokes the key that it made"
    );
    let Some(key) = state.keys().by_id(namespace, id) else {
        return Ok(());
    };
    let ended = mint::revoke(state, &key, true).await?;
    let Some(tenant) = state.watches().tenant_of(namespace) else {
        return Ok(());
    };
    let actor = Actor {
        tenant_id: &tenant,
        kind: "system",
        id: "code-replay",
        label: "a CLI code came back",
    };
    let target = Target {
        kind: "api-key",
        id,
        name: Some(key.label()),
    };
    let detail = Some(json!({ "ended": ended }));
    audit::record_as(state, actor, "api-key.revoke", target, detail).await
}

fn refused() -> ApiError {
    ApiError::with(
        Code::InvalidGrant,
        "the code is unknown, used, expired, or was made for another redirect or verifier: sign in again",
    )
}
