//! Kubernetes events: one when the reason of `Ready` changes, for people who look at the object.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::events::{Event, EventType, Recorder};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::condition::find;
use crate::crd::condition::ConditionType;

/// The API server refuses longer notes.
const NOTE_LIMIT: usize = 1_000;

/// An event to be published.
type Notice = (Event, ObjectReference);

/// Takes events to be published one after the other, behind all other work: nothing waits for
/// them.
pub struct Events(UnboundedSender<Notice>);

/// Publishes what [`Events`] has taken until that is gone. One that cannot be published is logged:
/// the status says the same.
pub async fn publish(recorder: Recorder, mut notices: UnboundedReceiver<Notice>) {
    while let Some((event, regarding)) = notices.recv().await {
        if let Err(error) = recorder.publish(&event, &regarding).await {
            tracing::debug!(%error, "an event could not be published");
        }
    }
}

impl Events {
    /// With the far end, for [`publish`].
    #[must_use]
    pub fn new() -> (Self, UnboundedReceiver<Notice>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }

    /// Takes an event if the reason of `Ready` is another than before and the object has arrived
    /// or cannot go on. A closed far end means that the process is ending.
    pub fn on_change(
        &self,
        regarding: &ObjectReference,
        previous: &[Condition],
        made: &[Condition],
    ) {
        if let Some(event) = event(regarding, previous, made) {
            let _ = self.0.send((event, regarding.clone()));
        }
    }
}

fn event(regarding: &ObjectReference, previous: &[Condition], made: &[Condition]) -> Option<Event> {
    let ready = find(made, ConditionType::Ready)?;
    if find(previous, ConditionType::Ready).is_some_and(|p| p.reason == ready.reason) {
        return None;
    }
    // Steps on the way are in the status; an event tells where the way ended.
    let arrived = ready.status == "True" && !(previous.is_empty() && is_at_once(regarding));
    let stalled = find(made, ConditionType::Stalled).is_some_and(|c| c.status == "True");
    (arrived || stalled).then(|| Event {
        type_: if stalled {
            EventType::Warning
        } else {
            EventType::Normal
        },
        reason: ready.reason.clone(),
        note: Some(ready.message.chars().take(NOTE_LIMIT).collect()),
        action: "Reconcile".into(),
        secondary: None,
    })
}

/// A Project or an `ApiKey` that is at once as its spec says is no news.
fn is_at_once(regarding: &ObjectReference) -> bool {
    matches!(regarding.kind.as_deref(), Some("Project" | "ApiKey"))
}
