//! What a caller may put into a manifest. Pure.
//!
//! A manifest must not be a way around what the other routes check: a key bound to a project
//! touches that project alone, and no key makes another that can do more than itself, acts for
//! somebody else, or outlives it.

use std::sync::Arc;

use kube::core::DynamicObject;
use serde_json::{Map, Value};

use crate::api::identity::caller::Caller;
use crate::api::v1::api_keys::own_grant;
use crate::cluster::manifest::{Kind, Manifest};
use crate::domain::access::{Action, Target as Reach};
use crate::domain::api_key::{Grant, Scopes};

const OUT_OF_REACH: &str = "the API key may not touch this: it is bound to one project";

/// Admits a document of this caller, and adds to an `ApiKey` who makes it.
///
/// # Errors
/// With what is wrong, and what to write instead.
pub(super) fn admit(
    caller: &Caller,
    manifest: &mut Manifest,
    present: Option<&DynamicObject>,
) -> Result<(), String> {
    let project = |spec: &Value| spec["project"].as_str().map(str::to_owned);
    let wanted = &manifest.document["spec"];
    let stored = present.map(|object| &object.data["spec"]);
    let reached = match manifest.kind {
        Kind::Project => vec![Some(manifest.name.clone())],
        Kind::Endpoint | Kind::ApiKey => {
            let mut reached = vec![project(wanted)];
            reached.extend(stored.map(project));
            reached
        }
    };
    let action = match manifest.kind {
        Kind::ApiKey => Action::ManageKeys,
        Kind::Project | Kind::Endpoint => Action::ApplyManifests,
    };
    for project in &reached {
        let reach = project.as_deref().map_or(Reach::Tenant, Reach::Project);
        caller
            .may(action, reach)
            .map_err(|_| OUT_OF_REACH.to_owned())?;
    }
    if manifest.kind == Kind::ApiKey {
        let stored = stored.cloned();
        let Some(spec) = manifest.document["spec"].as_object_mut() else {
            // The API server says best what is missing.
            return Ok(());
        };
        admit_key(caller, spec, stored.as_ref())?;
    }
    Ok(())
}

fn admit_key(
    caller: &Caller,
    spec: &mut Map<String, Value>,
    stored: Option<&Value>,
) -> Result<(), String> {
    let text = |spec: &Map<String, Value>, name: &str| {
        spec.get(name).and_then(Value::as_str).map(str::to_owned)
    };
    own_grant(caller)
        .admits(&wanted(spec))
        .map_err(|wider| wider.to_string())?;
    if let Some(stored) = stored {
        // Who it acts for and who made it cannot be changed; the API server holds to that.
        if let Some(parent) = stored.get("parent") {
            spec.entry("parent").or_insert_with(|| parent.clone());
        }
        return Ok(());
    }
    match (caller.user_id(), text(spec, "user")) {
        (Some(own), Some(user)) if own == user => {}
        (None, None) => {}
        (Some(own), _) => {
            return Err(format!(
                "spec.user must be {own}: a key acts for who makes it"
            ));
        }
        (None, Some(_)) => {
            return Err("spec.user must be left out: give spec.role, since the key that makes it acts for no user".to_owned());
        }
    }
    let own = caller.credential_id();
    if text(spec, "parent").is_some_and(|parent| parent != own) {
        return Err(format!("spec.parent must be left out, or be {own}"));
    }
    spec.insert("parent".to_owned(), Value::from(own));
    Ok(())
}

