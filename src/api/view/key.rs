//! API keys as the bodies of answers. Pure.

use jiff::Timestamp;

use crate::crd::{self, ApiKey};
use crate::domain::api_key::{KeyRecord, display_prefix};
use crate::wire::api_key::{ApiKeyState, ApiKeyView, ManagedBy, Scope};
use crate::wire::endpoint::ProjectReference;

/// An API key; `last_used` is what this process knows of it, `project` the id of its project.
#[must_use]
pub fn api_key(
    key: &ApiKey,
    record: &KeyRecord,
    last_used: Option<Timestamp>,
    project: Option<String>,
    now: Timestamp,
) -> ApiKeyView {
    let status = key.status.as_ref();
    let written = status.and_then(|status| status.last_used_at.as_ref());
    let scopes = [
        (record.scopes.read, Scope::Read),
        (record.scopes.write, Scope::Write),
    ];
    ApiKeyView {
        id: record.id.clone(),
        label: record.label.clone(),
        prefix: display_prefix(&record.lookup_id),
        created_at: record.created_at,
        last_used_at: written.map(|time| time.0).max(last_used),
        expires_at: record.expires_at,
        scopes: scopes
            .into_iter()
            .filter_map(|(has, scope)| has.then_some(scope))
            .collect(),
        project: record.project.as_deref().map(|name| ProjectReference {
            id: project,
            name: name.to_owned(),
        }),
        state: state(key, record, now),
        user: record.user.as_deref().map(str::to_owned),
        role: record.role.as_deref().map(str::to_owned),
        parent: record.parent.as_deref().map(str::to_owned),
        managed_by: if record.is_managed_elsewhere {
            ManagedBy::Kubernetes
        } else {
            ManagedBy::Api
        },
    }
}

/// Told from the spec and the clock: a status comes later.
fn state(key: &ApiKey, record: &KeyRecord, now: Timestamp) -> ApiKeyState {
    let written = key.status.as_ref().and_then(|status| status.state);
    if record.revoked {
        ApiKeyState::Revoked
    } else if record.expires_at.is_some_and(|end| end <= now) {
        ApiKeyState::Expired
    } else if written == Some(crd::ApiKeyState::LookupIdTaken) {
        ApiKeyState::LookupIdTaken
    } else {
        ApiKeyState::Active
    }
}
