//! From YAML to documents that may be applied. Pure.
//!
//! The text comes from outside: its size, depth, aliases and documents are bounded, duplicate
//! keys are refused, and nothing but this program's three kinds comes through.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::domain::request_bound::{BODY_BYTES, MANIFEST_DOCUMENTS};

const MAX_DEPTH: usize = 32;
const MAX_ALIASES: usize = 64;
const MAX_NODES: usize = 20_000;

/// Metadata that its author may write; the rest is the API server's.
const METADATA: [&str; 4] = ["name", "namespace", "labels", "annotations"];

/// A kind that may be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A Project.
    Project,
    /// An Endpoint.
    Endpoint,
    /// An `ApiKey`.
    ApiKey,
}

impl Kind {
    /// As documents name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Project => "Project",
            Self::Endpoint => "Endpoint",
            Self::ApiKey => "ApiKey",
        }
    }

    pub(super) const fn plural(self) -> &'static str {
        match self {
            Self::Project => "projects",
            Self::Endpoint => "endpoints",
            Self::ApiKey => "apikeys",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Project, Self::Endpoint, Self::ApiKey]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// One document.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Its kind.
    pub kind: Kind,
    /// Name of the object.
    pub name: String,
    /// The document, for the namespace it is applied in.
    pub document: Value,
}

/// A text that holds no documents for us.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// Not YAML, or beyond a bound.
    #[error("the text is not YAML that can be read: {0}")]
    Yaml(String),
    /// No document at all.
    #[error("there is no document in the request")]
    Empty,
    /// A document that may not be applied.
    #[error("document {number}: {problem}")]
    Document {
        /// Which, from 1.
        number: usize,
        /// What is wrong and what to write instead.
        problem: String,
    },
}

/// Reads the documents of a request, for one namespace.
///
/// # Errors
/// When the text is not YAML within the bounds, or holds something that may not be applied.
pub fn parse(text: &str, namespace: &str) -> Result<Vec<Manifest>, ManifestError> {
    if text.len() > BODY_BYTES {
        let problem = format!("more than {BODY_BYTES} bytes");
        return Err(ManifestError::Yaml(problem));
    }
    let documents = serde_saphyr::from_multiple_with_options::<Value>(text, options())
        .map_err(|error| ManifestError::Yaml(first_line(&error.to_string())))?;
    let mut manifests = Vec::with_capacity(documents.len());
    for (index, document) in documents.into_iter().enumerate() {
        let number = index + 1;
        let manifest = manifest(document, namespace)
            .map_err(|problem| ManifestError::Document { number, problem })?;
        let is_same = |m: &Manifest| m.kind == manifest.kind && m.name == manifest.name;
        if manifests.iter().any(is_same) {
            let problem = format!("{} {} stands twice", manifest.kind.as_str(), manifest.name);
            return Err(ManifestError::Document { number, problem });
        }
        manifests.push(manifest);
    }
    if manifests.is_empty() {
        return Err(ManifestError::Empty);
    }
    Ok(manifests)
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_documents: MANIFEST_DOCUMENTS,
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
            max_total_scalar_bytes: BODY_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: 8,
            max_alias_expansions_per_anchor: MAX_ALIASES,
        },
        with_snippet: false,
    }
}

