//! What is set where, resolved once: the command line before the environment before the stored
//! profile. Nothing else reads the environment.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use etcetera::BaseStrategy as _;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::args::{Color, GlobalArgs, Output};
use super::credentials::{CredentialStore, Profile};
use super::error::Error;
use crate::domain::api_key::PlainKey;

/// Where the API is unless somebody says otherwise.
const DEFAULT_API_URL: &str = "https://api.kisenon.com/";
/// Name of the profile unless somebody says otherwise.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// What the process was started with, beside its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    /// `KISENON_API_KEY`.
    pub(crate) api_key: Option<SecretString>,
    /// The folder of configuration files (XDG Base Directory Specification).
    pub(crate) config_folder: Option<PathBuf>,
    /// The folder of files that can be made again.
    pub(crate) cache_folder: Option<PathBuf>,
    /// Names of libpq's variables that are set: `PGHOST` and its like.
    pub(crate) libpq_variables: Vec<OsString>,
    /// Whether somebody can answer questions.
    pub(crate) has_keyboard: bool,
    /// Whether messages go to a screen.
    pub(crate) has_message_screen: bool,
    /// Whether a browser can be opened where the person sits.
    pub(crate) has_browser: bool,
}

impl Environment {
    /// Of this process.
    pub(crate) fn read() -> Self {
        let folders = etcetera::choose_base_strategy().ok();
        Self {
            api_key: text("KISENON_API_KEY").map(SecretString::from),
            config_folder: folders.as_ref().map(|of| of.config_dir().join("keon")),
            cache_folder: folders.as_ref().map(|of| of.cache_dir().join("keon")),
            libpq_variables: names("PG"),
            has_keyboard: std::io::stdin().is_terminal(),
            has_message_screen: std::io::stderr().is_terminal(),
            has_browser: has_browser(),
        }
    }
}

/// A variable that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Names of the variables that begin so.
fn names(start: &str) -> Vec<OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    let begins = |name: &OsString| name.as_encoded_bytes().starts_with(start.as_bytes());
    names.filter(begins).collect()
}

/// The line that a shell wants a word of: what stands after `--`.
pub(super) fn words_to_complete() -> Vec<OsString> {
    let before = |word: &OsString| word != "--";
    std::env::args_os().skip_while(before).skip(1).collect()
}

/// A browser opens at the person's own screen: not from a remote shell nor from a container.
fn has_browser() -> bool {
    if text("BROWSER").is_some() {
        return true;
    }
    let is_remote = ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"]
        .iter()
        .any(|name| text(name).is_some());
    let is_container = ["/.dockerenv", "/run/.containerenv"]
        .iter()
        .any(|path| std::path::Path::new(path).exists());
    let has_display = !cfg!(all(unix, not(target_os = "macos")))
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| text(name).is_some());
    has_display && !is_remote && !is_container
}

/// An API key, and where it was found.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    /// The key.
    pub(crate) key: SecretString,
    /// Where it was found.
    pub(crate) source: Source,
}

/// Where a key was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `KISENON_API_KEY`.
    Environment,
    /// The profile of this name.
    Profile(String),
}

/// Everything that is set.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The API.
    pub(crate) api_url: Url,
    /// Authorities to trust instead of the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// Name of the profile.
    pub(crate) profile_name: String,
    /// The profile, where there is one of that name.
    pub(crate) profile: Option<Profile>,
    /// What to send.
    pub(crate) credential: Option<Credential>,
    /// Where profiles are kept.
    pub(crate) store: CredentialStore,
    /// How data is written.
    pub(crate) output: Output,
    /// Whether to colour.
    pub(crate) color: Color,
    /// Whether to leave out what is only nice to know.
    pub(crate) quiet: bool,
    /// What the process was started with.
    pub(crate) environment: Environment,
}

impl Settings {
    /// Whether people see, and want to see, what is being waited for.
    pub(crate) const fn shows_progress(&self) -> bool {
        self.environment.has_message_screen && !self.quiet
    }

    /// Whether somebody can be asked.
    pub(crate) const fn can_ask(&self) -> bool {
        self.environment.has_keyboard && self.environment.has_message_screen
    }

    /// Resolves what is set.
    ///
    /// # Errors
    /// When the stored profiles cannot be trusted or read, or what is set contradicts itself.
    pub(crate) fn resolve(args: &GlobalArgs, environment: Environment) -> Result<Self, Error> {
        let store = CredentialStore::in_folder(environment.config_folder.clone());
        let stored = store.read()?;
        let profile_name = args
            .profile
            .clone()
            .filter(|name| !name.is_empty())
            .or_else(|| stored.current_profile.clone())
            .unwrap_or_else(|| DEFAULT_PROFILE.to_owned());
        let profile = stored.profiles.get(&profile_name).cloned();
        let api_url = match (&args.api_url, &profile) {
            (Some(url), _) => url.clone(),
            (None, Some(profile)) => profile.api_url.clone(),
            (None, None) => parse(DEFAULT_API_URL)?,
        };
        check_transport(&api_url)?;
        let ca_file = args.ca_file.clone().or_else(|| {
            let profile = profile.as_ref().filter(|profile| profile.is_for(&api_url));
            profile.and_then(|profile| profile.ca_file.clone())
        });
        let credential = credential(&environment, &profile_name, profile.as_ref(), &api_url)?;
        Ok(Self {
            api_url,
            ca_file,
            profile_name,
            profile,
            credential,
            store,
            output: args.output,
            color: args.color,
            quiet: args.quiet,
            environment,
        })
    }
}

fn parse(url: &str) -> Result<Url, Error> {
    Url::parse(url).map_err(|_| Error::usage(format!("{url} is not a URL")))
}

/// Whether the URL names this machine by an address. What a name leads to is for others to say.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(_)) | None => false,
    }
}

/// A key travels over TLS, or does not leave the machine.
fn check_transport(url: &Url) -> Result<(), Error> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        _ => Err(
            Error::usage(format!("{url} would send the API key in clear text"))
                .hinting("write a URL that begins with https://"),
        ),
    }
}

/// The key to send: a stored one goes to the server that it is of, and to no other.
fn credential(
    environment: &Environment,
    name: &str,
    profile: Option<&Profile>,
    api_url: &Url,
) -> Result<Option<Credential>, Error> {
    if let Some(key) = &environment.api_key {
        let key = PlainKey::parse(key.expose_secret().trim()).map_err(|error| {
            Error::usage(format!("KISENON_API_KEY is no API key: {error}"))
                .hinting("make one with keon api-keys create, or unset the variable")
        })?;
        return Ok(Some(Credential {
            key: key.text().clone(),
            source: Source::Environment,
        }));
    }
    Ok(profile
        .filter(|of| of.is_for(api_url))
        .map(|profile| Credential {
            key: profile.api_key.clone(),
            source: Source::Profile(name.to_owned()),
        }))
}
