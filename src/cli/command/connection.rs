//! `keon connection-string` and `keon psql`.

use crate::cli::args::endpoint::{ConnectionString, Psql};
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Prints how to connect.
pub(super) async fn print(context: &Context, args: ConnectionString) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}

/// Runs psql.
pub(super) async fn psql(context: &Context, args: Psql) -> Result<(), Error> {
    let _ = (context, args);
    Err(Error::refused("not built yet"))
}
