//! Ending a key of this machine, on the server.

use reqwest::Method;
use secrecy::SecretString;

use crate::cli::context::Context;
use crate::cli::error::Error;

/// How a key came to be invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was revoked just now.
    Now,
    /// The server has not accepted it any more.
    Already,
}

/// Revokes this key, which alone is needed for that. The keys that it has made are other
/// machines', so they stay.
///
/// # Errors
/// When the server cannot be asked or does not do it.
pub(super) async fn key(context: &Context, key: &SecretString, id: &str) -> Result<Ended, Error> {
    let client = context.client_with(key)?;
    let call = client.call(Method::DELETE, &["v1", "api-keys", id]);
    match call.query("cascade", "false").done().await {
        Ok(()) => Ok(Ended::Now),
        Err(Error::NotSignedIn { .. }) => Ok(Ended::Already),
        Err(error) => Err(error),
    }
}
