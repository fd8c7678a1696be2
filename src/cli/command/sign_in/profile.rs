//! `keon profiles`: never shows a key.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use url::Url;

use crate::cli::args::sign_in::Profiles;
use crate::cli::client::alike;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::printer::Listed;

/// A profile, without its key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProfileView {
    name: String,
    /// Whether it is used where none is named.
    current: bool,
    api_url: Url,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<PathBuf>,
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

/// Does what was asked for.
pub(in crate::cli::command) fn run(context: &Context, verb: Profiles) -> Result<(), Error> {
    match verb {
        Profiles::List => list(context),
        Profiles::Use { name } => choose(context, &name),
    }
}

fn list(context: &Context) -> Result<(), Error> {
    let settings = &context.settings;
    let stored = settings.store.read()?;
    let view = |(name, profile): (String, crate::cli::credentials::Profile)| ProfileView {
        current: name == settings.profile_name,
        name,
        api_url: profile.api_url,
        ca_file: profile.ca_file,
        key_id: profile.key_id,
        account: profile.account,
    };
    let profiles: Vec<_> = stored.profiles.into_iter().map(view).collect();
    context.printer.list(&profiles)
}

fn choose(context: &Context, name: &str) -> Result<(), Error> {
    let server = context.settings.store.change(|stored| {
        let Some(profile) = stored.profiles.get(name) else {
            let error = Error::refused(format!("there is no profile {name}"));
            return Err(match alike(name, stored.profiles.keys()) {
                Some(meant) => error.hinting(format!("did you mean {meant}?")),
                None => error.hinting(format!("make it: keon login --profile {name}")),
            });
        };
        let server = profile.api_url.clone();
        stored.current_profile = Some(name.to_owned());
        Ok(server)
    })?;
    let note = format!("Profile {name} is used from now on ({server})");
    context.printer.note(&note)
}

impl Listed for ProfileView {
    const KIND: &'static str = "profile";
    const HEAD: &'static [&'static str] = &["", "NAME", "SERVER", "ACCOUNT", "KEY"];

    fn name(&self) -> &str {
        &self.name
    }

    fn row(&self, _now: Timestamp) -> Vec<String> {
        vec![
            if self.current { "*" } else { "" }.to_owned(),
            self.name.clone(),
            self.api_url.to_string(),
            self.account.clone().unwrap_or_default(),
            self.key_id.clone(),
        ]
    }
}
