//! The `ApiKey`: the public half and the hash of a key. Never the key itself.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::core::Rule;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{immutable, matching, secret_matching};

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

    /// Id of the user who issued the key and for whom it acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub user: Option<String>,

    /// What a key from Git, which has no user, is used for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub role: Option<String>,

    /// Time after which the key is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,

    /// What the key may do. Left out: all that its user may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2))]
    pub scopes: Option<Vec<Scope>>,

    /// The only project that the key may touch. Left out: all of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub project: Option<String>,

    /// The key or session that minted this one.
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
    /// `Ready` and `Stalled` (kstatus).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map"), extend("x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// Whether a key is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

fn hash_form() -> Rule {
    secret_matching(
        "hash",
        r"^\$argon2id\$v=19\$m=[0-9]{4,7},t=[0-9]{1,2},p=[0-9]{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{43,86}$",
        "hash must be the argon2id hash of the key in PHC string format \
         ($argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>); never write the key itself",
    )
}
