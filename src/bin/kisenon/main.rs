//! The binary of everything that runs inside the cluster.

mod admin;
mod api_args;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use admin::AdminCommand;
use anyhow::Context as _;
use api_args::{ApiArgs, ApiServerArgs, HealthArgs, StoreArgs};
use clap::{Args, Parser, Subcommand};
use kisenon::config::{Config, Identity};
use kisenon::probe::canary::{self, CanaryConfig};
use kisenon::probe::evidence::termination_message;
use kisenon::probe::gate::{self, Admission, GateConfig};
use kisenon::server::api::{ApiOptions, open_store};
use kisenon::server::{self, ControllerOptions, Options};
use kisenon::telemetry::{self, LogFormat};
use tokio::signal::unix::{Signal, SignalKind, signal};
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
    /// Prove the isolation of this pod, then end.
    Gate(GateArgs),
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
    /// Image of the init gate, in place of the configured one: this program's own.
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

#[derive(Debug, Args)]
struct GateArgs {
    /// Address of the canary.
    #[arg(long, env = "KISENON_CANARY_ADDRESS", value_name = "IP")]
    canary_address: IpAddr,
    /// Clients whom the perimeter admits already, so that their knocking is no breach:
    /// {"from": ["203.0.113.0/24"], "except": []}.
    #[arg(long, env = "KISENON_ADMITTED", value_parser = parse_admission, value_name = "JSON")]
    admitted: Option<Admission>,
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

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    telemetry::init(cli.log_format, &cli.log_level)?;
    // One crypto provider in the whole process; a second installation is refused.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // As process 1 of a container nothing ends on SIGTERM unless it listens for it.
    let mut terminate = signal(SignalKind::terminate())?;
    match cli.command {
        Command::Gate(args) => tokio::select! {
            code = pass_gate(args) => code,
            _ = terminate.recv() => Ok(ExitCode::FAILURE),
        },
        Command::Controller(args) => {
            let health = args.health.health_address;
            serve(Some(args.options()?), None, health, terminate).await
        }
        Command::Api(args) => {
            let health = args.health.health_address;
            let api = args.server.options(args.pod_name)?;
            serve(None, Some(api), health, terminate).await
        }
        Command::All { controller, api } => {
            let health = controller.health.health_address;
            let api = api.options(controller.pod_name.clone())?;
            serve(Some(controller.options()?), Some(api), health, terminate).await
        }
        Command::Migrate(args) => {
            open_store(&args.database_url()).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Admin(command) => command.run().await,
        Command::Openapi { output } => {
            let document = kisenon::api::router::document().to_pretty_json()?;
            std::fs::write(&output, document + "\n")
                .with_context(|| format!("failed to write {}", output.display()))?;
            Ok(ExitCode::SUCCESS)
        }
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

/// Serves until the end is asked for.
async fn serve(
    controller: Option<ControllerOptions>,
    api: Option<ApiOptions>,
    health_address: SocketAddr,
    mut terminate: Signal,
) -> anyhow::Result<ExitCode> {
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

fn parse_admission(text: &str) -> Result<Admission, serde_json::Error> {
    serde_json::from_str(text)
}

async fn pass_gate(args: GateArgs) -> anyhow::Result<ExitCode> {
    let mut config = GateConfig::new(args.canary_address);
    config.postgres_port = args.postgres_port;
    config.rounds = args.rounds;
    if let Some(admitted) = args.admitted {
        config.admitted = admitted;
    }
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
