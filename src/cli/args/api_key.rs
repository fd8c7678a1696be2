//! Arguments of API keys.

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use super::value;

/// Keys for programs.
#[derive(Debug, Subcommand)]
pub enum ApiKeys {
    /// List API keys
    #[command(
        visible_alias = "ls",
        after_help = "\
Examples:
  keon api-keys list
  keon api-keys list -o json"
    )]
    List,
    /// Show what is known of an API key
    #[command(visible_alias = "show")]
    Get(ApiKey),
    /// Make an API key, which is shown once
    Create(Create),
    /// Rename an API key
    #[command(visible_alias = "rename")]
    Update(Update),
    /// Revoke an API key
    #[command(visible_aliases = ["revoke", "rm"])]
    Delete(Delete),
    /// Make a key and its manifest for Git, without asking any server
    Hash(Hash),
}

/// Which API key.
#[derive(Debug, Args)]
pub struct ApiKey {
    /// Label, prefix or id of the key
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// Make an API key, which is shown once.
///
/// The key is written to standard output, all else to standard error. It can do no more than the
/// credential that makes it, and ends with it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon api-keys create ci --scope read --project shop --expires-in 90d
  KISENON_API_KEY=$(keon api-keys create ci --quiet)
  keon api-keys create ci -o json")]
pub struct Create {
    /// Name for people
    pub label: String,
    /// What it may do
    #[command(flatten)]
    pub reach: Reach,
}

/// What a key may do, and for how long.
#[derive(Debug, Args)]
pub struct Reach {
    /// What it may do (repeat it, or separate with commas); else as much as what makes it
    #[arg(
        long = "scope",
        value_enum,
        value_name = "SCOPE",
        value_delimiter = ','
    )]
    pub scopes: Vec<Scope>,
    /// The only project that it may touch
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
    /// When it ends: 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub expires_at: Option<Timestamp>,
    /// In how long it ends: 90d, 12h
    #[arg(long, value_name = "TIME", conflicts_with = "expires_at", value_parser = value::span)]
    pub expires_in: Option<jiff::Span>,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// Read
    Read,
    /// Create, change and delete
    Write,
}

/// Rename an API key.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon api-keys update ci --label deploy")]
pub struct Update {
    /// Which
    #[command(flatten)]
    pub key: ApiKey,
    /// Its new name for people
    #[arg(long, value_name = "TEXT")]
    pub label: String,
}

/// Revoke an API key.
///
/// Once this returns no server accepts the key any more, nor the keys that it has made.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon api-keys revoke ci
  keon api-keys revoke nsk_4fQ0sT9bZx --keep-children --yes")]
pub struct Delete {
    /// Which
    #[command(flatten)]
    pub key: ApiKey,
    /// Keep the keys that it has made
    #[arg(long)]
    pub keep_children: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// Make a key and its manifest for Git, without asking any server.
///
/// The manifest holds a hash and goes to standard output; the key goes to standard error, or to a
/// file that only you can read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon api-keys hash ci --namespace acme --key-file ci.key > ci.yaml
  kubectl apply -f ci.yaml
  keon api-keys hash ci --with-token - < ci.key > ci.yaml      for a key that you have")]
pub struct Hash {
    /// Name of the object, and its label
    pub name: String,
    /// Namespace of the manifest
    #[arg(long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// Name for people; else the name
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// What the key is used for
    #[arg(long, value_name = "TEXT", default_value = "automation")]
    pub role: String,
    /// Id of the user whom the key acts for, instead of a role; keon apply takes your own alone
    #[arg(long, value_name = "USER", conflicts_with = "role")]
    pub user: Option<String>,
    /// Hash this key instead of a new one; `-` reads it from standard input
    #[arg(long, value_name = "-", conflicts_with = "key_file")]
    pub with_token: Option<String>,
    /// Write the new key to this file, which must not exist
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub key_file: Option<std::path::PathBuf>,
    /// What it may do
    #[command(flatten)]
    pub reach: Reach,
}
