//! Runs a program in a container: a script on standard input, so that nothing secret stands in
//! process arguments, or one whose output is wanted.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, AttachParams};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

/// The most that is kept of what a program prints as its error.
const ERROR_LIMIT: u64 = 4_096;
/// The most that a program may answer.
const OUTPUT_LIMIT: u64 = 65_536;

/// A program that did not run, or failed.
#[derive(Debug, Error)]
pub enum ExecError {
    /// The container cannot be reached.
    #[error("failed to run a program in pod {0}")]
    Connect(String, #[source] kube::Error),
    /// The connection broke.
    #[error("failed to exchange data with pod {0}")]
    Exchange(String, #[source] std::io::Error),
    /// The program ended with an error; its last words.
    #[error("a program failed in pod {0}: {1}")]
    Program(String, String),
    /// The program did not end in time.
    #[error("a program did not end in pod {0} within {1:?}")]
    Timeout(String, Duration),
}

/// A container of a pod.
#[derive(Clone, Copy)]
pub struct Container<'a> {
    /// Kubernetes.
    pub client: &'a Client,
    /// Namespace of the pod.
    pub namespace: &'a str,
    /// Name of the pod.
    pub pod: &'a str,
    /// Name of the container.
    pub name: &'a str,
}

impl Container<'_> {
    /// Runs `script` with `sh -s` and waits for its end.
    ///
    /// # Errors
    /// When the script fails, does not end within `limit`, or the container cannot be reached.
    pub async fn run_script(self, script: &str, limit: Duration) -> Result<(), ExecError> {
        self.limited(self.exchange(&["sh", "-s"], Some(script)), limit)
            .await
            .map(drop)
    }

    /// Runs a program and answers what it prints.
    ///
    /// # Errors
    /// When the program fails, does not end within `limit`, or the container cannot be reached.
    pub async fn ask(self, command: &[&str], limit: Duration) -> Result<String, ExecError> {
        self.limited(self.exchange(command, None), limit).await
    }

    async fn limited<T>(
        self,
        work: impl Future<Output = Result<T, ExecError>>,
        limit: Duration,
    ) -> Result<T, ExecError> {
        timeout(limit, work)
            .await
            .map_err(|_| ExecError::Timeout(self.pod.to_owned(), limit))?
    }

    async fn exchange(self, command: &[&str], input: Option<&str>) -> Result<String, ExecError> {
        let broken = |error| ExecError::Exchange(self.pod.to_owned(), error);
        let params = AttachParams::default()
            .container(self.name)
            .stdin(input.is_some())
            .stdout(input.is_none())
            .stderr(true);
        let pods = Api::<Pod>::namespaced(self.client.clone(), self.namespace);
        let mut process = pods
            .exec(self.pod, command.iter().copied(), &params)
            .await
            .map_err(|error| ExecError::Connect(self.pod.to_owned(), error))?;
        let status = process.take_status();
        let (output, errors) = (process.stdout(), process.stderr());
        if let (Some(mut stdin), Some(input)) = (process.stdin(), input) {
            stdin.write_all(input.as_bytes()).await.map_err(broken)?;
            stdin.flush().await.map_err(broken)?;
        }
        // Both at once: neither may wait until the other is read.
        let (output, errors) =
            futures::try_join!(read(output, OUTPUT_LIMIT), read(errors, ERROR_LIMIT))
                .map_err(broken)?;
        let status = match status {
            Some(status) => status.await,
            None => None,
        };
        match status.and_then(|status| status.status) {
            Some(outcome) if outcome == "Success" => Ok(output),
            _ => Err(ExecError::Program(
                self.pod.to_owned(),
                errors.trim().to_owned(),
            )),
        }
    }
}

async fn read(stream: Option<impl AsyncRead + Unpin>, limit: u64) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(limit).read_to_end(&mut bytes).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
