//! The floor: answers that were made before, sent by the same HTTP stack without anything of ours
//! around it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};

/// Names of the answers, which are the floor's paths as well.
pub(crate) const ANSWERS: [&str; 5] = [
    "projects-key",
    "projects-session",
    "me-key",
    "me-session",
    "garbage",
];
/// Fields that the HTTP stack itself adds.
const OF_THE_STACK: [&str; 4] = ["connection", "content-length", "date", "transfer-encoding"];

/// An answer of the API, to be given again.
#[derive(Debug, Serialize, Deserialize)]
struct Recorded {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Keeps an answer of the API for the floor.
pub(crate) async fn record(folder: &Path, name: &str, answer: reqwest::Response) -> Result<()> {
    let mut headers = Vec::new();
    for (name, value) in answer.headers() {
        if !OF_THE_STACK.contains(&name.as_str()) {
            headers.push((name.to_string(), value.to_str()?.to_owned()));
        }
    }
    let recorded = Recorded {
        status: answer.status().as_u16(),
        headers,
        body: answer.text().await?,
    };
    std::fs::write(file(folder, name), serde_json::to_vec(&recorded)?)?;
    Ok(())
}

fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("answer-{name}.json"))
}

type Parts = (StatusCode, HeaderMap, Bytes);

struct Canned {
    file: PathBuf,
    parts: OnceLock<Parts>,
}

/// All answers, each read when it is asked for first.
pub(crate) fn router(folder: &Path) -> Router {
    let mut router = Router::new();
    for name in ANSWERS {
        let canned = Arc::new(Canned {
            file: file(folder, name),
            parts: OnceLock::new(),
        });
        router = router.route(&format!("/{name}"), get(give).with_state(canned));
    }
    router
}

async fn give(State(canned): State<Arc<Canned>>) -> Response {
    if canned.parts.get().is_none() {
        match read(&canned.file) {
            Ok(parts) => drop(canned.parts.set(parts)),
            Err(error) => {
                return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response();
            }
        }
    }
    let Some((status, headers, body)) = canned.parts.get() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let mut response = Response::new(Body::from(body.clone()));
    *response.status_mut() = *status;
    *response.headers_mut() = headers.clone();
    response
}

fn read(file: &Path) -> Result<Parts> {
    let recorded = serde_json::from_slice::<Recorded>(&std::fs::read(file)?)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &recorded.headers {
        headers.append(
            HeaderName::from_bytes(name.as_bytes())?,
            HeaderValue::from_str(value)?,
        );
    }
    let status = StatusCode::from_u16(recorded.status)?;
    Ok((status, headers, recorded.body.into()))
}
