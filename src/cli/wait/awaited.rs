//! What can be waited for, and when it is so. Pure.
//!
//! What is said of an older generation says nothing of what was asked for since.

use std::fmt;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::cli::error::Error;
use crate::wire::endpoint::{DesiredState, EndpointView, Phase};
use crate::wire::project::ProjectView;
use crate::wire::resource::condition::ConditionView;
use crate::wire::resource::event::name;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// All is as it was asked for: an endpoint accepts clients, a project takes endpoints.
    Ready,
    /// The endpoint is stopped.
    Stopped,
    /// It is gone.
    Gone,
}

impl Goal {
    /// What an endpoint comes to by itself.
    pub(crate) const fn of(endpoint: &EndpointView) -> Self {
        match endpoint.desired_state {
            DesiredState::Running => Self::Ready,
            DesiredState::Suspended => Self::Stopped,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "is ready",
            Self::Stopped => "is stopped",
            Self::Gone => "is gone",
        })
    }
}

/// Something that can be waited for.
pub(crate) trait Awaited: Clone + DeserializeOwned {
    /// Its kind, for people.
    const KIND: &'static str;
    /// The name of the events that tell of it.
    const EVENT: &'static str;

    fn id(&self) -> &str;
    fn name(&self) -> &str;
    /// Segments of the path of its events.
    fn events(&self) -> Vec<String>;
    /// What was asked for, and what the rest speaks of.
    fn generations(&self) -> (i64, Option<i64>);
    fn conditions(&self) -> &[ConditionView];
    fn deleting_since(&self) -> Option<Timestamp>;
    /// Where it is on its way, in a word.
    fn stage(&self) -> &'static str;
    /// Why it can never come to this goal.
    fn obstacle(&self, goal: Goal) -> Option<String>;
    /// Whether it has come to this goal, if what is said of it is of now.
    fn has_come_to(&self, goal: Goal) -> bool;

    /// Whether the goal is reached.
    ///
    /// # Errors
    /// When it cannot be.
    fn is_reached(&self, goal: Goal) -> Result<bool, Error> {
        if goal == Goal::Gone {
            return Ok(false);
        }
        let (kind, name) = (Self::KIND, self.name());
        if self.deleting_since().is_some() {
            let message = format!("{kind} {name} is being deleted");
            return Err(Error::refused(message));
        }
        if let Some(why) = self.obstacle(goal) {
            return Err(Error::refused(format!("{kind} {name} {why}")));
        }
        let (asked, observed) = self.generations();
        if observed != Some(asked) {
            return Ok(false);
        }
        if let Some(stalled) = ConditionView::holding(self.conditions(), "Stalled") {
            return Err(Error::Stalled {
                message: format!("{kind} {name} is stalled: {}", stalled.reason),
                source: stalled.message.clone().into(),
                hint: remedy(&stalled.reason, kind, name),
            });
        }
        Ok(self.has_come_to(goal))
    }

    /// Where it is on its way, and what it waits for, for people.
    fn words(&self) -> String {
        let (name, stage) = (self.name(), self.stage());
        if self.deleting_since().is_some() {
            return format!("{name}: Deleting");
        }
        let (asked, observed) = self.generations();
        let waits = ConditionView::holding(self.conditions(), "Reconciling")
            .filter(|_| observed == Some(asked));
        match waits {
            Some(condition) => format!("{name}: {stage}: {}", condition.message),
            None => format!("{name}: {stage}"),
        }
    }
}

impl Awaited for EndpointView {
    const KIND: &'static str = "endpoint";
    const EVENT: &'static str = name::ENDPOINT;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn events(&self) -> Vec<String> {
        ["v1", "endpoints", &self.id, "events"]
            .map(str::to_owned)
            .to_vec()
    }

    fn generations(&self) -> (i64, Option<i64>) {
        (self.generation, self.observed_generation)
    }

    fn conditions(&self) -> &[ConditionView] {
        &self.conditions
    }

    fn deleting_since(&self) -> Option<Timestamp> {
        self.deleting_since
    }

    fn stage(&self) -> &'static str {
        match self.phase {
            Phase::Pending => "Pending",
            Phase::Starting => "Starting",
            Phase::Running => "Running",
            Phase::Stopping => "Stopping",
            Phase::Stopped => "Stopped",
            Phase::Failed => "Failed",
        }
    }

    fn obstacle(&self, goal: Goal) -> Option<String> {
        let why = match (goal, self.desired_state) {
            (Goal::Ready, DesiredState::Suspended) => "was suspended meanwhile",
            (Goal::Stopped, DesiredState::Running) => "was resumed meanwhile",
            _ => return None,
        };
        Some(why.to_owned())
    }

    fn has_come_to(&self, goal: Goal) -> bool {
        let phase = match goal {
            Goal::Ready => Phase::Running,
            Goal::Stopped => Phase::Stopped,
            Goal::Gone => return false,
        };
        self.phase == phase && ConditionView::holding(&self.conditions, "Ready").is_some()
    }
}

