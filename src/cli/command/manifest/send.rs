//! Documents on their way to the API: as few requests as its bounds allow, since each is applied
//! whole or not at all, and its refusals told by file.

use reqwest::Method;

use super::read::Document;
use crate::cli::client::Client;
use crate::cli::error::Error;
use crate::domain::request_bound::{BODY_BYTES, MANIFEST_DOCUMENTS};
use crate::wire::manifest::ManifestReport;
use crate::wire::problem::Problem;

const SEPARATOR: &str = "---\n";

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Written.
    Apply,
    /// Only tried out.
    Plan,
}

/// Broken off, perhaps after some requests.
#[derive(Debug)]
pub(super) struct Broken {
    /// What was done before.
    pub(super) done: ManifestReport,
    /// Why no more was.
    pub(super) error: Error,
}

impl Broken {
    /// Whether the server may have done more than it could say.
    pub(super) const fn is_unknown(&self) -> bool {
        matches!(
            self.error,
            Error::Unreachable { .. } | Error::Unexpected { .. }
        )
    }
}

/// Sends all documents.
///
/// # Errors
/// When a request is refused or gets no answer; no further one is sent then.
pub(super) async fn all(
    client: &Client,
    documents: &[Document],
    mode: Mode,
    is_forced: bool,
) -> Result<ManifestReport, Broken> {
    let mut done = ManifestReport {
        applied: mode == Mode::Apply,
        results: Vec::with_capacity(documents.len()),
    };
    for batch in batches(documents) {
        match one(client, &batch, mode, is_forced).await {
            Ok(report) => done.results.extend(report.results),
            Err(error) => return Err(Broken { done, error }),
        }
    }
    Ok(done)
}

/// What goes into one request.
struct Batch<'a> {
    documents: &'a [Document],
    body: String,
}

fn batches(documents: &[Document]) -> Vec<Batch<'_>> {
    let mut batches = Vec::<Batch<'_>>::new();
    let mut start = 0;
    let mut body = String::new();
    for (index, document) in documents.iter().enumerate() {
        // JSON is YAML, and a document of it is one line.
        let text = format!("{SEPARATOR}{}\n", document.object);
        let is_full = index - start == MANIFEST_DOCUMENTS || body.len() + text.len() > BODY_BYTES;
        if is_full && index > start {
            let body = std::mem::take(&mut body);
            let documents = &documents[start..index];
            batches.push(Batch { documents, body });
            start = index;
        }
        body.push_str(&text);
    }
    let documents = &documents[start..];
    batches.push(Batch { documents, body });
    batches
}

async fn one(
    client: &Client,
    batch: &Batch<'_>,
    mode: Mode,
    is_forced: bool,
) -> Result<ManifestReport, Error> {
    // Applied twice is applied once.
    let mut call = client.call(Method::POST, &["v1", "manifests"]).repeatable();
    if mode == Mode::Plan {
        call = call.query("dry_run", "true");
    }
    if is_forced {
        call = call.query("force", "true");
    }
    let body = batch.body.clone().into_bytes();
    let answer = call
        .bytes("application/yaml", body)
        .json::<ManifestReport>()
        .await;
    match answer {
        Ok(mut report) => {
            for result in &mut report.results {
                if let Some(error) = &mut result.error {
                    *error = in_our_words(error);
                }
            }
            Ok(report)
        }
        Err(Error::Problem(problem)) => {
            Err(Error::Problem(Box::new(located(*problem, batch.documents))))
        }
        Err(error) => Err(error),
    }
}

/// The same refusal, by the files of its documents.
fn located(mut problem: Problem, documents: &[Document]) -> Problem {
    if let Some(detail) = &problem.detail {
        problem.detail = Some(located_detail(detail, documents));
    }
    for error in &mut problem.errors {
        let field = error.field.strip_prefix("documents[");
        let parts = field.and_then(|rest| rest.split_once("] "));
        let place = parts.and_then(|(index, name)| {
            let document = documents.get(index.parse::<usize>().ok()?)?;
            Some(format!("{}: {name}", document.place))
        });
        if let Some(place) = place {
            error.field = place;
        }
        error.message = in_our_words(&error.message);
    }
    problem
}

/// `document 2: …` and `Endpoint main: …` name a document.
fn located_detail(detail: &str, documents: &[Document]) -> String {
    let by_number = detail.strip_prefix("document ").and_then(|rest| {
        let (number, problem) = rest.split_once(": ")?;
        let index = number.parse::<usize>().ok()?.checked_sub(1)?;
        Some(format!("{}: {problem}", documents.get(index)?.place))
    });
    let by_name = || {
        let is_it = |of: &&Document| {
            let text = |pointer| of.object.pointer(pointer).and_then(|of| of.as_str());
            let name = text("/kind").zip(text("/metadata/name"));
            name.is_some_and(|(kind, name)| detail.starts_with(&format!("{kind} {name}: ")))
        };
        let document = documents.iter().find(is_it)?;
        Some(format!("{}: {}", document.place, in_our_words(detail)))
    };
    by_number
        .or_else(by_name)
        .unwrap_or_else(|| detail.to_owned())
}

/// The API speaks of its own parameter.
fn in_our_words(message: &str) -> String {
    message.replace("force=true", "--force")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::problem::FieldProblem;

    fn document(place: &str, name: &str) -> Document {
        Document {
            place: place.to_owned(),
            object: json!({"kind": "Endpoint", "metadata": {"name": name}}),
        }
    }

    fn problem(detail: &str, field: &str) -> Problem {
        Problem {
            type_: String::new(),
            title: String::new(),
            status: 422,
            code: "invalid_object".to_owned(),
            detail: Some(detail.to_owned()),
            request_id: None,
            errors: vec![FieldProblem {
                field: field.to_owned(),
                message: "held by kubectl: apply with force=true".to_owned(),
            }],
        }
    }

    #[test]
    fn refusals_are_told_by_file() {
        let documents = [document("a.yaml", "a"), document("b.yaml, document 1", "b")];
        let told = located(problem("refused", "documents[1] Endpoint b"), &documents);
        assert_eq!(told.errors[0].field, "b.yaml, document 1: Endpoint b");
        assert_eq!(
            told.errors[0].message,
            "held by kubectl: apply with --force"
        );
        for (detail, wanted) in [
            (
                "document 2: not a mapping",
                "b.yaml, document 1: not a mapping",
            ),
            (
                "Endpoint a: gone; nothing",
                "a.yaml: Endpoint a: gone; nothing",
            ),
            ("document 9: x", "document 9: x"),
            ("document 0: x", "document 0: x"),
            ("busy", "busy"),
        ] {
            assert_eq!(located_detail(detail, &documents), wanted);
        }
    }

    #[test]
    fn a_request_keeps_to_the_bounds_of_the_api() {
        let small = vec![document("a.yaml", "a"); 2 * MANIFEST_DOCUMENTS + 1];
        let counts = batches(&small).into_iter().map(|of| of.documents.len());
        assert!(counts.eq([MANIFEST_DOCUMENTS, MANIFEST_DOCUMENTS, 1]));
        let large = vec![document("a.yaml", &"x".repeat(BODY_BYTES / 2)); 3];
        let batches = batches(&large);
        assert_eq!(batches.len(), 3);
        assert!(batches.iter().all(|of| of.body.len() <= BODY_BYTES));
    }
}