/// What the document asks for. What cannot be read is refused by the API server.
fn wanted(spec: &Map<String, Value>) -> Grant {
    let scopes = spec.get("scopes").and_then(Value::as_array);
    let has = |scope: &str| scopes.is_none_or(|listed| listed.iter().any(|s| s == scope));
    let end = spec.get("expiresAt").and_then(Value::as_str);
    Grant {
        scopes: Scopes {
            read: has("read"),
            write: has("write"),
        },
        project: spec.get("project").and_then(Value::as_str).map(Arc::from),
        expires_at: end.and_then(|end| end.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    use crate::api::identity::caller::{Credential, Tenant};
    use crate::auth::key_index::KeyIndex;
    use crate::domain::api_key::KeyRecord;

    const UID: &str = "0a1b2c3d-4e5f-4789-9abc-def012345678";

    fn caller(change: impl Fn(&mut KeyRecord)) -> Caller {
        let mut record = KeyRecord {
            uid: UID.to_owned(),
            id: "key-0a1b2c3d4e5f4789".to_owned(),
            namespace: "acme".into(),
            name: "ci".to_owned(),
            lookup_id: "0123456789".to_owned(),
            hash: "$argon2id$".into(),
            label: "ci".to_owned(),
            user: Some("usr-1".into()),
            role: None,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            expires_at: None,
            scopes: Scopes::ALL,
            project: None,
            parent: None,
            revoked: false,
            is_managed_elsewhere: false,
        };
        change(&mut record);
        let index = KeyIndex::default();
        index.upsert(&record).unwrap();
        Caller {
            tenant: Tenant {
                id: "acme".into(),
                namespace: "acme".into(),
                is_ours: false,
            },
            credential: Credential::Key {
                key: index.find("0123456789").unwrap(),
                id: "key-0a1b2c3d4e5f4789".into(),
            },
        }
    }

    fn document(kind: Kind, name: &str, spec: &Value) -> Manifest {
        Manifest {
            kind,
            name: name.to_owned(),
            document: json!({ "spec": spec }),
        }
    }

    fn present(spec: &Value) -> DynamicObject {
        serde_json::from_value(json!({"metadata": {"name": "x"}, "spec": spec})).unwrap()
    }

    #[test]
    fn a_bound_key_touches_its_project_alone() {
        let bound = caller(|key| key.project = Some("shop".into()));
        let try_it = |kind, name, spec: Value, stored: Option<Value>| {
            let stored = stored.map(|spec| present(&spec));
            admit(&bound, &mut document(kind, name, &spec), stored.as_ref()).is_ok()
        };
        let of = |project: &str| json!({ "project": project });
        assert!(try_it(Kind::Project, "shop", json!({}), None));
        assert!(!try_it(Kind::Project, "blog", json!({}), None));
        assert!(try_it(Kind::Endpoint, "a", of("shop"), None));
        assert!(!try_it(Kind::Endpoint, "a", of("blog"), None));
        // What it would change, or see changed, is another project's.
        assert!(!try_it(Kind::Endpoint, "a", of("shop"), Some(of("blog"))));
        assert!(!try_it(Kind::Endpoint, "a", json!({}), None));
    }

    #[test]
    fn a_key_makes_none_that_can_do_more() {
        let end = "2030-01-01T00:00:00Z";
        let narrow = caller(|key| {
            key.expires_at = Some(end.parse().unwrap());
            key.project = Some("shop".into());
        });
        let good = json!({"user": "usr-1", "project": "shop", "expiresAt": end});
        let mut manifest = document(Kind::ApiKey, "new", &good);
        assert_eq!(admit(&narrow, &mut manifest, None), Ok(()));
        assert_eq!(manifest.document["spec"]["parent"], "key-0a1b2c3d4e5f4789");
        for (member, value) in [
            ("project", Value::Null),
            ("project", json!("blog")),
            ("expiresAt", Value::Null),
            ("expiresAt", json!("2031-01-01T00:00:00Z")),
            ("expiresAt", json!("soon")),
            ("user", json!("usr-2")),
            ("user", Value::Null),
            ("parent", json!("ses-9")),
        ] {
            let mut spec = good.clone();
            spec[member] = value.clone();
            let refused = admit(&narrow, &mut document(Kind::ApiKey, "new", &spec), None);
            assert!(refused.is_err(), "{member}: {value}");
        }
    }

    #[test]
    fn a_key_of_git_makes_keys_that_act_for_no_user() {
        let git = caller(|key| {
            key.user = None;
            key.role = Some("ci".into());
        });
        let mut role = document(Kind::ApiKey, "new", &json!({"role": "deploy"}));
        assert_eq!(admit(&git, &mut role, None), Ok(()));
        let mut user = document(Kind::ApiKey, "new", &json!({"user": "usr-1"}));
        assert!(admit(&git, &mut user, None).is_err());
    }

    #[test]
    fn a_key_that_is_there_keeps_its_parent() {
        let caller = caller(|_| ());
        let stored = present(&json!({"user": "usr-7", "parent": "ses-1"}));
        let mut same = document(
            Kind::ApiKey,
            "old",
            &json!({"user": "usr-7", "revoked": true}),
        );
        assert_eq!(admit(&caller, &mut same, Some(&stored)), Ok(()));
        assert_eq!(same.document["spec"]["parent"], "ses-1");
    }
}
