//! What has become of something, in a word or two, and how that is.

use jiff::Timestamp;

use crate::cli::printer::Tone;
use crate::wire::endpoint::{EndpointView, Phase};
use crate::wire::project::ProjectView;
use crate::wire::resource::condition::ConditionView;

/// Of an endpoint: `Ready`, `Stopped`, `Stalled: <reason>`, or where it is on its way.
pub(super) fn of_endpoint(endpoint: &EndpointView) -> (String, Tone) {
    let is_current = endpoint.observed_generation == Some(endpoint.generation);
    if let Some(found) = unusual(&endpoint.conditions, endpoint.deleting_since, is_current) {
        return found;
    }
    let ready = ConditionView::find(&endpoint.conditions, "Ready");
    let is_ready = ready.is_some_and(ConditionView::holds);
    let why = ready
        .map(|of| &*of.reason)
        .filter(|reason| *reason != "Progressing" && !is_ready);
    match endpoint.phase {
        // It has been so, and what was asked for since has not been looked at.
        _ if !is_current && endpoint.observed_generation.is_some() => {
            ("Updating".to_owned(), Tone::Moving)
        }
        Phase::Stopped => ("Stopped".to_owned(), Tone::Quiet),
        Phase::Running if is_ready => ("Ready".to_owned(), Tone::Good),
        Phase::Failed => (with_reason("Failed", why), Tone::Bad),
        Phase::Stopping => ("Stopping".to_owned(), Tone::Moving),
        Phase::Starting => (with_reason("Starting", why), Tone::Moving),
        Phase::Running | Phase::Pending => (with_reason("Pending", why), Tone::Moving),
    }
}

/// Of a project: `Ready`, `Stalled: <reason>`, or that it is on its way.
pub(super) fn of_project(project: &ProjectView) -> (String, Tone) {
    let is_current = project.observed_generation == Some(project.generation);
    if let Some(found) = unusual(&project.conditions, project.deleting_since, is_current) {
        return found;
    }
    match ConditionView::find(&project.conditions, "Ready") {
        Some(ready) if ready.holds() && is_current => ("Ready".to_owned(), Tone::Good),
        Some(_) if !is_current => ("Updating".to_owned(), Tone::Moving),
        Some(ready) => (with_reason("Pending", Some(&ready.reason)), Tone::Moving),
        None => ("Pending".to_owned(), Tone::Moving),
    }
}

/// Conditions a line each, in words.
pub(super) fn in_words(conditions: &[ConditionView]) -> String {
    let width = conditions.iter().map(|of| of.type_.len()).max();
    let width = width.unwrap_or_default();
    let line = |of: &ConditionView| {
        let (holds, reason) = match &*of.status {
            "True" => ("yes", String::new()),
            "False" => ("no", format!("{}: ", of.reason)),
            _ => ("unknown", format!("{}: ", of.reason)),
        };
        format!("{:width$}  {holds:3}  {reason}{}", of.type_, of.message)
    };
    conditions.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn unusual(
    conditions: &[ConditionView],
    deleting_since: Option<Timestamp>,
    is_current: bool,
) -> Option<(String, Tone)> {
    if deleting_since.is_some() {
        return Some(("Deleting".to_owned(), Tone::Moving));
    }
    let stalled = ConditionView::holding(conditions, "Stalled").filter(|_| is_current)?;
    Some((format!("Stalled: {}", stalled.reason), Tone::Bad))
}

fn with_reason(word: &str, reason: Option<&str>) -> String {
    reason.map_or_else(|| word.to_owned(), |reason| format!("{word}: {reason}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn condition(type_: &str, status: &str, reason: &str) -> Value {
        json!({
            "type": type_, "status": status, "reason": reason, "message": "since it is so",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        })
    }

    fn status(phase: &str, conditions: &Value, change: &Value) -> (String, Tone) {
        let mut view = json!({
            "id": "ep-1", "name": "main", "project": {"name": "shop"},
            "declaredByProject": false, "compute": {"cpu": "1", "memory": "1Gi"},
            "storage": {"size": "1Gi"}, "database": "main",
            "role": {"name": "app", "passwordSource": "operator"},
            "desiredState": "Running", "phase": phase, "conditions": conditions,
            "createdAt": "2026-01-01T00:00:00Z", "generation": 2, "observedGeneration": 2,
            "etag": "7",
        });
        let members = view.as_object_mut().unwrap();
        members.extend(change.as_object().unwrap().clone());
        of_endpoint(&serde_json::from_value(view).unwrap())
    }

    #[test]
    fn the_status_is_what_people_ask_for() {
        let ready = json!([condition("Ready", "True", "Succeeded")]);
        let suspended = json!([condition("Ready", "True", "Suspended")]);
        let waiting = json!([condition("Ready", "False", "GatePending")]);
        let failed = json!([condition("Ready", "False", "ServerFailed")]);
        let stalled = json!([condition("Stalled", "True", "AccessMissing")]);
        let (now, old) = (json!({}), json!({"observedGeneration": 1}));
        let new = json!({"observedGeneration": null});
        let going = json!({"deletingSince": "2026-01-01T00:00:00Z"});
        for (phase, conditions, change, text, tone) in [
            ("Running", &ready, &now, "Ready", Tone::Good),
            ("Stopped", &suspended, &now, "Stopped", Tone::Quiet),
            (
                "Pending",
                &waiting,
                &now,
                "Pending: GatePending",
                Tone::Moving,
            ),
            ("Failed", &failed, &now, "Failed: ServerFailed", Tone::Bad),
            (
                "Pending",
                &stalled,
                &now,
                "Stalled: AccessMissing",
                Tone::Bad,
            ),
            ("Running", &ready, &old, "Updating", Tone::Moving),
            ("Pending", &stalled, &old, "Updating", Tone::Moving),
            ("Pending", &json!([]), &new, "Pending", Tone::Moving),
            ("Running", &ready, &going, "Deleting", Tone::Moving),
        ] {
            let told = status(phase, conditions, change);
            assert_eq!(told, (text.to_owned(), tone));
        }
    }
}