fn manifest(document: Value, namespace: &str) -> Result<Manifest, String> {
    let Value::Object(mut members) = document else {
        return Err("not a mapping: write apiVersion, kind, metadata and spec".to_owned());
    };
    let text = |members: &Map<String, Value>, name: &str| {
        let value = members.get(name).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let api_version = format!("{}/v1alpha1", crate::crd::GROUP);
    let kind = Kind::of(&text(&members, "kind"))
        .filter(|_| text(&members, "apiVersion") == api_version)
        .ok_or_else(|| {
            format!("only Project, Endpoint and ApiKey of apiVersion {api_version} are taken")
        })?;
    // What `kubectl get -o yaml` prints can be applied; what became of the object cannot.
    members.remove("status");
    if let Some(other) = members
        .keys()
        .find(|name| !["apiVersion", "kind", "metadata", "spec"].contains(&name.as_str()))
    {
        return Err(format!("unknown field {other:?}"));
    }
    let Some(Value::Object(metadata)) = members.get_mut("metadata") else {
        return Err("metadata.name is missing".to_owned());
    };
    let name = text(metadata, "name");
    if name.is_empty() {
        return Err("metadata.name is missing".to_owned());
    }
    let is_here = |value: &Value| value.as_str() == Some(namespace);
    if metadata
        .get("namespace")
        .is_some_and(|value| !is_here(value))
    {
        return Err(format!(
            "{} {name}: metadata.namespace must be left out, or be {namespace}",
            kind.as_str()
        ));
    }
    metadata.retain(|field, _| METADATA.contains(&field.as_str()));
    metadata.insert("namespace".to_owned(), namespace.into());
    Ok(Manifest {
        kind,
        name,
        document: Value::Object(members),
    })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        parse(text, "acme").unwrap_err().to_string()
    }

    fn document(kind: &str, name: &str) -> String {
        format!("apiVersion: kisenon.com/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\n")
    }

    #[test]
    fn documents_come_in_their_order_and_for_the_namespace() {
        let text = format!(
            "{}---\n---\n{}",
            document("Project", "shop"),
            document("Endpoint", "main")
        );
        let found = parse(&text, "acme").unwrap();
        let names = found.iter().map(|m| (m.kind, &*m.name)).collect::<Vec<_>>();
        assert_eq!(names, [(Kind::Project, "shop"), (Kind::Endpoint, "main")]);
        assert_eq!(found[0].document["metadata"]["namespace"], "acme");
    }

    #[test]
    fn what_kubectl_prints_can_be_given_back() {
        let text = "apiVersion: kisenon.com/v1alpha1\nkind: Project\nmetadata:\n  name: shop\n  \
            namespace: acme\n  uid: u\n  resourceVersion: '5'\n  managedFields: []\nspec: {}\n\
            status: {id: prj-x}\n";
        let found = parse(text, "acme").unwrap();
        let metadata = found[0].document["metadata"].as_object().unwrap();
        assert!(metadata.keys().eq(["name", "namespace"]));
        assert!(found[0].document.get("status").is_none());
    }

    #[test]
    fn nothing_but_our_kinds_comes_through() {
        for kind in ["Secret", "Namespace", "project", "List", ""] {
            assert!(
                refusal(&document(kind, "x")).contains("only Project, Endpoint"),
                "{kind}"
            );
        }
        let core = "apiVersion: v1\nkind: Endpoint\nmetadata: {name: x}\n";
        assert!(refusal(core).contains("only Project, Endpoint"));
    }

    #[test]
    fn no_other_namespace_is_reached() {
        let text = document("Project", "shop, namespace: other");
        assert!(refusal(&text).contains("must be left out, or be acme"));
        let text = document("Project", "shop, namespace: 7");
        assert!(refusal(&text).contains("must be left out, or be acme"));
    }

    #[test]
    fn what_is_malformed_is_told_by_its_place() {
        assert!(refusal("").contains("no document"));
        assert!(refusal("- a\n").contains("document 1: not a mapping"));
        assert!(refusal("a: [").contains("not YAML"));
        let twice = format!("{0}---\n{0}", document("Project", "shop"));
        assert!(refusal(&twice).contains("document 2: Project shop stands twice"));
        let keys = format!("{}kind: Project\n", document("Project", "shop"));
        assert!(refusal(&keys).contains("not YAML"), "{}", refusal(&keys));
        let field = format!("{}data: {{}}\n", document("Project", "shop"));
        assert!(refusal(&field).contains("unknown field \"data\""));
        assert!(refusal(&document("Project", "''")).contains("metadata.name is missing"));
    }

    #[test]
    fn a_text_that_would_cost_too_much_is_refused_at_once() {
        let deep = format!(
            "{}spec: {}1{}",
            document("Project", "x"),
            "[".repeat(500),
            "]".repeat(500)
        );
        let wide = format!(
            "{}spec: [{}]",
            document("Project", "x"),
            "1,".repeat(50_000)
        );
        let long = format!(
            "{}spec: '{}'",
            document("Project", "x"),
            "x".repeat(BODY_BYTES)
        );
        let many = document("Project", "x") + &"---\na: 1\n".repeat(MANIFEST_DOCUMENTS + 1);
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n\
            c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n\
            e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
        for text in [deep, wide, long, many, bomb.to_owned()] {
            assert!(refusal(&text).contains("not YAML"), "{}", &text[..60]);
        }
    }
}
