//! Fields of a created child that no later apply would remove (Kubernetes, "Server-Side Apply",
//! "Upgrading from client-side apply"). Pure.
//!
//! A child that is created instead of applied is ours by an update. What is applied later is ours
//! by an apply, and the API server keeps the two apart: a field that the applied content no longer
//! has would stay, for the sake of the update.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use serde_json::Value;

use super::sight::is_ours;

/// What the managed fields should be where the child has been applied and has a field that only
/// our update holds: all that we have updated as applied.
pub(super) fn taken_over(meta: &ObjectMeta) -> Option<Vec<ManagedFieldsEntry>> {
    let entries = meta.managed_fields.as_deref().unwrap_or_default();
    let find = |operation| {
        entries
            .iter()
            .find(|entry| is_ours(entry) && entry.operation.as_deref() == Some(operation))
    };
    let (updated, applied) = (find("Update")?, find("Apply")?);
    if covers(fields(applied)?, fields(updated)?) {
        return None;
    }
    let kept = entries.iter().filter(|entry| *entry != applied);
    let recorded = kept.map(|entry| ManagedFieldsEntry {
        operation: if entry == updated {
            Some("Apply".to_owned())
        } else {
            entry.operation.clone()
        },
        ..entry.clone()
    });
    Some(recorded.collect())
}

fn fields(entry: &ManagedFieldsEntry) -> Option<&Value> {
    entry.fields_v1.as_ref().map(|fields| &fields.0)
}

/// Whether `applied` names every field that `updated` names. An update also names what only
/// holds fields; empty, it means nothing.
fn covers(applied: &Value, updated: &Value) -> bool {
    let Some(updated) = updated.as_object() else {
        return true;
    };
    updated
        .iter()
        .filter(|(name, _)| *name != ".")
        .all(|(name, part)| applied.get(name).is_some_and(|of| covers(of, part)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn meta(entries: &Value) -> ObjectMeta {
        serde_json::from_value(json!({ "managedFields": entries })).unwrap()
    }

    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({ "manager": manager, "operation": operation, "fieldsV1": fields })
    }

    fn data(keys: &[&str]) -> Value {
        let keys = keys.iter().map(|key| (format!("f:{key}"), json!({})));
        json!({ "f:data": keys.collect::<serde_json::Map<_, _>>() })
    }

    #[test]
    fn a_field_that_only_the_creation_holds_is_taken_over() {
        let mut created = data(&["password", "seal"]);
        created["f:data"]["."] = json!({});
        let others = entry("kubectl", "Update", &data(&["note"]));
        let taken = taken_over(&meta(&json!([
            entry("kisenon", "Apply", &data(&["seal"])),
            entry("kisenon", "Update", &created),
            others,
        ])));
        let wanted = json!([entry("kisenon", "Apply", &created), others]);
        assert_eq!(json!(taken.unwrap()), wanted);
    }

    #[test]
    fn what_is_applied_as_it_was_created_needs_nothing() {
        let mut created = data(&["password"]);
        created["f:data"]["."] = json!({});
        for entries in [
            json!([entry("kisenon", "Update", &created)]),
            json!([entry("kisenon", "Apply", &data(&["password"]))]),
            json!([
                entry("kisenon", "Apply", &data(&["password"])),
                entry("kisenon", "Update", &created),
            ]),
            json!([
                entry("kisenon", "Apply", &data(&["password"])),
                entry("kubectl", "Update", &data(&["note"])),
            ]),
        ] {
            assert_eq!(taken_over(&meta(&entries)), None, "{entries}");
        }
    }
}
