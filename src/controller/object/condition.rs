//! Conditions from outcomes (Kubernetes API conventions; kstatus). Pure: the clock is an argument.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::crd::condition::{ConditionType, Reason};
use crate::crd::label::TENANT;

/// The outcome of one aspect of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it is as the spec says. What could not be checked is not.
    pub done: bool,
    /// Why.
    pub reason: Reason,
    /// The evidence, or what to do, for a person.
    pub message: String,
}

impl Outcome {
    /// It is as the spec says.
    #[must_use]
    pub fn done(reason: Reason, message: impl Into<String>) -> Self {
        Self::new(true, reason, message)
    }

    /// It is not, or not yet.
    #[must_use]
    pub fn not(reason: Reason, message: impl Into<String>) -> Self {
        Self::new(false, reason, message)
    }

    /// Whether it is as the spec says.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done
    }

    fn new(done: bool, reason: Reason, message: impl Into<String>) -> Self {
        Self {
            done,
            reason,
            message: message.into(),
        }
    }
}

/// Why an object cannot go on until something outside it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stall {
    /// Why.
    pub reason: Reason,
    /// What to do about it, for a person.
    pub message: String,
}

impl Stall {
    /// Names the cause and what to do.
    #[must_use]
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}

impl Stall {
    /// The namespace carries no tenant label.
    #[must_use]
    pub fn not_a_tenant(namespace: &str) -> Self {
        Self::new(
            Reason::NamespaceNotTenant,
            format!(
                "namespace {namespace} is not a tenant's: run kubectl label namespace {namespace} {TENANT}={namespace}"
            ),
        )
    }
}

/// Makes the conditions of one status, keeping the times of those that did not change.
pub struct Conditions<'a> {
    previous: &'a [Condition],
    generation: Option<i64>,
    now: Timestamp,
    made: Vec<Condition>,
}

impl<'a> Conditions<'a> {
    /// For the spec of this generation, after these previous conditions.
    #[must_use]
    pub const fn new(previous: &'a [Condition], generation: Option<i64>, now: Timestamp) -> Self {
        Self {
            previous,
            generation,
            now,
            made: Vec::new(),
        }
    }

    /// Adds a condition.
    #[must_use]
    pub fn with(mut self, kind: ConditionType, outcome: &Outcome) -> Self {
        let status = if outcome.done { "True" } else { "False" };
        let since = self
            .previous
            .iter()
            .find(|c| c.type_ == kind.as_ref() && c.status == status)
            .map_or_else(|| Time(self.now), |c| c.last_transition_time.clone());
        self.made.push(Condition {
            type_: kind.to_string(),
            status: status.to_owned(),
            reason: outcome.reason.to_string(),
            message: outcome.message.clone(),
            observed_generation: self.generation,
            last_transition_time: since,
        });
        self
    }

    /// Adds `Ready`, `Reconciling` and `Stalled` as kstatus reads them.
    #[must_use]
    pub fn summary(self, ready: &Outcome, stalled: bool) -> Self {
        let no = |message: &str| Outcome::not(Reason::Succeeded, message);
        let (reconciling, stall) = match (ready.is_done(), stalled) {
            (true, _) => (no("nothing to do"), no("nothing is in the way")),
            (false, true) => (
                Outcome::not(ready.reason, "waits for a change from outside"),
                Outcome::done(ready.reason, ready.message.clone()),
            ),
            (false, false) => (
                Outcome::done(ready.reason, ready.message.clone()),
                no("nothing is in the way"),
            ),
        };
        self.with(ConditionType::Ready, ready)
            .with(ConditionType::Reconciling, &reconciling)
            .with(ConditionType::Stalled, &stall)
    }

    /// The conditions, in the order they were added.
    #[must_use]
    pub fn into_vec(self) -> Vec<Condition> {
        self.made
    }
}

/// The condition of this type.
#[must_use]
pub fn find(conditions: &[Condition], kind: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|c| c.type_ == kind.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ready(previous: &[Condition], outcome: &Outcome, now: i64) -> Vec<Condition> {
        Conditions::new(previous, Some(3), at(now))
            .summary(outcome, false)
            .into_vec()
    }

    #[test]
    fn the_time_of_transition_stays_while_the_status_stays() {
        let first = ready(&[], &Outcome::not(Reason::Progressing, "a"), 100);
        let second = ready(&first, &Outcome::not(Reason::GatePending, "b"), 200);
        let third = ready(&second, &Outcome::done(Reason::Succeeded, "c"), 300);
        assert_eq!(second[0].last_transition_time, Time(at(100)));
        assert_eq!(third[0].last_transition_time, Time(at(300)));
        assert_eq!(third[0].observed_generation, Some(3));
    }

    #[test]
    fn exactly_one_of_ready_reconciling_and_stalled_is_true() {
        for (done, stalled) in [(true, false), (false, false), (false, true)] {
            let outcome = if done {
                Outcome::done(Reason::Succeeded, "")
            } else {
                Outcome::not(Reason::PoolExhausted, "")
            };
            let made = Conditions::new(&[], None, at(0)).summary(&outcome, stalled);
            let count = made
                .into_vec()
                .iter()
                .filter(|c| c.status == "True")
                .count();
            assert_eq!(count, 1);
        }
    }
}
