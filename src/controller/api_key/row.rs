//! What the operator keeps of each `ApiKey`: what its status depends on, and a digest of the
//! status that it has. Hash, label and conditions are not kept: with its places in the index a key
//! takes about 400 bytes, so 100,000 of them 38 MiB, and 10 MiB more if all of them expire
//! (resident size of a process, measured).

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::status;
use crate::cluster::intent;
use crate::crd::ApiKey;

/// Namespace and name of a key. Ordered by namespace first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(Arc<str>);

impl KeyName {
    /// Neither part holds a slash (RFC 1123 names).
    #[must_use]
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        Self(format!("{namespace}/{name}").into())
    }

    /// The name before all names of this namespace.
    pub(super) fn first_of(namespace: &str) -> Self {
        Self::new(namespace, "")
    }

    /// Namespace of the key.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.split_once('/').unwrap_or_default().0
    }

    /// Name of the key within its namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').unwrap_or_default().1
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The public first part of a key, which says who it is.
pub(super) type LookupId = [u8; 10];

/// A claim on a lookup id. Of several, the first in this order holds it: the oldest, and of two
/// made in the same second the one with the smaller UID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    pub lookup_id: LookupId,
    /// Unix seconds: what the API server writes has no finer grain.
    pub created: i64,
    /// In the order of its text (RFC 9562 section 4).
    pub uid: [u8; 16],
}

impl Claim {
    /// The bounds of all claims on a lookup id.
    pub(super) const fn all_on(lookup_id: LookupId) -> std::ops::RangeInclusive<Self> {
        let first = Self {
            lookup_id,
            created: i64::MIN,
            uid: [u8::MIN; 16],
        };
        let last = Self {
            lookup_id,
            created: i64::MAX,
            uid: [u8::MAX; 16],
        };
        first..=last
    }
}

/// What the operator keeps of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub claim: Claim,
    pub generation: i64,
    /// Unix milliseconds.
    pub expires_at: Option<i64>,
    pub is_revoked: bool,
    /// Deleted, and held back by a finalizer of somebody else.
    pub is_leaving: bool,
    /// Made by the API, so that nobody makes it anew when it is deleted.
    pub is_from_api: bool,
    /// Digest of the status that the object has.
    pub status: u64,
}

impl Row {
    /// Name and row of a key; `None` for what the API server would not have stored.
    pub(super) fn of(key: &ApiKey) -> Option<(KeyName, Self)> {
        let meta = &key.metadata;
        let name = KeyName::new(meta.namespace.as_deref()?, meta.name.as_deref()?);
        let claim = Claim {
            lookup_id: key.spec.lookup_id.as_bytes().try_into().ok()?,
            created: meta.creation_timestamp.as_ref()?.0.as_second(),
            uid: bytes(meta.uid.as_deref()?)?,
        };
        let row = Self {
            claim,
            generation: meta.generation?,
            expires_at: key.spec.expires_at.as_ref().map(|t| t.0.as_millisecond()),
            is_revoked: key.spec.revoked,
            is_leaving: meta.deletion_timestamp.is_some(),
            is_from_api: key.is_made_by(intent::FIELD_MANAGER),
            status: key.status.as_ref().map_or(0, status::digest),
        };
        Some((name, row))
    }

    /// When the key expires, if it does.
    pub(super) fn expiry(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.expires_at?).ok()
    }
}

fn bytes(uid: &str) -> Option<[u8; 16]> {
    let digits = uid.replace('-', "");
    let number = u128::from_str_radix(&digits, 16).ok()?;
    (digits.len() == 32).then(|| number.to_be_bytes())
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A stored key, with `fields` over its metadata and over its spec.
    pub(in super::super) fn key(meta: &Value, spec: &Value) -> ApiKey {
        let over = |mut base: Value, fields: &Value| {
            let fields = fields.as_object().unwrap().clone();
            base.as_object_mut().unwrap().extend(fields);
            base
        };
        let meta_base = json!({
            "namespace": "acme", "name": "ci", "generation": 1,
            "uid": "0a1b2c3d-4e5f-4789-9abc-def012345678",
            "creationTimestamp": "2030-01-01T00:00:00Z",
        });
        let spec_base =
            json!({"label": "ci", "lookupId": "0123456789", "hash": "", "user": "usr-1"});
        serde_json::from_value(json!({
            "metadata": over(meta_base, meta), "spec": over(spec_base, spec),
        }))
        .unwrap()
    }

    pub(in super::super) fn row(meta: &Value, spec: &Value) -> (KeyName, Row) {
        Row::of(&key(meta, spec)).unwrap()
    }

    #[test]
    fn a_name_gives_its_parts_back_and_follows_its_namespace() {
        let name = KeyName::new("acme", "ci");
        assert_eq!((name.namespace(), name.name()), ("acme", "ci"));
        assert_eq!(name.to_string(), "acme/ci");
        assert!(KeyName::first_of("acme") < name);
    }

    #[test]
    fn the_older_claim_comes_first_then_the_smaller_uid() {
        let made = |at: &str, uid: &str| {
            let meta = json!({"creationTimestamp": at, "uid": uid});
            row(&meta, &json!({})).1.claim
        };
        let small = "0a1b2c3d-4e5f-4789-9abc-def012345678";
        let large = "f0000000-0000-4000-8000-000000000000";
        let (early, late) = ("2030-01-01T00:00:00Z", "2030-01-01T00:00:01Z");
        assert!(made(early, large) < made(late, small));
        assert!(made(early, small) < made(early, large));
    }

    #[test]
    fn what_the_status_does_not_depend_on_is_not_kept() {
        let one = row(&json!({}), &json!({}));
        let other = row(
            &json!({"resourceVersion": "7", "annotations": {"a": "b"}}),
            &json!({"label": "other", "scopes": ["read"]}),
        );
        assert_eq!(one, other);
        assert_ne!(one, row(&json!({}), &json!({"revoked": true})));
        assert_ne!(one, row(&json!({"generation": 2}), &json!({})));
    }

    #[test]
    fn what_is_no_stored_key_has_no_row() {
        for (meta, spec) in [
            (json!({"uid": "x"}), json!({})),
            (json!({"uid": "0a1b"}), json!({})),
            (json!({"namespace": null}), json!({})),
            (json!({}), json!({"lookupId": "short"})),
        ] {
            assert_eq!(Row::of(&key(&meta, &spec)), None);
        }
    }

    #[test]
    fn a_row_is_small() {
        assert!(size_of::<Row>() <= 80, "{}", size_of::<Row>());
    }
}
