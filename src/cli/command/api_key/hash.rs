//! `keon api-keys hash`.

use crate::cli::args::api_key::Hash;
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Makes a key and its manifest.
pub(super) fn run(_: &Context, _: Hash) -> Result<(), Error> {
    Err(Error::refused("not built yet"))
}
