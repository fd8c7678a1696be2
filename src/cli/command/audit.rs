//! `keon audit`.

use crate::cli::args::manifest::Audit;
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Lists what was changed.
pub(super) async fn run(context: &Context, args: Audit) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}
