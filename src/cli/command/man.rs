//! What helps a shell and a reader: completions and manual pages.

use crate::cli::args::manifest::{Completions, Man};
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Prints the shell code that completes words.
pub(super) fn completions(context: &Context, args: Completions) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}

/// Writes the manual pages.
pub(super) fn pages(context: &Context, args: Man) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}
