//! `keon login`.

use crate::cli::args::sign_in::Login;
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Signs in.
pub(super) async fn run(context: &Context, args: Login) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}
