//! What differs between two specs, field by field. Pure.

use serde_json::Value;

/// Texts that show what only hashes show: they say nothing to a reader and are long.
const HIDDEN: [&str; 2] = ["hash", "passwordVerifier"];

/// One field that changes.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// Which, as a path such as `spec.compute.cpu`.
    pub field: String,
    /// Its value before.
    pub before: Option<Value>,
    /// Its value after.
    pub after: Option<Value>,
}

/// What changes from one spec to another. Lists are compared as a whole.
pub(super) fn between(before: Option<&Value>, after: &Value) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare("spec", before, Some(after), &mut found);
    found
}

fn compare(
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<FieldChange>,
) {
    let none = serde_json::Map::new();
    let members = |value: Option<&Value>| match value {
        None => Some(None),
        Some(Value::Object(members)) => Some(Some(members.clone())),
        Some(_) => None,
    };
    match (members(before), members(after)) {
        _ if before == after => {}
        (Some(old), Some(new)) if old.is_some() || new.is_some() => {
            let (old, new) = (old.unwrap_or(none.clone()), new.unwrap_or(none));
            let mut names = old.keys().chain(new.keys()).collect::<Vec<_>>();
            names.sort_unstable();
            names.dedup();
            for name in names {
                compare(
                    &format!("{path}.{name}"),
                    old.get(name),
                    new.get(name),
                    found,
                );
            }
        }
        _ => found.push(FieldChange {
            field: path.to_owned(),
            before: before.map(|value| shown(path, value)),
            after: after.map(|value| shown(path, value)),
        }),
    }
}

fn shown(path: &str, value: &Value) -> Value {
    let name = path.rsplit('.').next().unwrap_or_default();
    if HIDDEN.contains(&name) {
        Value::from("(hidden)")
    } else {
        value.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts(before: Option<Value>, after: Value) -> Vec<String> {
        between(before.as_ref(), &after)
            .into_iter()
            .map(|c| format!("{}: {:?} -> {:?}", c.field, c.before, c.after))
            .collect()
    }

    #[test]
    fn only_what_differs_is_named() {
        let before = json!({"compute": {"cpu": "1", "memory": "1Gi"}, "list": [1], "gone": true});
        let after =
            json!({"compute": {"cpu": "2", "memory": "1Gi"}, "list": [1, 2], "new": {"a": 1}});
        let fields = between(Some(&before), &after);
        let names = fields.iter().map(|c| &*c.field).collect::<Vec<_>>();
        assert_eq!(
            names,
            ["spec.compute.cpu", "spec.gone", "spec.list", "spec.new.a"]
        );
        assert_eq!(fields[0].before, Some(json!("1")));
        assert_eq!(fields[0].after, Some(json!("2")));
        assert_eq!(fields[1].after, None);
        assert_eq!(texts(Some(before.clone()), before), [""; 0]);
    }

    #[test]
    fn all_of_a_new_object_is_new() {
        let fields = between(None, &json!({"label": "ci", "hash": "$argon2id$…"}));
        assert_eq!(fields[0].field, "spec.hash");
        assert_eq!(fields[0].after, Some(json!("(hidden)")));
        assert_eq!(fields[1].after, Some(json!("ci")));
    }
}
