//! `keon endpoints`.

use crate::cli::args::endpoint::Endpoints;
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Does what was asked for.
pub(super) async fn run(context: &Context, args: Endpoints) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}
