//! What a shell may put in for a word: commands and options from `args`, and live names of what
//! the person has. Whatever goes wrong, nothing is offered and nothing is said: the shell would
//! print it into the line that is being typed.

use std::time::Duration;

use clap::{Arg, Command, FromArgMatches as _};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

use super::args::{self, GlobalArgs};
use super::client::Client;
use super::error::Error;
use super::settings::{self, Environment, Settings};
use super::wait::Awaited as _;
use crate::wire::api_key::ApiKeyView;
use crate::wire::endpoint::EndpointView;
use crate::wire::project::ProjectView;

/// Longest that somebody who has pressed a key is kept waiting.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a value names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Endpoint,
    Project,
    ApiKey,
    Profile,
}

impl Named {
    fn by(arg: &Arg) -> Option<Self> {
        if arg.get_id() == "profile" {
            return Some(Self::Profile);
        }
        match &**arg.get_value_names()?.first()? {
            "ENDPOINT" => Some(Self::Endpoint),
            "PROJECT" => Some(Self::Project),
            "KEY" => Some(Self::ApiKey),
            "PROFILE" => Some(Self::Profile),
            _ => None,
        }
    }
}

/// The program's arguments, whose values can be offered.
pub(super) fn command(commit: Option<&'static str>) -> Command {
    with_names(args::command(commit))
}

fn with_names(command: Command) -> Command {
    let command = command.mut_args(|arg| match Named::by(&arg) {
        Some(named) => arg.add(ArgValueCandidates::new(move || candidates(named))),
        None => arg,
    });
    command.mut_subcommands(with_names)
}

fn candidates(named: Named) -> Vec<CompletionCandidate> {
    let Some(settings) = settings() else {
        return Vec::new();
    };
    let found = match named {
        Named::Profile => profiles(&settings),
        _ => ask(&settings, named),
    };
    let found = found.unwrap_or_default().into_iter();
    found
        // A name stands in a command line that is about to be run.
        .filter(|(name, _)| is_plain(name))
        .map(|(name, help)| CompletionCandidate::new(name).help(Some(help.into())))
        .collect()
}

/// As the line that is being typed, the environment and the stored profile say.
fn settings() -> Option<Settings> {
    let typed = args::command(None)
        .ignore_errors(true)
        .try_get_matches_from(settings::words_to_complete())
        .ok()?;
    let global = GlobalArgs::from_arg_matches(&typed).ok()?;
    Settings::resolve(&global, Environment::read()).ok()
}

fn profiles(settings: &Settings) -> Option<Vec<(String, String)>> {
    let profiles = settings.store.read().ok()?.profiles.into_iter();
    let profile = |(name, profile): (String, super::credentials::Profile)| {
        (name, profile.api_url.to_string())
    };
    Some(profiles.map(profile).collect())
}

fn ask(settings: &Settings, named: Named) -> Option<Vec<(String, String)>> {
    let key = settings.credential.as_ref()?.key.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let found = runtime.block_on(async {
        let client = Client::new(settings, Some(key)).ok()?;
        let asked = tokio::time::timeout(PATIENCE, names(&client, named));
        asked.await.ok()?.ok()
    });
    // A name that is being looked up holds a thread that nobody can wait for.
    runtime.shutdown_background();
    found
}

/// Names, and what is said beside them.
async fn names(client: &Client, named: Named) -> Result<Vec<(String, String)>, Error> {
    Ok(match named {
        Named::Endpoint => {
            let all = client
                .list::<EndpointView>(&["v1", "endpoints"], &[])
                .await?;
            let named = |of: EndpointView| {
                let stage = of.stage();
                (of.name, format!("{stage} in {}", of.project.name))
            };
            all.into_iter().map(named).collect()
        }
        Named::Project => {
            let all = client.list::<ProjectView>(&["v1", "projects"], &[]).await?;
            let named = |of: ProjectView| (of.name, format!("Postgres {}", of.postgres_version));
            all.into_iter().map(named).collect()
        }
        Named::ApiKey => {
            let all = client.list::<ApiKeyView>(&["v1", "api-keys"], &[]).await?;
            keys(all)
        }
        Named::Profile => Vec::new(),
    })
}

/// By label where that is one word and no other key's, else by prefix.
fn keys(all: Vec<ApiKeyView>) -> Vec<(String, String)> {
    let labels = all.iter().map(|of| of.label.clone()).collect::<Vec<_>>();
    let is_good = |label: &String| {
        is_plain(label) && labels.iter().filter(|other| *other == label).count() == 1
    };
    let named = |of: ApiKeyView| match is_good(&of.label) {
        true => (of.label, of.prefix),
        false => (of.prefix, of.label),
    };
    all.into_iter().map(named).collect()
}

/// Whether no shell reads anything into a word.
fn is_plain(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._@".contains(c);
    !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_that_a_shell_would_read_something_into_is_offered() {
        for word in ["shop-main", "nsk_4fQ0sT9bZx", "ci@example.com", "a.b"] {
            assert!(is_plain(word), "{word}");
        }
        for word in ["", "-rf", "$(id)", "a b", "a;b", "`id`", "ü", "a\nb", "*"] {
            assert!(!is_plain(word), "{word}");
        }
    }

    #[test]
    fn every_name_of_something_can_be_completed() {
        let command = command(None);
        let mut psql = command.find_subcommand("psql").unwrap().get_arguments();
        let endpoint = psql.find(|arg| arg.get_id() == "endpoint").unwrap();
        assert!(endpoint.get::<ArgValueCandidates>().is_some());
        let mut global = command.get_arguments();
        let profile = global.find(|arg| arg.get_id() == "profile").unwrap();
        assert!(profile.get::<ArgValueCandidates>().is_some());
    }
}
