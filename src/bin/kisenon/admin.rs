//! Who may sign in. These commands talk to the store itself, so they run where it is: in the
//! API's pod.

use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;
use kisenon::domain::email::AllowPattern;
use kisenon::server::admin;
use kisenon::store::AllowSource;

use super::api_args::StoreArgs;

/// `kisenon admin`.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Let an address sign in, or everyone of a domain (@example.com).
    Allow {
        /// Address, or @ and a domain.
        #[arg(value_name = "PATTERN", value_parser = pattern)]
        pattern: String,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Take it back: ends the sessions and API keys of all whom nothing else lets in.
    Deny {
        /// Address, or @ and a domain, as it was allowed.
        #[arg(value_name = "PATTERN", value_parser = pattern)]
        pattern: String,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Show who may sign in.
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
}

impl AdminCommand {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Allow { pattern, store } => {
                let store = admin::open(&store.database_url()).await?;
                let is_new = store.allow(&pattern, AllowSource::Admin, now()).await?;
                say(if is_new {
                    format!("{pattern} may sign in")
                } else {
                    format!("{pattern} could sign in before")
                })
            }
            Self::Deny { pattern, store } => {
                let denied = admin::deny(&store.database_url(), &pattern, now()).await?;
                say(format!(
                    "{pattern} may no longer sign in; users whom nothing else lets in: {}, signed out; API keys ended: {}",
                    denied.users, denied.keys
                ))
            }
            Self::List { store } => {
                let store = admin::open(&store.database_url()).await?;
                for entry in store.allow_list().await? {
                    say(entry.to_string())?;
                }
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "the answer of a command")]
fn say(line: String) -> anyhow::Result<ExitCode> {
    println!("{line}");
    Ok(ExitCode::SUCCESS)
}

fn now() -> Timestamp {
    Timestamp::now()
}

fn pattern(text: &str) -> Result<String, String> {
    let lower = text.to_ascii_lowercase();
    AllowPattern::parse(&lower)
        .map(|_| lower)
        .map_err(|_| "write an address such as dev@example.com, or @example.com".to_owned())
}
