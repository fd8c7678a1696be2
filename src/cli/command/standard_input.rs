//! An API key on standard input: neither the history of a shell nor the list of processes may hold
//! one.

use std::io::Read as _;

use secrecy::{ExposeSecret as _, SecretString};

use crate::cli::error::Error;
use crate::domain::api_key::PlainKey;

/// What stands for standard input in an argument.
const STDIN: &str = "-";
/// Bytes that are read: a key, and white space around it.
const LONGEST: u64 = 1024;

/// Refuses an argument that names anything but standard input: it may be a key.
///
/// # Errors
/// When it does.
pub(super) fn check_named(argument: Option<&str>, hint: &str) -> Result<(), Error> {
    match argument {
        Some(STDIN) => Ok(()),
        _ => Err(Error::usage("a key on the command line can be read by others").hinting(hint)),
    }
}

/// The key on standard input.
///
/// # Errors
/// When there is none, or it cannot be read.
pub(super) async fn api_key() -> Result<PlainKey, Error> {
    let text = read().await?;
    PlainKey::parse(text.expose_secret().trim())
        .map_err(|error| Error::usage(format!("standard input holds no API key: {error}")))
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
