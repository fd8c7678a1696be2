//! The two commands that run in a gate's container: `gate`, and `evidence` beside it.
//!
//! What a gate proves and how is in [`kisenon::probe`]; here are its arguments and its end. It
//! stays when it has passed, as long as its pod does: without a runtime, and without a port.

use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use kisenon::probe::evidence::{Evidence, termination_message};
use kisenon::probe::gate::{Admission, GateConfig, GateError};
use kisenon::probe::network::Network;
use kisenon::probe::pass::{self, PassFolder};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use tokio::io::unix::AsyncFd;
use tokio::runtime::Builder;

/// Between two looks for the pass.
const PACE: Duration = Duration::from_millis(10);

#[derive(Debug, Args)]
pub(crate) struct GateArgs {
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
    /// Where the pass that the server waits for and the evidence go.
    #[arg(long, default_value = pass::FOLDER, value_name = "FOLDER")]
    pass_folder: PathBuf,
    /// Where a gate that does not pass says why.
    #[arg(long, default_value = "/dev/termination-log", value_name = "PATH")]
    termination_log: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct EvidenceArgs {
    /// Where the gate of this pod keeps its pass.
    #[arg(long, default_value = pass::FOLDER, value_name = "FOLDER")]
    pass_folder: PathBuf,
    /// How long to wait for the gate to pass.
    #[arg(long, default_value_t = 2_000, value_name = "MILLISECONDS")]
    patience_ms: u64,
}

fn parse_admission(text: &str) -> Result<Admission, serde_json::Error> {
    serde_json::from_str(text)
}

/// Proves the isolation of this pod, gives the pass and stays until it is told to end.
pub(crate) fn hold(args: GateArgs) -> anyhow::Result<ExitCode> {
    // Blocked before there is any other thread: from here on it waits until it is asked for.
    let mut termination = SigSet::empty();
    termination.add(Signal::SIGTERM);
    termination.thread_block()?;
    match prove(&termination, &args)? {
        None => return Ok(ExitCode::FAILURE),
        Some(Ok(Some(evidence))) => {
            let summary = evidence.summary();
            tracing::info!(duration_ms = evidence.elapsed_ms, "passed: {summary}");
        }
        Some(Ok(None)) => tracing::info!("passed before, in this very network"),
        Some(Err(error)) => {
            std::fs::write(&args.termination_log, termination_message(&error))?;
            tracing::error!("{error}");
            return Ok(ExitCode::FAILURE);
        }
    }
    termination.wait()?;
    Ok(ExitCode::SUCCESS)
}

/// The outcome of the proof; `None` when the gate was told to end before there was one. The
/// runtime is gone when this returns.
fn prove(
    termination: &SigSet,
    args: &GateArgs,
) -> anyhow::Result<Option<Result<Option<Evidence>, GateError>>> {
    let mut config = GateConfig::new(args.canary_address);
    config.postgres_port = args.postgres_port;
    config.rounds = args.rounds;
    if let Some(admitted) = &args.admitted {
        config.admitted = admitted.clone();
    }
    config.deadline = Duration::from_secs(args.deadline_seconds);
    let folder = PassFolder::new(&args.pass_folder);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        #[expect(
            deprecated,
            reason = "what replaces it is unsafe; this descriptor is owned and stays open"
        )]
        let told = AsyncFd::new(SignalFd::with_flags(termination, flags)?)?;
        tokio::select! {
            outcome = pass::earn(config, &folder) => Ok(Some(outcome)),
            _ = told.readable() => Ok(None),
        }
    })
}

/// Prints what the gate of this pod has kept, once it has passed.
pub(crate) fn show(args: &EvidenceArgs) -> anyhow::Result<ExitCode> {
    let folder = PassFolder::new(&args.pass_folder);
    let network = Network::read().context("failed to read which network this pod is in")?;
    let patience = Duration::from_millis(args.patience_ms);
    let started = Instant::now();
    loop {
        let found = folder.evidence(&network);
        if let Some(evidence) = found.context("failed to read the evidence")? {
            std::io::stdout().write_all(evidence.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        if started.elapsed() >= patience {
            anyhow::bail!(pass::NOT_PASSED);
        }
        std::thread::sleep(PACE);
    }
}
