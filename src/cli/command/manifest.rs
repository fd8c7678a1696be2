//! `keon apply` and `keon plan`.

use crate::cli::args::manifest::{Apply, Plan};
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Applies manifests.
pub(super) async fn apply(context: &Context, args: Apply) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}

/// Shows what would change.
pub(super) async fn plan(context: &Context, args: Plan) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}
