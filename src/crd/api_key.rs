//! The `ApiKey`: the public half and the hash of a key. Never the key itself.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::core::{Reason, Rule};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{immutable, immutable_optional, matching, secret_matching};

/// A credential of a tenant. It belongs to the tenant of its namespace; nothing in the spec can
/// say otherwise. Deleting it, or setting `revoked`, ends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[expect(
    clippy::duplicated_attributes,
    reason = "columns repeat the names of their settings"
)]
#[kube(
    group = "kisenon.com",
    version = "v1alpha1",
    kind = "ApiKey",
    plural = "apikeys",
    shortname = "key",
    category = "kisenon",
    namespaced,
    status = "ApiKeyStatus",
    derive = "PartialEq",
    selectable = ".spec.lookupId",
    printcolumn(name = "Label", type_ = "string", json_path = ".spec.label"),
    printcolumn(name = "Lookup-Id", type_ = "string", json_path = ".spec.lookupId"),
    printcolumn(name = "State", type_ = "string", json_path = ".status.state"),
    printcolumn(name = "Expires", type_ = "date", json_path = ".spec.expiresAt"),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
#[x_kube(validation = Rule::new("has(self.user) != has(self.role)")
    .message("give user (the person the key acts for) or role (for a key that comes from Git), exactly one of them")
    .reason(Reason::FieldValueInvalid))]
#[x_kube(validation = Rule::new("!has(oldSelf.revoked) || !oldSelf.revoked || (has(self.revoked) && self.revoked)")
    .message("a revoked key cannot be brought back: make a new key")
    .reason(Reason::FieldValueForbidden))]
#[x_kube(validation = hash_form())]
#[x_kube(validation = immutable_optional("user", "make a new ApiKey for the other user"))]
#[x_kube(validation = immutable_optional("role", "make a new ApiKey for the other role"))]
#[x_kube(validation = immutable_optional("parent", "it tells what ends with its parent, so make a new ApiKey"))]
#[x_kube(validation = scopes_only_narrow())]
#[x_kube(validation = project_only_narrows())]
#[x_kube(validation = expiry_only_comes_nearer())]
#[serde(rename_all = "camelCase")]
pub struct ApiKeySpec {
    /// Name for people.
    #[schemars(length(min = 1, max = 128))]
    pub label: String,

    /// Public first part of the key: 10 characters of `0-9A-Za-z`. Cannot be changed.
    #[schemars(length(max = 10))]
    #[x_kube(validation = matching("^[0-9A-Za-z]{10}$", "lookupId must be the 10 letters and digits that follow nsk_ in the key"))]
    #[x_kube(validation = immutable("lookupId", "make a new ApiKey"))]
    pub lookup_id: String,

    /// argon2id hash of the whole key, in PHC string format. Cannot be changed.
    #[schemars(length(max = 256))]
    #[x_kube(validation = immutable("hash", "make a new ApiKey"))]
    pub hash: String,

    /// Id of the user who issued the key and for whom it acts. Cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub user: Option<String>,

    /// What a key from Git, which has no user, is used for. Cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub role: Option<String>,

    /// Time from which the key is refused. Can be set, or moved to an earlier time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,

    /// What the key may do. Left out: all that its user may. Can be set, or lose entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2))]
    pub scopes: Option<Vec<Scope>>,

    /// The only project that the key may touch. Left out: all of the tenant. Can be set once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub project: Option<String>,

    /// The key or session that minted this one. Cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub parent: Option<String>,

    /// Ends the key while the object stays, where Git owns the object. Cannot be taken back.
    #[serde(default)]
    pub revoked: bool,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Read.
    Read,
    /// Create, change and delete.
    Write,
}

/// What has become of an `ApiKey`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiKeyStatus {
    /// Generation of the spec that this status is the outcome of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Whether the key is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ApiKeyState>,
    /// Time of a recent use, at most an hour old.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Time>,
    /// `Ready`, `Reconciling` and `Stalled` (kstatus).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map"), extend("x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// Whether a key is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ApiKeyState {
    /// Accepted.
    Active,
    /// Past `expiresAt`.
    Expired,
    /// `revoked` is true.
    Revoked,
    /// An older object has the same lookup id.
    LookupIdTaken,
}

