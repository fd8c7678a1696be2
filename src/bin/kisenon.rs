//! The binary of everything that runs inside the cluster.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use kisenon::config::{Config, Identity};
use kisenon::probe::canary::{self, CanaryConfig};
use kisenon::server::{self, Options};
use kisenon::telemetry::{self, LogFormat};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

#[path = "kisenon/gate.rs"]
mod gate;

const COMMIT: &str = match option_env!("KISENON_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// Postgres endpoints on Kubernetes, each behind its own network perimeter.
#[derive(Debug, Parser)]
#[command(name = "kisenon", version)]
struct Cli {
    /// How log lines are written: json, or compact for a terminal.
    #[arg(long, global = true, env = "KISENON_LOG_FORMAT", value_enum)]
    log_format: Option<LogFormat>,
    /// Which log lines are written: a level or a filter such as info,kisenon=debug.
    #[arg(
        long,
        global = true,
        env = "KISENON_LOG",
        default_value = "info",
        value_name = "LEVEL"
    )]
    log_level: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prove the isolation of this pod, let its server start, and stay.
    Gate(gate::GateArgs),
    /// Print what the gate of this pod has seen, once it has passed.
    Evidence(gate::EvidenceArgs),
    /// Turn Projects and Endpoints into what they say.
    Controller(ControllerArgs),
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
struct ControllerArgs {
    /// Configuration file.
    #[arg(
        long,
        env = "KISENON_CONFIG",
        default_value = "/etc/kisenon/config.yaml",
        value_name = "FILE"
    )]
    config: PathBuf,
    /// Image of the gate, in place of the configured one: this program's own.
    #[arg(long, env = "KISENON_IMAGE", value_name = "IMAGE")]
    image: Option<String>,
    /// Where probes and metrics are served.
    #[arg(
        long,
        env = "KISENON_HEALTH_ADDRESS",
        default_value = "0.0.0.0:8080",
        value_name = "ADDRESS"
    )]
    health_address: SocketAddr,
    /// Name of this pod, under which it leads.
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    pod_name: String,
    /// Namespace of this pod.
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAME")]
    pod_namespace: String,
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    telemetry::init(cli.log_format, &cli.log_level)?;
    match cli.command {
        Command::Gate(args) => gate::hold(args),
        Command::Evidence(args) => gate::show(&args),
        Command::Controller(args) => Runtime::new()?.block_on(control(args)),
        Command::Canary => Runtime::new()?.block_on(async {
            // As process 1 of a container nothing ends on SIGTERM unless it listens for it.
            let mut terminate = signal(SignalKind::terminate())?;
            let stop = async move {
                terminate.recv().await;
            };
            canary::run(CanaryConfig::default(), stop).await?;
            Ok(ExitCode::SUCCESS)
        }),
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

async fn control(args: ControllerArgs) -> anyhow::Result<ExitCode> {
    // One crypto provider in the whole process; a second installation is refused.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let mut config = Config::load(&args.config)?;
    if let Some(image) = args.image {
        config.image = image;
    }
    let options = Options {
        config,
        identity: Identity::new(args.pod_name, args.pod_namespace)?,
        health_address: args.health_address,
        version: env!("CARGO_PKG_VERSION"),
        commit: COMMIT,
    };
    let work = server::run_controller(options, stop.clone());
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => done?,
        _ = terminate.recv() => {
            stop.cancel();
            work.await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
