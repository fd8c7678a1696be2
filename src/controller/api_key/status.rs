//! The status of a key, from its verdict. `lastUsedAt` is the API's, which applies it under its
//! own field manager: what is applied here neither holds nor removes it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Resource as _;

use super::row::Row;
use super::validate::Verdict;
use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::controller::object::condition::{Conditions, Outcome, find};
use crate::controller::object::status;
use crate::crd::condition::{ConditionType, Reason};
use crate::crd::{ApiKey, ApiKeyState, ApiKeyStatus};

/// Whether the status that the key has says what the verdict does.
pub(super) fn is_written(row: &Row, verdict: &Verdict) -> bool {
    row.status == digest(&make(verdict, &[], Timestamp::UNIX_EPOCH))
}

/// Writes the status if it differs from the stored one, and an event when the reason changed.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached.
pub(super) async fn write(key: &ApiKey, context: &Context, verdict: &Verdict) -> Result<(), Error> {
    let stored = key.status.clone().unwrap_or_default();
    let made = make(verdict, &stored.conditions, (context.now)());
    if digest(&made) == digest(&stored) {
        return Ok(());
    }
    let reference = key.object_ref(&());
    status::apply(&context.client, key, &made).await?;
    context
        .events
        .on_change(&reference, &stored.conditions, &made.conditions);
    Ok(())
}

/// A digest of what the operator says in a status: of neither times nor what others add.
pub(super) fn digest(status: &ApiKeyStatus) -> u64 {
    let mut hasher = DefaultHasher::new();
    (status.state, status.observed_generation).hash(&mut hasher);
    for kind in [
        ConditionType::Ready,
        ConditionType::Reconciling,
        ConditionType::Stalled,
    ] {
        find(&status.conditions, kind)
            .map(|c| (&c.status, &c.reason, &c.message, c.observed_generation))
            .hash(&mut hasher);
    }
    hasher.finish()
}

/// A key that is refused because its owner says so is as its spec says, so it is `Ready`: what
/// counts for clients is the state.
fn make(verdict: &Verdict, previous: &[Condition], now: Timestamp) -> ApiKeyStatus {
    let generation = Some(verdict.generation);
    let conditions = Conditions::new(previous, generation, now);
    let (state, conditions) = match &verdict.outcome {
        Ok(state) => (Some(*state), conditions.summary(&settled(*state), false)),
        Err(stall) => {
            let taken = stall.reason == Reason::LookupIdTaken;
            let waiting = Outcome::not(stall.reason, stall.message.clone());
            (
                taken.then_some(ApiKeyState::LookupIdTaken),
                conditions.summary(&waiting, true),
            )
        }
    };
    ApiKeyStatus {
        observed_generation: generation,
        state,
        last_used_at: None,
        conditions: conditions.into_vec(),
    }
}

fn settled(state: ApiKeyState) -> Outcome {
    let (reason, message) = match state {
        ApiKeyState::Active => (Reason::Succeeded, "the key is accepted"),
        ApiKeyState::Expired => (Reason::Expired, "the key is refused: expiresAt is past"),
        ApiKeyState::Revoked => (Reason::Revoked, "the key is refused: it is revoked"),
        ApiKeyState::LookupIdTaken => (Reason::LookupIdTaken, "the key is refused"),
    };
    Outcome::done(reason, message)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::*;
    use crate::controller::object::condition::Stall;

    fn verdict(outcome: Result<ApiKeyState, Stall>) -> Verdict {
        Verdict {
            outcome,
            is_overdue: false,
            next: None,
            generation: 4,
        }
    }

    fn made(outcome: Result<ApiKeyState, Stall>) -> ApiKeyStatus {
        make(&verdict(outcome), &[], Timestamp::UNIX_EPOCH)
    }

    fn is_true(status: &ApiKeyStatus, kind: ConditionType) -> bool {
        find(&status.conditions, kind).unwrap().status == "True"
    }

    #[test]
    fn an_end_that_the_owner_wants_is_ready_and_one_in_the_way_is_stalled() {
        for state in [
            ApiKeyState::Active,
            ApiKeyState::Expired,
            ApiKeyState::Revoked,
        ] {
            let status = made(Ok(state));
            assert_eq!(status.state, Some(state));
            assert_eq!(status.observed_generation, Some(4));
            assert!(is_true(&status, ConditionType::Ready));
        }
        let taken = made(Err(Stall::new(Reason::LookupIdTaken, "")));
        assert_eq!(taken.state, Some(ApiKeyState::LookupIdTaken));
        assert!(is_true(&taken, ConditionType::Stalled));
        let foreign = made(Err(Stall::not_a_tenant("acme")));
        assert_eq!(foreign.state, None);
        assert!(is_true(&foreign, ConditionType::Stalled));
    }

    #[test]
    fn times_and_what_others_add_make_no_difference() {
        let mut status = made(Ok(ApiKeyState::Active));
        let before = digest(&status);
        status.last_used_at = Some(Time(Timestamp::UNIX_EPOCH));
        status.conditions[0].last_transition_time = Time(Timestamp::MAX);
        let mut other = status.conditions[0].clone();
        other.type_ = "Audited".into();
        status.conditions.insert(0, other);
        assert_eq!(digest(&status), before);
        status.conditions[2].message.push('!');
        assert_ne!(digest(&status), before);
    }

    #[test]
    fn another_state_or_generation_is_another_status() {
        let digests = [
            digest(&ApiKeyStatus::default()),
            digest(&made(Ok(ApiKeyState::Active))),
            digest(&made(Ok(ApiKeyState::Revoked))),
            digest(&make(
                &Verdict {
                    generation: 5,
                    ..verdict(Ok(ApiKeyState::Active))
                },
                &[],
                Timestamp::UNIX_EPOCH,
            )),
        ];
        let different = digests.iter().collect::<std::collections::HashSet<_>>();
        assert_eq!(different.len(), digests.len());
    }
}
