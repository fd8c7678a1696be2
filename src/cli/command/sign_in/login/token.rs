//! Signing in with a key that somebody has, from standard input: neither the history of a shell
//! nor the list of processes may hold it.

use std::io::Read as _;

use secrecy::{ExposeSecret as _, SecretString};

use super::keep;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::domain::api_key::PlainKey;

/// Bytes that are read: a key, and white space around it.
const LONGEST: u64 = 1024;

/// Signs in.
///
/// # Errors
/// When there is no key there, the server does not accept it, or it cannot be kept.
pub(super) async fn run(context: &Context, value: Option<&str>) -> Result<(), Error> {
    if value != Some("-") {
        return Err(
            Error::usage("a key on the command line can be read by others").hinting(
                "write it to standard input: keon login --with-token - < key.txt; \
             if it was a real one, revoke it now: your shell keeps it in its history",
            ),
        );
    }
    if context.settings.environment.has_keyboard {
        return Err(
            Error::usage("standard input is a terminal, which would show the key")
                .hinting("keon login --with-token - < key.txt, or keon login with the browser"),
        );
    }
    let text = read().await?;
    let key = PlainKey::parse(text.expose_secret().trim()).map_err(|error| {
        Error::usage(format!("standard input holds no API key: {error}"))
            .hinting("make one in the console, or with keon api-keys create")
    })?;
    keep::given(context, &key).await?.tell(context).await
}

async fn read() -> Result<SecretString, Error> {
    let failed = |source| Error::File {
        verb: "read",
        path: "standard input".into(),
        source,
    };
    // In a thread, so that the person can interrupt.
    let reading = tokio::task::spawn_blocking(|| {
        let mut text = String::new();
        let stdin = std::io::stdin();
        let read = stdin.lock().take(LONGEST).read_to_string(&mut text);
        read.map(|_| SecretString::from(text))
    });
    match reading.await {
        Ok(text) => text.map_err(failed),
        Err(error) => Err(failed(error.into())),
    }
}
