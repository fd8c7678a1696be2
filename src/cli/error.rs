//! What can go wrong, the exit code that says so to programs, and the hint that says to people
//! what to do.

use std::io;
use std::path::PathBuf;

use thiserror::Error as ThisError;

use super::INTERRUPTED;
use crate::wire::problem::Problem;

/// Why a command was not done.
#[derive(Debug, ThisError)]
pub(crate) enum Error {
    /// What was typed, or is set, cannot be meant.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to type instead.
        hint: Option<String>,
    },
    /// There is no credential, or the server takes it no more.
    #[error("{message}")]
    NotSignedIn {
        /// Why.
        message: String,
        /// The command that signs in.
        hint: String,
    },
    /// The server refuses.
    #[error("{}", .0.detail.as_deref().unwrap_or(&.0.title))]
    Problem(Box<Problem>),
    /// The command itself refuses.
    #[error("{message}")]
    Refused {
        /// Why.
        message: String,
        /// What to do instead.
        hint: Option<String>,
    },
    /// No answer.
    #[error("failed to reach {url}")]
    Unreachable {
        /// The server.
        url: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// An answer that is not the API's.
    #[error("{url} does not answer as the Kisenon API does")]
    Unexpected {
        /// The server.
        url: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file or folder.
    #[error("failed to {verb} {}", path.display())]
    File {
        /// Read, write, …
        verb: &'static str,
        /// Which.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Another program.
    #[error("failed to run {program}")]
    Program {
        /// Its name.
        program: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// There is no port of this machine to be had.
    #[error("failed to listen on this machine")]
    Listen(#[source] io::Error),
    /// The key of a profile that was to end.
    #[error("the key of profile {profile} is not revoked, so it is kept")]
    NotRevoked {
        /// Name of the profile.
        profile: String,
        /// The cause.
        #[source]
        source: Box<Error>,
    },
    /// It has not happened in the time given.
    #[error("{message}")]
    Timeout {
        /// What was waited for.
        message: String,
    },
    /// It cannot happen until something else changes.
    #[error("{message}")]
    Stalled {
        /// What was waited for.
        message: String,
        /// Why, in the server's words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
        /// What to change.
        hint: String,
    },
    /// The output cannot be written.
    #[error("failed to write the output")]
    Output(#[source] io::Error),
    /// A value that cannot be written as JSON or YAML.
    #[error("failed to write the output")]
    Format(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operating system gives no randomness.
    #[error("failed to get randomness")]
    NoRandomness,
    /// There is no event loop to be had.
    #[error("failed to start")]
    Runtime(#[source] io::Error),
    /// What was asked for has an answer, which the exit code gives as well: something would change.
    #[error("something would change")]
    Changes,
    /// Interrupted from the terminal.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// Something typed that cannot be meant.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: None,
        }
    }

    /// A refusal of the command's own.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused {
            message: message.into(),
            hint: None,
        }
    }

    /// The same with what to do instead, where the error has room for it.
    pub(crate) fn hinting(mut self, what: impl Into<String>) -> Self {
        if let Self::Usage { hint, .. } | Self::Refused { hint, .. } = &mut self {
            *hint = Some(what.into());
        }
        self
    }

    /// 1: refused or failed, 2: usage, 4: not signed in, 130: interrupted.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::Changes => 2,
            Self::NotSignedIn { .. } => 4,
            Self::Interrupted => INTERRUPTED,
            _ => 1,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } | Self::Refused { hint, .. } => hint.clone(),
            Self::NotSignedIn { hint, .. } | Self::Stalled { hint, .. } => Some(hint.clone()),
            Self::Problem(problem) => hint_for(problem),
            Self::Unreachable { .. } => {
                Some("check --api-url, the network, and --ca-file for a private authority".into())
            }
            Self::Unexpected { .. } => Some("check --api-url".into()),
            Self::NotRevoked { .. } => Some(
                "try again later; or forget it here alone, which leaves it valid: keon logout --local"
                    .into(),
            ),
            Self::Timeout { .. } => Some("it goes on by itself; wait longer with --timeout".into()),
            _ => None,
        }
    }

    /// The code of the server's refusal.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => Some(&problem.code),
            _ => None,
        }
    }
}

fn hint_for(problem: &Problem) -> Option<String> {
    let hint = match &*problem.code {
        "insufficient_scope" => {
            "sign in with keon login, or make a key that may: keon api-keys create --scope read,write"
        }
        "access_denied" => "sign in as somebody who may: keon login",
        "deletion_protected" => "keon projects update PROJECT --deletion-protection=false",
        "name_taken" => {
            "take another name, or look at what has this one: keon projects list, keon endpoints list"
        }
        "quota_exceeded" => "delete what is not needed any more, or ask for a larger quota",
        "precondition_failed" => "it was changed meanwhile; run the command again",
        "rate_limited" => "wait a moment; the limits are at /docs/limits of the console",
        "busy" | "unavailable" | "timeout" => "the server has trouble; try again in a moment",
        "internal" => {
            let id = problem.request_id.as_deref()?;
            return Some(format!("report it with the request id {id}"));
        }
        _ => return None,
    };
    Some(hint.to_owned())
}
