//! What has become of something, in a word or two.

use jiff::Timestamp;

use crate::wire::resource::condition::ConditionView;

/// `Ready`, `Deleting`, `Stalled: <reason>`, or the reason why it is not ready yet.
pub(super) fn status(conditions: &[ConditionView], deleting_since: Option<Timestamp>) -> String {
    if deleting_since.is_some() {
        return "Deleting".to_owned();
    }
    let found = |of: &str| conditions.iter().find(|condition| condition.type_ == of);
    let holds = |of| found(of).filter(|condition| condition.status == "True");
    if holds("Ready").is_some() {
        return "Ready".to_owned();
    }
    match (holds("Stalled"), found("Ready")) {
        (Some(stalled), _) => format!("Stalled: {}", stalled.reason),
        (None, Some(ready)) => ready.reason.clone(),
        (None, None) => "Pending".to_owned(),
    }
}
