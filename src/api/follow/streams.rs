//! How many streams are open: each holds a task and a connection, so they are bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::http::error::{ApiError, Code};

/// Streams of one credential at once.
const MOST: usize = 16;
/// Streams of all.
const MOST_OF_ALL: usize = 4_096;

/// Counts open streams by credential.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<String, usize>>>);

/// A stream that may be open. It is free again when this goes.
pub struct Place {
    streams: Streams,
    credential: String,
}

impl Streams {
    /// Takes a place for this credential.
    ///
    /// # Errors
    /// When it has all that it may have.
    pub fn take(&self, credential: &str) -> Result<Place, ApiError> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= MOST_OF_ALL {
            return Err(ApiError::new(Code::Busy).retry_after(std::time::Duration::from_secs(5)));
        }
        let count = open.entry(credential.to_owned()).or_default();
        if *count >= MOST {
            let detail = format!("at most {MOST} event streams of one credential at once: end one");
            return Err(ApiError::with(Code::RateLimited, detail)
                .retry_after(std::time::Duration::from_secs(5)));
        }
        *count += 1;
        Ok(Place {
            streams: self.clone(),
            credential: credential.to_owned(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self
            .streams
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.credential) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.credential);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_has_so_many_streams_and_no_more() {
        let streams = Streams::default();
        let mut places = (0..MOST)
            .map(|_| streams.take("key-1").unwrap_or_else(|_| panic!("refused")))
            .collect::<Vec<_>>();
        assert!(streams.take("key-1").is_err());
        assert!(streams.take("key-2").is_ok());
        places.pop();
        assert!(streams.take("key-1").is_ok());
    }
}
