//! The operator as a process, as its own service account.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const DEADLINE: Duration = Duration::from_secs(180);
const NAMESPACE: &str = "kisenon-system";

/// Memory of the operator's process, MiB.
pub(crate) struct Memory {
    pub(crate) now: f64,
    pub(crate) peak: f64,
}

/// A running operator. It is killed when this value goes.
pub(crate) struct Operator {
    child: Child,
    health: SocketAddr,
    log: PathBuf,
}

/// Applies the manifests as they are deployed; their Deployments do nothing here.
pub(crate) fn install(kubeconfig: &Path) -> Result<()> {
    let overlay = Path::new(env!("CARGO_MANIFEST_DIR")).join("kustomize/overlays/local");
    // The definitions need a moment until they are served; the first attempt may come too early.
    for _ in 0..20 {
        let output = Command::new("kubectl")
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(["apply", "--server-side", "--force-conflicts", "-k"])
            .arg(&overlay)
            .output()
            .context("kubectl is not on PATH")?;
        if output.status.success() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    bail!("the manifests cannot be applied")
}

impl Operator {
    /// Starts the program.
    pub(crate) async fn start(program: &Path, client: &Client, admin: &Path) -> Result<Self> {
        let folder = admin.parent().context("the kubeconfig is in a folder")?;
        let kubeconfig = folder.join("operator.kubeconfig");
        std::fs::write(&kubeconfig, with_token(admin, &token(client).await?)?)?;
        let health = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let config =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("kustomize/overlays/local/config.yaml");
        let log = folder.join("operator.log");
        let output = File::create(&log)?;
        let child = Command::new(program)
            .arg("controller")
            .arg("--config")
            .arg(config)
            .args([
                "--pod-name",
                "bench",
                "--pod-namespace",
                NAMESPACE,
                "--log-format",
                "json",
            ])
            .args(["--health-address", &health.to_string()])
            .env_clear()
            .env("KUBECONFIG", kubeconfig)
            // As in manifests/operator.yaml.
            .env("MALLOC_ARENA_MAX", "2")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("failed to start {}", program.display()))?;
        Ok(Self { child, health, log })
    }

    /// Fails, with its last words, when it has ended.
    pub(crate) fn must_run(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else {
            return Ok(());
        };
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines = text.lines().collect::<Vec<_>>();
        let tail = lines[lines.len().saturating_sub(10)..].join("\n");
        bail!("the operator ended ({status}):\n{tail}")
    }

    /// Ends it as Kubernetes would.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let started = Instant::now();
        while self.child.try_wait()?.is_none() {
            if started.elapsed() > Duration::from_secs(20) {
                bail!("the operator does not end");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Reconciles so far.
    pub(crate) async fn reconciles(&self) -> Result<u64> {
        let mut stream = TcpStream::connect(self.health).await?;
        let request = "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        let lines = text
            .lines()
            .filter(|line| line.starts_with("kisenon_reconcile_total"));
        let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
        Ok(values.sum())
    }

    /// Waits until it has reconciled that often.
    pub(crate) async fn wait_for_reconciles(&mut self, count: u64) -> Result<()> {
        let started = Instant::now();
        while self.reconciles().await.unwrap_or_default() < count {
            self.must_run()?;
            if started.elapsed() > DEADLINE {
                bail!("{count} reconciles have not come");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Its memory, as the kernel counts it.
    pub(crate) fn memory(&self) -> Result<Memory> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| -> Result<f64> {
            let line = text.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_whitespace().nth(1));
            let kibibytes = value
                .with_context(|| format!("no {name}"))?
                .parse::<f64>()?;
            Ok(kibibytes / 1024.0)
        };
        Ok(Memory {
            now: field("VmRSS:")?,
            peak: field("VmHWM:")?,
        })
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn token(client: &Client) -> Result<String> {
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), NAMESPACE);
    let request = TokenRequest::default();
    let answer = accounts
        .create_token_request("kisenon-operator", &PostParams::default(), &request)
        .await?;
    Ok(answer.status.context("an answer holds a token")?.token)
}

/// The administrator's kubeconfig with another user in it; it is JSON.
fn with_token(admin: &Path, token: &str) -> Result<String> {
    let mut config = serde_json::from_str::<Value>(&std::fs::read_to_string(admin)?)?;
    config["users"][0]["user"] = json!({ "token": token });
    Ok(config.to_string())
}
