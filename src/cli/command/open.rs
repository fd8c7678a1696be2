//! `keon open`.

use crate::cli::args::sign_in::Open;
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Opens the web console.
pub(super) async fn run(context: &Context, args: Open) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}
