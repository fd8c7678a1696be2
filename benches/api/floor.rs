//! The floors: answers that were made before, sent by the same HTTP stack. One has the edges of
//! the API around it, but no authentication and no store; the other has nothing of ours.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use kisenon::api::http::edges::Edges;
use kisenon::api::http::limit::{Action, Subject};
use kisenon::api::http::middleware::Noted;
use serde::{Deserialize, Serialize};

/// Names of the answers, which are the last parts of the floors' paths as well.
pub(crate) const ANSWERS: [&str; 5] = [
    "projects-key",
    "projects-session",
    "me-key",
    "me-session",
    "garbage",
];
/// Fields that axum itself adds.
const OF_AXUM: [&str; 4] = ["connection", "content-length", "date", "transfer-encoding"];
/// Fields that handlers and guards add, not the edges.
const OF_ROUTES: [&str; 4] = ["content-type", "etag", "ratelimit", "ratelimit-policy"];

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
        if !OF_AXUM.contains(&name.as_str()) {
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
    is_surrounded: bool,
    parts: OnceLock<Parts>,
}

/// All answers, each read when it is asked for first: under `/edges` and under `/bare`.
pub(crate) fn router(folder: &Path, edges: &Edges) -> Router {
    edges
        .around(answers(folder, "edges", true))
        .merge(answers(folder, "bare", false))
}

fn answers(folder: &Path, place: &str, is_surrounded: bool) -> Router {
    let mut router = Router::new();
    for name in ANSWERS {
        let canned = Arc::new(Canned {
            file: file(folder, name),
            is_surrounded,
            parts: OnceLock::new(),
        });
        router = router.route(&format!("/{place}/{name}"), get(give).with_state(canned));
    }
    router
}

async fn give(
    State(canned): State<Arc<Canned>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
) -> Response {
    if canned.parts.get().is_none() {
        match read(&canned) {
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
    if canned.is_surrounded {
        // What a guard says of a read, by which the log leaves it out.
        response.extensions_mut().insert(Noted {
            subject: Subject::Peer(peer.ip()),
            action: Action::Read,
        });
    }
    response
}

fn read(canned: &Canned) -> Result<Parts> {
    let recorded = serde_json::from_slice::<Recorded>(&std::fs::read(&canned.file)?)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &recorded.headers {
        if canned.is_surrounded && !OF_ROUTES.contains(&name.as_str()) {
            continue;
        }
        headers.append(
            HeaderName::from_bytes(name.as_bytes())?,
            HeaderValue::from_str(value)?,
        );
    }
    let status = StatusCode::from_u16(recorded.status)?;
    Ok((status, headers, recorded.body.into()))
}