impl ApiKey {
    /// Whether `manager` wrote the key and nobody else lays claim to it. What a Git tool holds too
    /// would only be made again if it were deleted.
    ///
    /// The lookup id decides: whoever makes the object writes it, and nobody can change it, while
    /// others may well change the label of a key that is not theirs.
    #[must_use]
    pub fn is_made_by(&self, manager: &str) -> bool {
        let entries = self.metadata.managed_fields.iter().flatten();
        let mut makers = entries
            .filter(|entry| {
                let fields = entry.fields_v1.as_ref();
                fields.is_some_and(|fields| fields.0.pointer("/f:spec/f:lookupId").is_some())
            })
            .map(|entry| entry.manager.as_deref())
            .peekable();
        makers.peek().is_some() && makers.all(|maker| maker == Some(manager))
    }
}

fn scopes_only_narrow() -> Rule {
    Rule::new(
        "!has(oldSelf.scopes) \
         || (has(self.scopes) && self.scopes.all(scope, scope in oldSelf.scopes))",
    )
    .message(
        "scopes can be set where there are none, and then only lose entries: write some of the \
         present ones, or make a new ApiKey that may do more",
    )
    .reason(Reason::FieldValueForbidden)
    .field_path(".scopes")
}

fn project_only_narrows() -> Rule {
    Rule::new(
        "!has(oldSelf.project) || (has(self.project) && self.project == oldSelf.project)",
    )
    .message(
        "project can be set where there is none, and then neither changed nor removed: write the \
         present one, or make a new ApiKey for the other project",
    )
    .reason(Reason::FieldValueForbidden)
    .field_path(".project")
}

fn expiry_only_comes_nearer() -> Rule {
    Rule::new(
        "!has(oldSelf.expiresAt) \
         || (has(self.expiresAt) && self.expiresAt <= oldSelf.expiresAt)",
    )
    .message(
        "expiresAt can be set where there is none, and then only be moved to an earlier time: write \
         the present time or an earlier one, or make a new ApiKey that lasts longer",
    )
    .reason(Reason::FieldValueForbidden)
    .field_path(".expiresAt")
}

fn hash_form() -> Rule {
    secret_matching(
        "hash",
        r"^\$argon2id\$v=19\$m=[0-9]{4,7},t=[0-9]{1,2},p=[0-9]{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{43,86}$",
        "hash must be the argon2id hash of the key in PHC string format \
         ($argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>); never write the key itself",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A key whose spec these managers have written, each with these fields.
    fn written_by(managers: &[(&str, Value)]) -> ApiKey {
        let entry =
            |(manager, fields): &(&str, Value)| json!({"manager": manager, "fieldsV1": fields});
        let entries = managers.iter().map(entry).collect::<Vec<_>>();
        serde_json::from_value(json!({
            "metadata": {"managedFields": entries},
            "spec": {"label": "ci", "lookupId": "0123456789", "hash": "", "user": "usr-1"},
        }))
        .unwrap()
    }

    #[test]
    fn a_key_is_made_by_whoever_alone_wrote_its_lookup_id() {
        let made = json!({"f:spec": {"f:label": {}, "f:lookupId": {}}});
        let renamed = json!({"f:spec": {"f:label": {}}});
        let used = json!({"f:status": {"f:lastUsedAt": {}}});
        let api = written_by(&[
            ("api", made.clone()),
            ("edit", renamed),
            ("api", used.clone()),
        ]);
        assert!(api.is_made_by("api") && !api.is_made_by("edit"));
        for others in [
            vec![("git", made.clone()), ("api", used)],
            vec![("git", made.clone()), ("api", made)],
            vec![],
        ] {
            assert!(!written_by(&others).is_made_by("api"), "{others:?}");
        }
    }
}
