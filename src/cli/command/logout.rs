//! `keon logout`.

use crate::cli::args::sign_in::Logout;
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Signs out.
pub(super) async fn run(context: &Context, args: Logout) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}
