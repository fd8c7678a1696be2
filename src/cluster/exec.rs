//! Runs a script in a container, the script on standard input, so that nothing secret stands in
//! process arguments.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, AttachParams};
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

/// The most that is kept of what a script prints.
const OUTPUT_LIMIT: u64 = 4_096;

/// A script that did not run, or failed.
#[derive(Debug, Error)]
pub enum ExecError {
    /// The container cannot be reached.
    #[error("failed to run a script in pod {0}")]
    Connect(String, #[source] kube::Error),
    /// The connection broke.
    #[error("failed to exchange data with pod {0}")]
    Exchange(String, #[source] std::io::Error),
    /// The script ended with an error; its last words.
    #[error("a script failed in pod {0}: {1}")]
    Script(String, String),
    /// The script did not end in time.
    #[error("a script did not end in pod {0} within {1:?}")]
    Timeout(String, Duration),
}

/// Runs `script` with `sh -s` and waits for its end.
///
/// # Errors
/// When the script fails, does not end within `limit`, or the container cannot be reached.
pub async fn run_script(
    client: &Client,
    namespace: &str,
    pod: &str,
    script: &str,
    limit: Duration,
) -> Result<(), ExecError> {
    timeout(limit, exchange(client, namespace, pod, script))
        .await
        .map_err(|_| ExecError::Timeout(pod.to_owned(), limit))?
}

async fn exchange(
    client: &Client,
    namespace: &str,
    pod: &str,
    script: &str,
) -> Result<(), ExecError> {
    let broken = |error| ExecError::Exchange(pod.to_owned(), error);
    let params = AttachParams::default()
        .container("postgres")
        .stdin(true)
        .stdout(false)
        .stderr(true);
    let pods = Api::<Pod>::namespaced(client.clone(), namespace);
    let mut process = pods
        .exec(pod, ["sh", "-s"], &params)
        .await
        .map_err(|error| ExecError::Connect(pod.to_owned(), error))?;
    let status = process.take_status();
    let errors = process.stderr();
    if let Some(mut stdin) = process.stdin() {
        stdin.write_all(script.as_bytes()).await.map_err(broken)?;
        stdin.flush().await.map_err(broken)?;
    }
    let mut said = String::new();
    if let Some(errors) = errors {
        let mut bytes = Vec::new();
        errors
            .take(OUTPUT_LIMIT)
            .read_to_end(&mut bytes)
            .await
            .map_err(broken)?;
        said = String::from_utf8_lossy(&bytes).trim().to_owned();
    }
    let status = match status {
        Some(status) => status.await,
        None => None,
    };
    match status.and_then(|status| status.status) {
        Some(outcome) if outcome == "Success" => Ok(()),
        _ => Err(ExecError::Script(pod.to_owned(), said)),
    }
}
