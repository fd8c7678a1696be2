//! Sign-in of a machine without a browser (RFC 8628).

use axum::extract::State;
use axum::http::StatusCode;
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;

use super::cli_grant::grant_key;
use crate::api::audit::{self, Target, store_error};
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::http::extract::{Json, UrlPath};
use crate::api::identity::caller::Caller;
use crate::api::identity::mint::check_label;
use crate::api::state::ApiState;
use crate::auth::opaque::{NoRandomness, OpaqueToken, TokenKind, sha256};
use crate::auth::random;
use crate::domain::access::{self, Action};
use crate::domain::grant::user_code::UserCode;
use crate::store::{DeviceDecision, DeviceOutcome, NewDeviceCode};
use crate::wire::grant::cli::GrantedKey;
use crate::wire::grant::device::{
    DecideDevice, DeviceCode, DeviceRequestView, ExchangeDeviceCode, RequestDeviceCode,
};
use crate::wire::problem::Problem;

/// Life of both codes.
const LIFE: SignedDuration = SignedDuration::from_mins(15);
/// RFC 8628 section 3.2: the default.
const INTERVAL: SignedDuration = SignedDuration::from_secs(5);

/// Begin a device sign-in
///
/// The machine shows the user code; the person opens the page, compares and approves.
#[utoipa::path(post, path = "/v1/auth/device/code", operation_id = "create_device_code", tag = "grants",
    request_body = RequestDeviceCode,
    responses((status = 200, body = DeviceCode), (status = 400, body = Problem)))]
pub async fn create_device_code(
    State(state): State<ApiState>,
    Json(body): Json<RequestDeviceCode>,
) -> ApiResult<Json<DeviceCode>> {
    check_label(&body.label)?;
    let device = OpaqueToken::generate(TokenKind::DeviceCode).map_err(ApiError::internal)?;
    let user = put(&state, &device, &body.label).await?;
    let page = format!("{}device", state.config().console_url);
    Ok(Json(DeviceCode {
        device_code: device.text().expose_secret().to_owned(),
        verification_uri_complete: format!("{page}?user_code={user}"),
        user_code: user.to_string(),
        verification_uri: page,
        expires_in: LIFE.as_secs(),
        interval: INTERVAL.as_secs(),
    }))
}

/// Keeps a new pair of codes. The code for people is short, so a living one may be met.
async fn put(state: &ApiState, device: &OpaqueToken, label: &str) -> ApiResult<UserCode> {
    for _ in 0..4 {
        let user = UserCode::generate(&mut random::fill)
            .ok_or_else(|| ApiError::internal(NoRandomness))?;
        let now = state.now();
        let is_kept = state
            .store()
            .put_device_code(NewDeviceCode {
                device_hash: &device.hash(),
                user_code_hash: &sha256(user.to_string().as_bytes()),
                label,
                now,
                expires_at: now + LIFE,
                interval: INTERVAL,
            })
            .await
            .map_err(store_error)?;
        if is_kept {
            return Ok(user);
        }
    }
    Err(ApiError::new(Code::Busy))
}

/// Ask whether a device was approved
///
/// Answers the key once; before that `authorization_pending`.
#[utoipa::path(post, path = "/v1/auth/device/token", operation_id = "exchange_device_code", tag = "grants",
    request_body = ExchangeDeviceCode,
    responses((status = 201, body = GrantedKey), (status = 400, body = Problem), (status = 403, body = Problem)))]
pub async fn exchange_device_code(
    State(state): State<ApiState>,
    Json(body): Json<ExchangeDeviceCode>,
) -> ApiResult<(StatusCode, Json<GrantedKey>)> {
    let presented =
        OpaqueToken::parse(TokenKind::DeviceCode, &body.device_code).map_err(|_| invalid())?;
    let outcome = state
        .store()
        .poll_device(&presented.hash(), state.now())
        .await
        .map_err(store_error)?;
    match outcome {
        DeviceOutcome::Pending => Err(ApiError::new(Code::AuthorizationPending)),
        DeviceOutcome::SlowDown => Err(ApiError::with(
            Code::SlowDown,
            "wait five seconds longer between two questions from now on",
        )),
        DeviceOutcome::Denied => Err(ApiError::with(Code::AccessDenied, "the person has refused")),
        DeviceOutcome::Expired => Err(ApiError::new(Code::ExpiredToken)),
        DeviceOutcome::Redeemed | DeviceOutcome::Unknown => Err(invalid()),
        DeviceOutcome::Approved(device) => {
            let account = state
                .store()
                .user(&device.user_id)
                .await
                .map_err(store_error)?;
            let account = account.ok_or_else(invalid)?;
            let granted = grant_key(
                &state,
                &account,
                &device.label,
                &device.session_id,
                "device.exchange",
            )
            .await?;
            Ok((StatusCode::CREATED, Json(granted)))
        }
    }
}

fn invalid() -> ApiError {
    ApiError::with(
        Code::InvalidGrant,
        "the device code is unknown or was used: begin again",
    )
}

/// Look up a device's code
///
/// What the person is asked to approve.
#[utoipa::path(get, path = "/v1/auth/device/{user_code}", operation_id = "get_device_request", tag = "grants",
    security(("bearer" = [])), params(("user_code" = String, Path, description = "As shown on the machine")),
    responses((status = 200, body = DeviceRequestView), (status = 404, body = Problem)))]
pub async fn get_device_request(
    State(state): State<ApiState>,
    caller: Caller,
    UrlPath(user_code): UrlPath<String>,
) -> ApiResult<Json<DeviceRequestView>> {
    caller.may(Action::Authorize, access::Target::Tenant)?;
    let code = UserCode::parse(&user_code).map_err(|_| ApiError::not_found())?;
    let found = state
        .store()
        .find_device(&sha256(code.to_string().as_bytes()), state.now())
        .await
        .map_err(store_error)?;
    let request = found.ok_or_else(ApiError::not_found)?;
    Ok(Json(DeviceRequestView {
        user_code: code.to_string(),
        label: request.label,
        requested_at: request.created_at.to_string(),
        expires_at: request.expires_at.to_string(),
    }))
}

/// Decide on a device
///
/// Approves or refuses, once.
#[utoipa::path(post, path = "/v1/auth/device/approve", operation_id = "decide_device", tag = "grants",
    security(("bearer" = [])), request_body = DecideDevice,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn decide_device(
    State(state): State<ApiState>,
    caller: Caller,
    Json(body): Json<DecideDevice>,
) -> ApiResult<StatusCode> {
    caller.may(Action::Authorize, access::Target::Tenant)?;
    let claims = caller.session()?;
    let code = UserCode::parse(&body.user_code).map_err(|_| ApiError::not_found())?;
    let hash = sha256(code.to_string().as_bytes());
    let now = state.now();
    let store = state.store();
    let found = store.find_device(&hash, now).await.map_err(store_error)?;
    let request = found.ok_or_else(ApiError::not_found)?;
    let decided = store
        .decide_device(DeviceDecision {
            user_code_hash: &hash,
            user_id: &claims.sub,
            tenant_id: &claims.tid,
            session_id: &claims.sid,
            approve: body.approve,
            now,
        })
        .await
        .map_err(store_error)?;
    if !decided {
        return Err(ApiError::not_found());
    }
    let action = if body.approve {
        "device.approve"
    } else {
        "device.refuse"
    };
    let target = Target {
        kind: "session",
        id: &claims.sid,
        name: Some(&request.label),
    };
    audit::record(&state, &caller, action, target, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
