//! `keon api-keys`.

mod hash;

use crate::cli::args::api_key::ApiKeys;
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Does what was asked for.
pub(super) async fn run(context: &Context, args: ApiKeys) -> Result<(), Error> {
    match args {
        ApiKeys::Hash(args) => hash::run(context, args),
        _ => Err(Error::refused("not built yet")),
    }
}
