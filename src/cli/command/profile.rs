//! `keon profiles`.

use crate::cli::args::sign_in::Profiles;
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Does what was asked for.
pub(super) fn run(context: &Context, args: Profiles) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}
