//! Arguments of manifests, of the audit log, and of what helps a shell.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_complete::Shell;

/// Which manifests.
#[derive(Debug, Args)]
pub struct Manifests {
    /// A file, a folder of .yaml, .yml and .json files, or `-` for standard input (repeat it)
    #[arg(short, long = "filename", value_name = "FILE", required = true, value_hint = ValueHint::AnyPath)]
    pub filenames: Vec<PathBuf>,
    /// Look into the folders of a folder as well
    #[arg(short = 'R', long)]
    pub recursive: bool,
    /// Take over fields that another tool manages
    #[arg(long)]
    pub force: bool,
}

/// Apply manifests: the YAML that kubectl takes.
///
/// All documents are tried out first: if one is refused, nothing is written. Only more than 100
/// documents, or 256 KiB of them, go in several steps.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon apply -f shop.yaml
  keon apply -R -f manifests/
  kustomize build . | keon apply -f -")]
pub struct Apply {
    /// Which
    #[command(flatten)]
    pub manifests: Manifests,
    /// Wait until its endpoints are ready, and for how long
    #[command(flatten)]
    pub wait: super::endpoint::Wait,
}

/// Show what applying manifests would change.
///
/// Nothing is written. The API server's own dry run decides, so what is refused here would be
/// refused there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon plan -f shop.yaml
  keon plan -f shop.yaml --detailed-exitcode     for CI: 0 no changes, 1 failed, 2 changes")]
pub struct Plan {
    /// Which
    #[command(flatten)]
    pub manifests: Manifests,
    /// End with 2 where something would change, and with 0 where nothing would
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// List what was changed, and by whom.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon audit
  keon audit --limit 500 -o json")]
pub struct Audit {
    /// How many events, the newest first
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
}

/// Print the shell code that completes keon's words.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(keon completions bash)                          in ~/.bashrc
  keon completions fish > ~/.config/fish/completions/keon.fish")]
pub struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Write the manual pages.
#[derive(Debug, Args)]
pub struct Man {
    /// The folder to write to
    #[arg(value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
}
