//! One version of a child, as the API server or a watch has shown it. Pure.

use std::hash::{DefaultHasher, Hasher};
use std::io;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldsV1, ManagedFieldsEntry, ObjectMeta};
use serde::Serialize;
use serde_json::Value;

use super::FIELD_MANAGER;

/// Names one child.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub kind: &'static str,
    pub namespace: Option<String>,
    pub name: String,
}

/// One version of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    pub version: u64,
    pub fields: u64,
}

impl Key {
    pub(super) fn of(kind: &'static str, meta: &ObjectMeta) -> Option<Self> {
        Some(Self {
            kind,
            namespace: meta.namespace.clone(),
            name: meta.name.clone()?,
        })
    }
}

/// Version and fields of ours of one sight of a child.
pub(super) fn sight(meta: &ObjectMeta, exact: Option<&Value>) -> Option<Sight> {
    let version = meta.resource_version.as_deref()?.parse().ok()?;
    Some(Sight {
        version,
        fields: fingerprint(&(our_fields(meta), exact)),
    })
}

/// A digest of the set of fields that we manage: it changes when somebody else takes one over,
/// or removes one, whatever else happens to the object.
fn our_fields(meta: &ObjectMeta) -> Vec<&Option<FieldsV1>> {
    meta.managed_fields
        .iter()
        .flatten()
        .filter(|entry| is_ours(entry))
        .map(|entry| &entry.fields_v1)
        .collect()
}

/// Whether these are fields of ours of the object itself.
pub(super) fn is_ours(entry: &ManagedFieldsEntry) -> bool {
    entry.manager.as_deref() == Some(FIELD_MANAGER)
        && entry.subresource.as_deref().unwrap_or_default().is_empty()
}

pub(super) fn fingerprint<T: Serialize + ?Sized>(value: &T) -> u64 {
    let mut text = Digest(DefaultHasher::new());
    // Types order their fields, and their maps their keys: equal content has an equal text.
    let whole = serde_json::to_writer(&mut text, value).is_ok();
    text.0.write_u8(u8::from(whole));
    text.0.finish()
}

/// Takes a text in without keeping it.
struct Digest(DefaultHasher);

impl io::Write for Digest {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.0.write(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
