//! Arguments of signing in and out.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::value;

/// Sign in, and keep an API key on this machine.
///
/// Opens the browser at the console, where you agree, and waits for its answer on this machine.
/// The key is kept in ~/.config/keon/credentials.json, which only you can read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon login                              with the browser of this machine
  keon login --device                     with the browser of another one
  keon login --with-token - < key.txt     with a key that you have, for CI
  keon login --profile work --api-url https://api.example.com

The key takes the place of the one that the profile had, which is revoked.")]
pub struct Login {
    /// Show a code to type in a browser on another machine; chosen by itself where there is no
    /// browser here
    #[arg(long, conflicts_with_all = ["browser", "with_token"])]
    pub device: bool,
    /// Open the browser of this machine even where keon would not
    #[arg(long, conflicts_with = "with_token")]
    pub browser: bool,
    /// Keep an API key that you have; `-` reads it from standard input
    #[arg(long, value_name = "-")]
    pub with_token: Option<String>,
    /// What the new key is called in lists; else `keon on` and this machine's name
    #[arg(long, conflicts_with = "with_token")]
    pub label: Option<String>,
    /// How long to wait for you: 90s, 10m; else 5m, or with --device as long as the code is good
    #[arg(long, value_name = "TIME", value_parser = value::duration, conflicts_with = "with_token")]
    pub timeout: Option<Duration>,
    /// URL of the web console; else as the API says
    #[arg(
        long,
        env = "KISENON_CONSOLE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub console_url: Option<url::Url>,
}

/// Revoke this machine's API key, and forget it.
///
/// Keys that you have made with keon are others and stay valid: keon api-keys list.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon logout
  keon logout --profile work
  keon logout --local         where the server is gone")]
pub struct Logout {
    /// Forget the key on this machine alone; it stays valid
    #[arg(long)]
    pub local: bool,
}

/// Choose between sign-ins to several servers or accounts.
///
/// A profile is made by keon login --profile NAME, and removed by keon logout --profile NAME.
#[derive(Debug, Subcommand)]
pub enum Profiles {
    /// List the profiles of this machine
    List,
    /// Use a profile from now on
    Use {
        /// Its name
        #[arg(value_name = "PROFILE")]
        name: String,
    },
}

/// Open the web console.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon open
  keon open --print")]
pub struct Open {
    /// Print the URL instead
    #[arg(long)]
    pub print: bool,
    /// URL of the web console; else as the API says
    #[arg(
        long,
        env = "KISENON_CONSOLE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub console_url: Option<url::Url>,
}
