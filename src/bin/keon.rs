//! The binary of the command-line client.

use std::process::ExitCode;

/// The commit that the build was told, for `--version`.
const COMMIT: Option<&str> = option_env!("KISENON_COMMIT");

fn main() -> ExitCode {
    kisenon::cli::main(COMMIT)
}
