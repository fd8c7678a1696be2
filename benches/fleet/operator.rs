//! The operator as a process, as its own service account.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use kube::Client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::program::{Memory, Program};
use crate::site;

const DEADLINE: Duration = Duration::from_secs(180);

/// A running operator. It is killed when this value goes.
pub(crate) struct Operator {
    program: Program,
    health: SocketAddr,
}

impl Operator {
    /// Starts the program.
    pub(crate) async fn start(program: &Path, client: &Client, admin: &Path) -> Result<Self> {
        let folder = admin.parent().context("the kubeconfig is in a folder")?;
        let kubeconfig = site::kubeconfig_of("kisenon-operator", client, admin).await?;
        let health = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let config =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("kustomize/overlays/local/config.yaml");
        let mut command = Command::new(program);
        command
            .arg("controller")
            .arg("--config")
            .arg(config)
            .args(["--pod-name", "bench", "--pod-namespace", site::NAMESPACE])
            .args(["--log-format", "json"])
            .args(["--health-address", &health.to_string()])
            .env_clear()
            .env("KUBECONFIG", kubeconfig)
            // As in manifests/operator.yaml.
            .env("MALLOC_ARENA_MAX", "2");
        let program = Program::start("operator", &mut command, folder)?;
        Ok(Self { program, health })
    }

    /// Fails, with its last words, when it has ended.
    pub(crate) fn must_run(&mut self) -> Result<()> {
        self.program.must_run()
    }

    /// Ends it as Kubernetes would.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        self.program.stop().await
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
        self.program.memory()
    }
}
