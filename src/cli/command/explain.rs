//! `keon explain`.

use crate::cli::args::endpoint::Endpoint;
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Says who can reach an endpoint, and why.
pub(super) async fn endpoint(context: &Context, args: Endpoint) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}
