//! Changes as they happen, as server-sent events.

use eventsource_stream::Eventsource as _;
use futures::{Stream, StreamExt as _};
use reqwest::{Method, header};
use serde::de::DeserializeOwned;

use super::Client;
use crate::cli::error::Error;

/// Media type of a stream of events.
pub(super) const MEDIA_TYPE: &str = "text/event-stream";

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// `endpoint`, `project`, `deleted`, `synced` or `ping`.
    pub(crate) name: String,
    /// By which the stream can be taken up again.
    pub(crate) id: String,
    data: String,
    url: String,
}

impl Event {
    /// What has become of it.
    ///
    /// # Errors
    /// When it is not as the API writes it.
    pub(crate) fn data<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.data).map_err(|source| Error::Unexpected {
            url: self.url.clone(),
            source: source.into(),
        })
    }
}

impl Client {
    /// Follows the path of these segments, from after the event of this id on.
    ///
    /// # Errors
    /// When it is refused. What breaks later ends the stream with an error.
    pub(crate) async fn events(
        &self,
        segments: &[&str],
        after: Option<&str>,
    ) -> Result<impl Stream<Item = Result<Event, Error>> + use<>, Error> {
        let mut call = self.call(Method::GET, segments);
        call = call.header(header::ACCEPT, MEDIA_TYPE);
        if let Some(id) = after {
            call = call.header(header::HeaderName::from_static("last-event-id"), id);
        }
        let url = self.base.to_string();
        let events = call.send().await?.bytes_stream().eventsource();
        Ok(events.map(move |event| match event {
            Ok(event) => Ok(Event {
                name: event.event,
                id: event.id,
                data: event.data,
                url: url.clone(),
            }),
            Err(error) => Err(Error::Unexpected {
                url: url.clone(),
                source: error.to_string().into(),
            }),
        }))
    }
}
