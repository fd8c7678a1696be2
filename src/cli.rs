//! `keon`, the command-line client: from arguments to an exit code. It talks HTTP to the API and
//! to nothing else.
//!
//! `args` says what may be typed, `settings` resolves it once with the environment and the stored
//! profile, `command` does the work, `printer` alone writes.

pub mod args;
mod client;
mod command;
mod completion;
mod context;
mod credentials;
mod error;
mod printer;
mod progress;
mod question;
mod settings;
mod wait;

use std::io;
use std::process::ExitCode;

use clap::FromArgMatches as _;
use clap_complete::CompleteEnv;

use self::args::Args;
use self::context::Context;
use self::error::Error;
use self::settings::{Environment, Settings};

/// Exit code of an interrupted command: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

/// Runs the command of this process; `commit` is what the binary was built from.
#[must_use]
pub fn main(commit: Option<&'static str>) -> ExitCode {
    // The one crypto provider; a second installation would only say that there is one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // Answers and ends where a shell asks for completions.
    CompleteEnv::with_factory(move || completion::command(commit)).complete();
    let parsed = args::command(commit)
        .try_get_matches()
        .and_then(|matches| Args::from_arg_matches(&matches));
    let args = match parsed {
        Ok(args) => args,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            return match error.print() {
                Ok(()) => ExitCode::from(code),
                Err(error) => report(&Error::Output(error)),
            };
        }
    };
    let environment = Environment::read();
    match run(args, environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

fn run(args: Args, environment: Environment) -> Result<(), Error> {
    let settings = Settings::resolve(&args.global, environment)?;
    let context = Context::new(settings);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            // First, so that no command runs before an interrupt is heard.
            biased;
            _ = tokio::signal::ctrl_c() => Err(Error::Interrupted),
            outcome = command::run(&context, args.command) => outcome,
        }
    });
    // Questions to the terminal block a thread that nobody can wait for.
    runtime.shutdown_background();
    outcome
}

/// Says what went wrong. A reader that has left early has what it wanted.
fn report(error: &Error) -> ExitCode {
    match error {
        Error::Output(cause) if cause.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Error::Changes => ExitCode::from(error.exit_code()),
        _ => {
            printer::report(error);
            ExitCode::from(error.exit_code())
        }
    }
}
