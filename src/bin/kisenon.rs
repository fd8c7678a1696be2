//! The binary of everything that runs inside the cluster.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use kisenon::probe::canary::{self, CanaryConfig};
use kisenon::probe::evidence::termination_message;
use kisenon::probe::gate::{self, GateConfig};
use tokio::signal::unix::{SignalKind, signal};

/// Postgres endpoints on Kubernetes, each behind its own network perimeter.
#[derive(Debug, Parser)]
#[command(name = "kisenon")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prove the isolation of this pod, then end.
    Gate(GateArgs),
    /// Be the far side of every gate's proof.
    Canary,
    /// Write the definitions of the custom resources.
    Crds {
        /// Folder to write them into, one file a kind.
        #[arg(long, value_name = "FOLDER")]
        output: PathBuf,
    },
}

#[derive(Debug, Args)]
struct GateArgs {
    /// Address of the canary.
    #[arg(long, env = "KISENON_CANARY_ADDRESS", value_name = "IP")]
    canary_address: IpAddr,
    /// Port that Postgres will listen on.
    #[arg(long, default_value_t = 5432, value_name = "PORT")]
    postgres_port: u16,
    /// Good rounds in a row needed to pass.
    #[arg(long, default_value_t = 3, value_name = "COUNT")]
    rounds: u32,
    /// When to give up.
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    deadline_seconds: u64,
    /// Where the evidence goes.
    #[arg(long, default_value = "/dev/termination-log", value_name = "PATH")]
    termination_log: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    tracing_subscriber::fmt().json().init();
    // As process 1 of a container nothing ends on SIGTERM unless it listens for it.
    let mut terminate = signal(SignalKind::terminate())?;
    match Cli::parse().command {
        Command::Gate(args) => tokio::select! {
            code = pass_gate(args) => code,
            _ = terminate.recv() => Ok(ExitCode::FAILURE),
        },
        Command::Canary => {
            let stop = async move {
                terminate.recv().await;
            };
            canary::run(CanaryConfig::default(), stop).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Crds { output } => {
            for (file, definition) in kisenon::crd::definitions() {
                let path = output.join(file);
                std::fs::write(&path, serde_saphyr::to_string(&definition)?)
                    .with_context(|| format!("failed to write {}", path.display()))?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn pass_gate(args: GateArgs) -> anyhow::Result<ExitCode> {
    let mut config = GateConfig::new(args.canary_address);
    config.postgres_port = args.postgres_port;
    config.rounds = args.rounds;
    config.deadline = Duration::from_secs(args.deadline_seconds);
    let result = gate::run(config).await;
    // Without the log the operator has no evidence, so the gate has not passed.
    std::fs::write(&args.termination_log, termination_message(&result))?;
    match result {
        Ok(evidence) => {
            tracing::info!(duration_ms = evidence.elapsed_ms, "{}", evidence.summary());
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            tracing::error!("{error}");
            Ok(ExitCode::FAILURE)
        }
    }
}
