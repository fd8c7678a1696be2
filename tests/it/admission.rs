//! What the API server admits, refuses and fills in, with the words that people read.
//!
//! Objects are sent as JSON, as `kubectl` does, with strict field validation; a typed client could
//! not even write most of what must be refused.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test they help"
)]

use http::Request;
use serde_json::{Value, json};

use crate::cluster::{self, Namespace};

mod access;
mod api_key;
mod default;
mod name;
mod parameter;
mod project;
mod quantity;
mod role;
mod strict;
mod unchangeable;

/// An Endpoint called `it` of the project `shop`, with `fields` in its spec.
fn endpoint(fields: &Value) -> Value {
    object("Endpoint", "it", &with(json!({"project": "shop"}), fields))
}

/// A Project called `it`.
fn project(spec: &Value) -> Value {
    object("Project", "it", spec)
}

/// A Project with one inline endpoint, `main`, with `fields`.
fn project_with(fields: &Value) -> Value {
    let endpoint = with(json!({"name": "main"}), fields);
    project(&json!({"network": {"allowedCidrs": ["203.0.113.0/24"]}, "endpoints": [endpoint]}))
}

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "kisenon.com/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    })
}

/// `base` with the members of `fields`, which win; null takes a member away.
fn with(mut base: Value, fields: &Value) -> Value {
    let members = base.as_object_mut().unwrap();
    for (name, value) in fields.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    base
}

/// The object as stored, in a fresh namespace.
async fn accepts(object: Value) -> Value {
    let tenant = cluster::tenant("admission", "acme").await;
    match send(&tenant, "POST", &object).await {
        Ok(stored) => stored,
        Err(message) => panic!("refused: {message}\n{object:#}"),
    }
}

/// The words of the refusal in a fresh namespace, which must hold all of `words`.
async fn refuses(object: Value, words: &[&str]) -> String {
    let tenant = cluster::tenant("admission", "acme").await;
    let Err(message) = send(&tenant, "POST", &object).await else {
        panic!("accepted:\n{object:#}");
    };
    says(&message, words);
    message
}

/// The object after the second of two versions, in a fresh namespace.
async fn accepts_change(before: Value, after: Value) -> Value {
    match change(&before, &after).await {
        Ok(stored) => stored,
        Err(message) => panic!("refused: {message}\n{after:#}"),
    }
}

/// The first version is accepted, and the second refused with all of `words`.
async fn refuses_change(before: Value, after: Value, words: &[&str]) {
    let Err(message) = change(&before, &after).await else {
        panic!("accepted:\n{after:#}");
    };
    says(&message, words);
}

fn says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "{word:?} is missing in: {message}");
    }
}

async fn change(before: &Value, after: &Value) -> Result<Value, String> {
    let tenant = cluster::tenant("admission", "acme").await;
    let stored = send(&tenant, "POST", before).await.unwrap();
    let mut after = after.clone();
    after["metadata"]["resourceVersion"] = stored["metadata"]["resourceVersion"].clone();
    send(&tenant, "PUT", &after).await
}

/// The stored object, or the words of the refusal.
async fn send(tenant: &Namespace, method: &str, object: &Value) -> Result<Value, String> {
    let kind = object["kind"].as_str().unwrap().to_lowercase();
    let name = match method {
        "POST" => String::new(),
        _ => format!("/{}", object["metadata"]["name"].as_str().unwrap()),
    };
    let uri = format!(
        "/apis/kisenon.com/v1alpha1/namespaces/{}/{kind}s{name}?fieldValidation=Strict",
        tenant.name
    );
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("content-type", "application/json")
        .body(object.to_string().into_bytes())
        .unwrap();
    match tenant.client.request(request).await {
        Ok(stored) => Ok(stored),
        // Anything but a considered refusal is a fault of the test.
        Err(kube::Error::Api(status)) if [400, 422].contains(&status.code) => {
            Err(status.message.clone())
        }
        Err(error) => panic!("{error}"),
    }
}
