//! The binary of everything that runs inside the cluster.

mod admin;
mod api_args;
mod gate;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use admin::AdminCommand;
use anyhow::Context as _;
use api_args::{ApiArgs, ApiServerArgs, HealthArgs, StoreArgs};
use clap::{Args, Parser, Subcommand};
use kisenon::config::{Config, Identity};
use kisenon::probe::canary::{self, CanaryConfig};
use kisenon::server::api::{ApiOptions, open_store};
use kisenon::server::{self, ControllerOptions, Options};
use kisenon::telemetry::{self, LogFormat};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

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
    /// Serve the HTTP API.
    Api(ApiArgs),
    /// Do the work of controller and api in one process.
    All {
        #[command(flatten)]
        controller: ControllerArgs,
        #[command(flatten)]
        api: ApiServerArgs,
    },
    /// Bring the store to this version's schema, then end.
    Migrate(StoreArgs),
    /// Decide who may sign in.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Write the OpenAPI document.
    Openapi {
        /// File to write it into.
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
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
    #[command(flatten)]
    health: HealthArgs,
    /// Name of this pod, under which it leads.
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    pod_name: String,
    /// Namespace of this pod.
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAME")]
    pod_namespace: String,
}

impl ControllerArgs {
    fn options(self) -> anyhow::Result<ControllerOptions> {
        let mut config = Config::load(&self.config)?;
        if let Some(image) = self.image {
            config.image = image;
        }
        Ok(ControllerOptions {
            config,
            identity: Identity::new(self.pod_name, self.pod_namespace)?,
        })
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    telemetry::init(cli.log_format, &cli.log_level)?;
    match cli.command {
        Command::Gate(args) => gate::hold(args),
        Command::Evidence(args) => gate::show(&args),
        Command::Controller(args) => {
            let health = args.health.health_address;
            block_on(serve(Some(args.options()?), None, health))
        }
        Command::Api(args) => {
            let health = args.health.health_address;
            let api = args.server.options(args.pod_name)?;
            block_on(serve(None, Some(api), health))
        }
        Command::All { controller, api } => {
            let health = controller.health.health_address;
            let api = api.options(controller.pod_name.clone())?;
            block_on(serve(Some(controller.options()?), Some(api), health))
        }
        Command::Migrate(args) => block_on(async move {
            open_store(&args.database_url()).await?;
            Ok(ExitCode::SUCCESS)
        }),
        Command::Admin(command) => block_on(command.run()),
        Command::Canary => block_on(async {
            // As process 1 of a container nothing ends on SIGTERM unless it listens for it.
            let mut terminate = signal(SignalKind::terminate())?;
            let stop = async move {
                terminate.recv().await;
            };
            canary::run(CanaryConfig::default(), stop).await?;
            Ok(ExitCode::SUCCESS)
        }),
        Command::Openapi { output } => {
            let document = kisenon::api::router::document().to_pretty_json()?;
            write(&output, &(document + "\n"))
        }
        Command::Crds { output } => {
            for (file, definition) in kisenon::crd::definitions() {
                write(&output.join(file), &serde_saphyr::to_string(&definition)?)?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<ExitCode> {
    std::fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    // One crypto provider in the whole process; a second installation is refused.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Runtime::new()?.block_on(work)
}

/// Serves until the end is asked for.
async fn serve(
    controller: Option<ControllerOptions>,
    api: Option<ApiOptions>,
    health_address: SocketAddr,
) -> anyhow::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let options = Options {
        controller,
        api,
        health_address,
        version: env!("CARGO_PKG_VERSION"),
        commit: COMMIT,
    };
    let work = server::run(options, stop.clone());
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
