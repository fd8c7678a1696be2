//! The binary of the command-line client.

use std::sync::LazyLock;

use clap::Parser;

/// Command-line client of Kisenon. This build has no commands yet.
#[derive(Debug, Parser)]
#[command(name = "keon", version = VERSION.as_str(), arg_required_else_help = true)]
struct Cli {}

/// Version, and the commit it was built from if the build was told.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let version = env!("CARGO_PKG_VERSION");
    match option_env!("KISENON_COMMIT") {
        Some(commit) => format!("{version} ({commit})"),
        None => version.to_owned(),
    }
});

fn main() {
    Cli::parse();
}
