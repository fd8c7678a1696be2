//! The client at the door: dials until somebody answers, then runs psql until it is served.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::net::TcpStream;

/// A dial that is silently dropped is given up after this.
const PATIENCE: Duration = Duration::from_millis(40);
const PAUSE: Duration = Duration::from_millis(5);
const DEADLINE: Duration = Duration::from_secs(90);

/// Dials until the connection is accepted.
pub(crate) async fn dial(address: SocketAddr) -> Result<()> {
    let started = Instant::now();
    loop {
        match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(()),
            _ if started.elapsed() > DEADLINE => bail!("nobody answers at {address}"),
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Runs `select 1` with psql until it succeeds; `settings` are libpq's environment variables.
pub(crate) async fn select(settings: &[(&str, String)]) -> Result<()> {
    let started = Instant::now();
    loop {
        let mut command = Command::new("psql");
        command
            .args(["--no-psqlrc", "--no-password", "-Atc", "select 1"])
            .env("PGCONNECT_TIMEOUT", "2")
            .envs(settings.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        if output.status.success() && output.stdout == b"1\n" {
            return Ok(());
        }
        if started.elapsed() > DEADLINE {
            bail!("psql: {}", String::from_utf8_lossy(&output.stderr));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
