//! Signing in with a key that somebody has, from standard input.

use super::keep;
use crate::cli::command::standard_input;
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Signs in.
///
/// # Errors
/// When there is no key there, the server does not accept it, or it cannot be kept.
pub(super) async fn run(context: &Context, value: Option<&str>) -> Result<(), Error> {
    standard_input::check_named(
        value,
        "write it to standard input: keon login --with-token - < key.txt; \
         if it was a real one, revoke it now: your shell keeps it in its history",
    )?;
    if context.settings.environment.has_keyboard {
        return Err(
            Error::usage("standard input is a terminal, which would show the key")
                .hinting("keon login --with-token - < key.txt, or keon login with the browser"),
        );
    }
    let key = standard_input::api_key().await;
    let key = key
        .map_err(|error| error.hinting("make one in the console, or with keon api-keys create"))?;
    keep::given(context, &key).await?.tell(context).await
}
