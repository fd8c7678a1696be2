//! What a client sends and no handler reads: a refusal often stands before the body is there. The
//! rest is read all the same and thrown away, within bounds. To drop it would reset the stream
//! (RFC 9113 section 8.1), and curl before 8 takes that for a failure and loses the answer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::Request;
use futures::{Stream, StreamExt as _};
use tokio::runtime::Handle;

use crate::domain::request_bound::BODY_BYTES;

/// As much as any route takes; a client that sends more is cut off.
const BOUND: usize = BODY_BYTES;
/// How long a client may take for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The request with a body that is read to its end, whoever drops it.
#[must_use]
pub fn taken(request: Request) -> Request {
    request.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        let rest = Some(body.into_data_stream());
        Body::from_stream(Unread { rest })
    })
}

/// A body, until it has ended.
struct Unread {
    rest: Option<BodyDataStream>,
}

impl Stream for Unread {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        let part = ready!(rest.poll_next_unpin(context));
        if !matches!(part, Some(Ok(_))) {
            self.rest = None;
        }
        Poll::Ready(part)
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        // Without a runtime the process ends, and the connection with it.
        if let (Some(rest), Ok(runtime)) = (self.rest.take(), Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(PATIENCE, discard(rest)));
        }
    }
}

async fn discard(mut rest: BodyDataStream) {
    let mut left = BOUND;
    while let Some(Ok(part)) = rest.next().await {
        let Some(less) = left.checked_sub(part.len()) else {
            return;
        };
        left = less;
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::channel::mpsc;
    use tokio::time::timeout;

    use super::*;

    const PART: Bytes = Bytes::from_static(&[0; 1024]);

    /// A request whose body comes from the sender.
    fn request() -> (mpsc::Sender<Result<Bytes, Infallible>>, Request) {
        let (sender, body) = mpsc::channel(0);
        (sender, taken(Request::new(Body::from_stream(body))))
    }

    /// Sends parts until nobody takes them; how many were taken.
    async fn send(mut sender: mpsc::Sender<Result<Bytes, Infallible>>, parts: usize) -> usize {
        for sent in 0..parts {
            let ready = futures::future::poll_fn(|context| sender.poll_ready(context));
            if ready.await.is_err() || sender.start_send(Ok(PART)).is_err() {
                return sent;
            }
        }
        parts
    }

    #[tokio::test]
    async fn a_body_that_nobody_reads_is_taken_to_its_end() {
        let (sender, request) = request();
        drop(request);
        assert_eq!(send(sender, 100).await, 100);
    }

    #[tokio::test]
    async fn what_a_handler_reads_is_what_was_sent() {
        let (sender, request) = request();
        let sending = tokio::spawn(send(sender, 3));
        let read = axum::body::to_bytes(request.into_body(), usize::MAX).await;
        assert_eq!(read.unwrap().len(), 3 * PART.len());
        assert_eq!(sending.await.unwrap(), 3);
    }

    #[tokio::test]
    async fn a_body_without_an_end_is_cut_off() {
        let (sender, request) = request();
        drop(request);
        let taken = timeout(PATIENCE, send(sender, usize::MAX)).await.unwrap();
        assert!(taken <= BOUND / PART.len() + 3, "{taken}");
    }

    #[tokio::test]
    async fn a_client_that_stops_sending_is_not_waited_for() {
        let (held, gone) = futures::channel::oneshot::channel::<()>();
        let silent = futures::stream::pending::<Result<Bytes, Infallible>>();
        let silent = silent.inspect(move |_| assert!(!held.is_canceled()));
        drop(taken(Request::new(Body::from_stream(silent))));
        let ended = timeout(PATIENCE * 2, gone).await;
        assert!(ended.is_ok(), "the body is still held");
    }
}