impl Awaited for ProjectView {
    const KIND: &'static str = "project";
    const EVENT: &'static str = name::PROJECT;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn events(&self) -> Vec<String> {
        // There is no stream of one project.
        ["v1", "events"].map(str::to_owned).to_vec()
    }

    fn generations(&self) -> (i64, Option<i64>) {
        (self.generation, self.observed_generation)
    }

    fn conditions(&self) -> &[ConditionView] {
        &self.conditions
    }

    fn deleting_since(&self) -> Option<Timestamp> {
        self.deleting_since
    }

    fn stage(&self) -> &'static str {
        match ConditionView::holding(&self.conditions, "Ready") {
            Some(_) => "Ready",
            None => "Pending",
        }
    }

    fn obstacle(&self, _: Goal) -> Option<String> {
        None
    }

    fn has_come_to(&self, goal: Goal) -> bool {
        goal == Goal::Ready && ConditionView::holding(&self.conditions, "Ready").is_some()
    }
}

/// What to type where something is stalled for this reason.
fn remedy(reason: &str, kind: &str, name: &str) -> String {
    match reason {
        "AccessMissing" => format!("keon endpoints allow {name} CIDR"),
        "AccessInvalid" => format!("keon endpoints allow {name} CIDR --replace"),
        "ParameterInvalid" => format!("keon endpoints update {name} --parameter NAME=VALUE"),
        _ => format!("it goes on by itself once that has changed: keon {kind}s get {name}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn endpoint(change: &Value) -> EndpointView {
        let mut view = json!({
            "id": "ep-1", "name": "main", "project": {"name": "shop"},
            "declaredByProject": false, "compute": {"cpu": "1", "memory": "1Gi"},
            "storage": {"size": "1Gi"}, "database": "main",
            "role": {"name": "app", "passwordSource": "operator"},
            "desiredState": "Running", "phase": "Running",
            "conditions": [condition("Ready")], "createdAt": "2026-01-01T00:00:00Z",
            "generation": 2, "observedGeneration": 2, "etag": "7",
        });
        let members = view.as_object_mut().unwrap();
        members.extend(change.as_object().unwrap().clone());
        serde_json::from_value(view).unwrap()
    }

    fn condition(type_: &str) -> Value {
        json!({
            "type": type_, "status": "True", "reason": "Why", "message": "since it is so",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        })
    }

    #[test]
    fn ready_is_what_was_observed_of_the_latest_wish() {
        for (change, reached) in [
            (json!({}), true),
            (json!({"observedGeneration": 1}), false),
            (json!({"observedGeneration": null}), false),
            (json!({"phase": "Starting"}), false),
            (json!({"conditions": []}), false),
        ] {
            let endpoint = endpoint(&change);
            assert_eq!(
                endpoint.is_reached(Goal::Ready).unwrap(),
                reached,
                "{change}"
            );
        }
    }

    #[test]
    fn stopped_is_not_the_same_as_ready() {
        let asked = json!({"desiredState": "Suspended"});
        assert!(!endpoint(&asked).is_reached(Goal::Stopped).unwrap());
        let stopped = json!({"desiredState": "Suspended", "phase": "Stopped"});
        assert!(endpoint(&stopped).is_reached(Goal::Stopped).unwrap());
        assert!(endpoint(&stopped).is_reached(Goal::Ready).is_err());
        assert!(endpoint(&json!({})).is_reached(Goal::Stopped).is_err());
        assert_eq!(Goal::of(&endpoint(&stopped)), Goal::Stopped);
    }

    #[test]
    fn what_cannot_come_is_not_waited_for() {
        let stalled = json!({"conditions": [condition("Stalled")]});
        let error = endpoint(&stalled).is_reached(Goal::Ready).unwrap_err();
        assert_eq!(error.to_string(), "endpoint main is stalled: Why");
        assert!(!endpoint(&stalled).is_reached(Goal::Gone).unwrap());
        let old = json!({"conditions": [condition("Stalled")], "observedGeneration": 1});
        assert!(!endpoint(&old).is_reached(Goal::Ready).unwrap());
        let going = json!({"deletingSince": "2026-01-01T00:00:00Z"});
        assert!(endpoint(&going).is_reached(Goal::Ready).is_err());
        assert!(!endpoint(&going).is_reached(Goal::Gone).unwrap());
    }

    #[test]
    fn words_say_what_is_waited_for() {
        assert_eq!(endpoint(&json!({})).words(), "main: Running");
        let waits = json!({"phase": "Pending", "conditions": [condition("Reconciling")]});
        assert_eq!(endpoint(&waits).words(), "main: Pending: since it is so");
        let going = json!({"deletingSince": "2026-01-01T00:00:00Z"});
        assert_eq!(endpoint(&going).words(), "main: Deleting");
    }
}
