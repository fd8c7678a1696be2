//! Changes to what was read: nobody else's change is lost, and what changes by itself meanwhile is
//! no reason to give up.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use serde::de::DeserializeOwned;

use super::{Call, Client};
use crate::cli::error::Error;
use crate::wire::endpoint::EndpointView;
use crate::wire::project::ProjectView;

/// How often something is read again at the most.
const AGAIN: usize = 12;

/// What has a version.
pub(crate) trait Versioned: DeserializeOwned {
    /// The version, for `If-Match`.
    fn etag(&self) -> &str;
}

impl Versioned for ProjectView {
    fn etag(&self) -> &str {
        &self.etag
    }
}

impl Versioned for EndpointView {
    fn etag(&self) -> &str {
        &self.etag
    }
}

impl Client {
    /// Makes a change to what was read from the path of these segments. Where it is not so any
    /// more it is read anew, and `change` asked again what to send.
    ///
    /// # Errors
    /// When `change` or the server refuses, or it never stays as it was read.
    pub(crate) async fn revise<'a, T: Versioned>(
        &'a self,
        segments: &[&str],
        mut read: T,
        change: impl Fn(&T) -> Result<Call<'a>, Error>,
    ) -> Result<T, Error> {
        let mut waits = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(20))
            .with_max_delay(Duration::from_millis(500))
            .with_jitter()
            .with_max_times(AGAIN)
            .build();
        loop {
            let sent = change(&read)?.if_match(read.etag()).json().await;
            let Err(refusal) = sent else {
                return sent;
            };
            if refusal.code() != Some("precondition_failed") {
                return Err(refusal);
            }
            let Some(wait) = waits.next() else {
                let message = "it changes all the time, so that no change of yours fits in";
                return Err(Error::refused(message).hinting("run the command again"));
            };
            tokio::time::sleep(wait).await;
            read = self.get(segments).await?;
        }
    }
}
