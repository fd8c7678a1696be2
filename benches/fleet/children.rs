//! The operator's children, as somebody else would apply them: with the fields that the operator
//! manages and nothing else.

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Map, Value, json};

const MANAGED: &str = "app.kubernetes.io/managed-by=kisenon";
const FIELD_MANAGER: &str = "kisenon";

/// One child: its kind, and what is applied.
pub(crate) struct Recipe {
    resource: ApiResource,
    namespace: Option<String>,
    name: String,
    content: Value,
}

/// Kinds of children: group, version, kind, plural.
const KINDS: [(&str, &str, &str, &str); 10] = [
    ("", "v1", "Namespace", "namespaces"),
    (
        "rbac.authorization.k8s.io",
        "v1",
        "RoleBinding",
        "rolebindings",
    ),
    (
        "networking.k8s.io",
        "v1",
        "NetworkPolicy",
        "networkpolicies",
    ),
    ("", "v1", "ResourceQuota", "resourcequotas"),
    ("", "v1", "LimitRange", "limitranges"),
    ("", "v1", "ServiceAccount", "serviceaccounts"),
    ("", "v1", "Secret", "secrets"),
    ("", "v1", "ConfigMap", "configmaps"),
    ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    ("apps", "v1", "StatefulSet", "statefulsets"),
];

/// Reads all children, in the order of their kinds.
pub(crate) async fn dump(client: &Client) -> Result<Vec<Recipe>> {
    let mut recipes = Vec::new();
    for (group, version, kind, plural) in KINDS {
        let api_version = if group.is_empty() {
            version.into()
        } else {
            format!("{group}/{version}")
        };
        let resource = ApiResource {
            group: group.into(),
            version: version.into(),
            api_version,
            kind: kind.into(),
            plural: plural.into(),
        };
        let api = Api::<DynamicObject>::all_with(client.clone(), &resource);
        for object in api.list(&ListParams::default().labels(MANAGED)).await? {
            let name = object.metadata.name.clone().unwrap_or_default();
            let namespace = object.metadata.namespace.clone();
            let fields = object
                .metadata
                .managed_fields
                .iter()
                .flatten()
                .find(|entry| entry.manager.as_deref() == Some(FIELD_MANAGER))
                .and_then(|entry| entry.fields_v1.as_ref())
                .map(|fields| fields.0.clone())
                .unwrap_or_default();
            let mut content = managed(&serde_json::to_value(&object)?, &fields);
            content["apiVersion"] = json!(resource.api_version);
            content["kind"] = json!(resource.kind);
            content["metadata"]["name"] = json!(name);
            recipes.push(Recipe {
                resource: resource.clone(),
                namespace,
                name,
                content,
            });
        }
    }
    Ok(recipes)
}

/// Applies all of them: namespaces first, then the rest as fast as it goes.
pub(crate) async fn apply(client: &Client, recipes: &[Recipe], concurrency: usize) -> Result<()> {
    let is_namespace = |recipe: &&Recipe| recipe.namespace.is_none();
    let (namespaces, others): (Vec<_>, Vec<_>) = recipes.iter().partition(is_namespace);
    for part in [namespaces, others] {
        stream::iter(part)
            .map(|recipe| apply_one(client, recipe))
            .buffer_unordered(concurrency)
            .try_collect::<()>()
            .await?;
    }
    Ok(())
}

async fn apply_one(client: &Client, recipe: &Recipe) -> Result<()> {
    let resource = &recipe.resource;
    let api = match &recipe.namespace {
        Some(namespace) => {
            Api::<DynamicObject>::namespaced_with(client.clone(), namespace, resource)
        }
        None => Api::all_with(client.clone(), resource),
    };
    let params = PatchParams::apply(FIELD_MANAGER).force();
    api.patch(&recipe.name, &params, &Patch::Apply(&recipe.content))
        .await?;
    Ok(())
}

/// The part of `value` that `fields` names (Kubernetes, `FieldsV1`).
fn managed(value: &Value, fields: &Value) -> Value {
    let Some(fields) = fields
        .as_object()
        .filter(|f| f.keys().any(|key| key != "."))
    else {
        return value.clone();
    };
    match value {
        Value::Object(object) => {
            let part = fields.iter().filter_map(|(key, inner)| {
                let key = key.strip_prefix("f:")?;
                Some((key.to_owned(), managed(object.get(key)?, inner)))
            });
            Value::Object(part.collect::<Map<_, _>>())
        }
        Value::Array(list) => Value::Array(
            list.iter()
                .filter_map(|item| Some(managed(item, item_fields(item, fields)?)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// The fields of a list's item: it is named by its keys, or by itself.
fn item_fields<'a>(item: &Value, fields: &'a Map<String, Value>) -> Option<&'a Value> {
    fields.iter().find_map(|(key, inner)| {
        let is_it = match key.split_once(':')? {
            ("k", keys) => {
                let keys = serde_json::from_str::<Map<String, Value>>(keys).ok()?;
                keys.iter().all(|(key, value)| item.get(key) == Some(value))
            }
            ("v", value) => serde_json::from_str::<Value>(value).ok()? == *item,
            _ => false,
        };
        is_it.then_some(inner)
    })
}
