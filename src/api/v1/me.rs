//! Who the caller is.

use crate::api::audit::store_error;
use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::api::http::extract::Json;
use crate::api::identity::caller::{Caller, Credential};
use crate::api::state::ApiState;
use crate::domain::access::{Action, Target};
use crate::domain::api_key::{Scopes, display_prefix};
use crate::store::User;
use crate::wire::auth::UserView;
use crate::wire::me::{CredentialView, Me, TenantView};
use crate::wire::problem::Problem;
use axum::extract::State;

/// Who am I
///
/// The caller, its tenant and what it has sent. It shows that a credential works.
#[utoipa::path(get, path = "/v1/me", operation_id = "get_me", tag = "me", security(("bearer" = [])),
    responses((status = 200, body = Me), (status = 401, body = Problem)))]
pub async fn get_me(State(state): State<ApiState>, caller: Caller) -> ApiResult<Json<Me>> {
    caller.may(Action::Identify, Target::Tenant)?;
    let user = match caller.user_id() {
        Some(id) => Some(known_user(&state, id).await?),
        None => None,
    };
    Ok(Json(Me {
        user,
        tenant: TenantView {
            id: caller.tenant.id.to_string(),
            namespace: caller.tenant.namespace.to_string(),
        },
        credential: credential(&caller),
    }))
}

async fn known_user(state: &ApiState, id: &str) -> ApiResult<UserView> {
    if let Some(view) = state.known_users().get(id, state.now()) {
        return Ok(view);
    }
    let account = state.store().user(id).await.map_err(store_error)?;
    let account = account.ok_or_else(|| ApiError::new(Code::InvalidToken))?;
    let view = user_view(&account.user);
    state.known_users().insert(view.clone(), state.now());
    Ok(view)
}

/// A person as others see them.
#[must_use]
pub fn user_view(user: &User) -> UserView {
    UserView {
        id: user.id.clone(),
        email: user.email.clone(),
        name: user.name.clone(),
    }
}

fn credential(caller: &Caller) -> CredentialView {
    match &caller.credential {
        Credential::Session(claims) => CredentialView::Session {
            id: claims.sid.clone(),
            expires_at: claims.exp.to_string(),
        },
        Credential::Key { key, id } => CredentialView::ApiKey {
            id: id.to_string(),
            label: key.label().to_owned(),
            prefix: display_prefix(key.lookup_id()),
            scopes: scope_names(key.scopes()),
            project: key.project().map(str::to_owned),
            expires_at: key.expires_at().map(|at| at.to_string()),
        },
    }
}

/// What scopes are called in bodies.
#[must_use]
pub fn scope_names(scopes: Scopes) -> Vec<String> {
    let read = scopes.read.then(|| "read".to_owned());
    let write = scopes.write.then(|| "write".to_owned());
    read.into_iter().chain(write).collect()
}
