//! What may be typed: names, values and help. Nothing here does anything.

pub mod api_key;
pub mod endpoint;
pub mod manifest;
pub mod project;
pub mod sign_in;
mod value;

use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum, ValueHint};
use url::Url;

/// Postgres endpoints, each behind its own network perimeter.
#[derive(Debug, Parser)]
#[command(name = "keon", disable_help_subcommand = true, after_help = EXAMPLES)]
pub struct Args {
    /// What every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  keon login                                       sign in with the browser
  keon projects create shop                        a project
  keon endpoints create main --project shop --allow 203.0.113.0/24
  keon psql main                                   a shell on it
  keon explain endpoint main                       who can reach it, and why";

/// The program's arguments, with its version.
#[must_use]
pub fn command(commit: Option<&'static str>) -> clap::Command {
    let version = env!("CARGO_PKG_VERSION");
    let version = commit.map_or_else(
        || version.to_owned(),
        |commit| format!("{version} ({commit})"),
    );
    Args::command().version(version)
}

/// What every command takes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Profile to use: a sign-in to one server
    #[arg(
        long,
        global = true,
        env = "KISENON_PROFILE",
        hide_env_values = true,
        value_name = "NAME"
    )]
    pub profile: Option<String>,
    /// URL of the API
    #[arg(
        long,
        global = true,
        env = "KISENON_API_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub api_url: Option<Url>,
    /// Trust these certificate authorities (PEM) instead of the system's
    #[arg(long, global = true, env = "KISENON_CA_FILE", hide_env_values = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ca_file: Option<PathBuf>,
    /// How to write data: table, json, yaml or name
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        value_name = "FORMAT"
    )]
    pub output: Output,
    /// When to colour: auto, always or never; `NO_COLOR` counts too
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        value_name = "WHEN"
    )]
    pub color: Color,
    /// Leave out progress and remarks
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// How data is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
    /// For files
    Yaml,
    /// Names alone, one a line
    Name,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in, and keep an API key on this machine
    Login(sign_in::Login),
    /// Revoke this machine's API key, and forget it
    Logout(sign_in::Logout),
    /// Say who is signed in, and where
    Whoami,
    /// Choose between sign-ins to several servers or accounts
    #[command(subcommand, visible_alias = "profile", arg_required_else_help = true)]
    Profiles(sign_in::Profiles),
    /// Groups of endpoints that share a Postgres version, a quota and a network
    #[command(subcommand, visible_alias = "project", arg_required_else_help = true)]
    Projects(project::Projects),
    /// Postgres servers, each behind its own perimeter
    #[command(subcommand, visible_alias = "endpoint", arg_required_else_help = true)]
    Endpoints(endpoint::Endpoints),
    /// Keys for programs
    #[command(subcommand, visible_alias = "api-key", arg_required_else_help = true)]
    ApiKeys(api_key::ApiKeys),
    /// Print how to connect to an endpoint
    ConnectionString(endpoint::ConnectionString),
    /// Open psql on an endpoint, with its certificate checked
    Psql(endpoint::Psql),
    /// Say who can reach something, and why
    #[command(subcommand, arg_required_else_help = true)]
    Explain(endpoint::Explain),
    /// Apply manifests: the YAML that kubectl takes
    Apply(manifest::Apply),
    /// Show what applying manifests would change
    Plan(manifest::Plan),
    /// List what was changed, and by whom
    Audit(manifest::Audit),
    /// Open the web console
    Open(sign_in::Open),
    /// Print the shell code that completes keon's words
    Completions(manifest::Completions),
    /// Write the manual pages
    #[command(hide = true)]
    Man(manifest::Man),
}
