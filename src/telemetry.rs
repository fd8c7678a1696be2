//! The log: where it goes, in which form, how much of it.
//!
//! One line a record on standard output. Nothing here may see a secret, and a level raised for
//! this program does not raise that of its libraries, whose debug records hold headers and
//! bodies of requests.

use std::io::IsTerminal;

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// Form of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line, for collectors.
    Json,
    /// One short line, for people.
    Compact,
}

impl LogFormat {
    /// What suits standard output: compact on a terminal, else JSON.
    #[must_use]
    pub fn detect() -> Self {
        if std::io::stdout().is_terminal() {
            Self::Compact
        } else {
            Self::Json
        }
    }
}

/// The log cannot be started.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The level is not understood.
    #[error(
        "failed to parse log level {text:?}: write error, warn, info, debug, trace or directives such as info,kisenon=debug"
    )]
    Level {
        /// What was written.
        text: String,
        /// The cause.
        #[source]
        source: ParseError,
    },
    /// Somebody started it before.
    #[error("failed to start the log")]
    Start(#[source] TryInitError),
}

/// A watch that breaks is told of once, by who opened it.
const WATCHER: &str = "kube_runtime::watcher=error";

/// Starts the log of this process; `level` is one word or the directives of
/// [`EnvFilter`]. Without a format, [`LogFormat::detect`] decides.
///
/// # Errors
/// When the level is not understood, or a log was started before.
pub fn init(format: Option<LogFormat>, level: &str) -> Result<(), TelemetryError> {
    let builder = tracing_subscriber::fmt().with_env_filter(filter(level)?);
    match format.unwrap_or_else(LogFormat::detect) {
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
        LogFormat::Compact => builder.compact().finish().try_init(),
    }
    .map_err(TelemetryError::Start)?;
    std::panic::set_hook(Box::new(tell_panic));
    Ok(())
}

/// A panic is told with its place. Its words are told only where they stand in the program as
/// they are: what was put together at run time may hold anything, a secret too.
fn tell_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let words = panic.payload().downcast_ref::<&'static str>();
    tracing::error!(
        panic.place = panic.location().map(tracing::field::display),
        panic.words = words.copied().unwrap_or("not told"),
        "a thread panicked"
    );
}

fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    let directives = match level.trim().to_ascii_lowercase().as_str() {
        verbose @ ("debug" | "trace") => format!("info,{WATCHER},kisenon={verbose}"),
        "" => format!("info,{WATCHER}"),
        word @ ("info" | "warn") => format!("{word},{WATCHER}"),
        _ => level.to_owned(),
    };
    EnvFilter::builder()
        .parse(&directives)
        .map_err(|source| TelemetryError::Level {
            text: level.to_owned(),
            source,
        })
}

/// An error with its sources, on one line.
pub struct Chain<'a>(pub &'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verbose_level_leaves_libraries_quiet() {
        assert_eq!(
            filter("DEBUG").unwrap().to_string(),
            "kube_runtime::watcher=error,kisenon=debug,info"
        );
        assert_eq!(
            filter("").unwrap().to_string(),
            "kube_runtime::watcher=error,info"
        );
        assert_eq!(filter("error").unwrap().to_string(), "error");
    }

    #[test]
    fn a_library_is_heard_when_named() {
        let filter = filter("info,kube_client=debug").unwrap();
        assert_eq!(filter.to_string(), "kube_client=debug,info");
    }

    #[test]
    fn a_level_that_is_not_understood_is_refused() {
        let error = filter("kisenon=loud").unwrap_err().to_string();
        assert!(error.contains("info,kisenon=debug"), "{error}");
    }
}
