//! Kubernetes events: one when the reason of `Ready` changes, for people who look at the object.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::events::{Event, EventType, Recorder};

use super::condition::find;
use crate::crd::condition::ConditionType;

/// The API server refuses longer notes.
const NOTE_LIMIT: usize = 1_000;

/// Publishes an event if the reason of `Ready` is another than before and the object has arrived or
/// cannot go on. An event that cannot be
/// published is logged: the status says the same.
pub async fn on_change(
    recorder: &Recorder,
    regarding: &ObjectReference,
    previous: &[Condition],
    made: &[Condition],
) {
    let Some(ready) = find(made, ConditionType::Ready) else {
        return;
    };
    if find(previous, ConditionType::Ready).is_some_and(|p| p.reason == ready.reason) {
        return;
    }
    // Steps on the way are in the status; an event tells where the way ended.
    let arrived = ready.status == "True" && !(previous.is_empty() && is_at_once(regarding));
    let stalled = find(made, ConditionType::Stalled).is_some_and(|c| c.status == "True");
    if !arrived && !stalled {
        return;
    }
    let event = Event {
        type_: if stalled {
            EventType::Warning
        } else {
            EventType::Normal
        },
        reason: ready.reason.clone(),
        note: Some(ready.message.chars().take(NOTE_LIMIT).collect()),
        action: "Reconcile".into(),
        secondary: None,
    };
    if let Err(error) = recorder.publish(&event, regarding).await {
        tracing::debug!(%error, "an event could not be published");
    }
}

/// A Project or an `ApiKey` that is at once as its spec says is no news.
fn is_at_once(regarding: &ObjectReference) -> bool {
    matches!(regarding.kind.as_deref(), Some("Project" | "ApiKey"))
}
