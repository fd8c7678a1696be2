//! From a key and what was observed to what becomes of it. Pure: the clock is an argument.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::observe::Observed;
use crate::controller::object::condition::Stall;
use crate::crd::ApiKeyState;
use crate::crd::condition::Reason;

/// What becomes of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Whether the key is accepted, or why it cannot be.
    pub outcome: Result<ApiKeyState, Stall>,
    /// Whether it has been kept for long enough after its end.
    pub is_overdue: bool,
    /// After how long time alone will have changed one of these.
    pub next: Option<Duration>,
    /// Generation of the spec that this was found for.
    pub generation: i64,
}

/// Judges a key. What its owner wrote goes before what others are in the way of.
pub(super) fn validate(observed: &Observed, keep: SignedDuration, now: Timestamp) -> Verdict {
    let row = &observed.row;
    let expiry = row.expiry();
    let is_past = |time: Option<Timestamp>| time.is_some_and(|time| time <= now);
    // The end of what a time stamp holds is as good as never.
    let removal = expiry
        .filter(|_| row.is_from_api && observed.is_tenant)
        .and_then(|expiry| expiry.checked_add(keep).ok());
    let outcome = if !observed.is_tenant {
        Err(Stall::not_a_tenant(&observed.namespace))
    } else if row.is_revoked {
        Ok(ApiKeyState::Revoked)
    } else if is_past(expiry) {
        Ok(ApiKeyState::Expired)
    } else if observed.holds_lookup_id {
        Ok(ApiKeyState::Active)
    } else {
        Err(lookup_id_taken())
    };
    let next = [expiry, removal].into_iter().flatten().find(|t| *t > now);
    Verdict {
        outcome,
        is_overdue: is_past(removal),
        next: next.map(|time| now.duration_until(time).unsigned_abs()),
        generation: row.generation,
    }
}

/// The older key may be another tenant's, so it is not named.
fn lookup_id_taken() -> Stall {
    Stall::new(
        Reason::LookupIdTaken,
        "an older ApiKey of the cluster has the same lookupId, so this one is refused: make a new key",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::row::tests::row;
    use super::*;

    const KEEP: SignedDuration = SignedDuration::from_hours(24);
    const EXPIRY: i64 = 1_900_000_000;

    fn observed(spec: &Value) -> Observed {
        Observed {
            row: row(&json!({}), spec).1,
            namespace: "acme".into(),
            is_tenant: true,
            holds_lookup_id: true,
        }
    }

    fn expiring() -> Observed {
        let at = Timestamp::from_second(EXPIRY).unwrap().to_string();
        observed(&json!({"expiresAt": at}))
    }

    fn judge(observed: &Observed, second: i64) -> Verdict {
        validate(observed, KEEP, Timestamp::from_second(second).unwrap())
    }

    fn reason(verdict: &Verdict) -> Reason {
        verdict.outcome.as_ref().unwrap_err().reason
    }

    #[test]
    fn a_key_is_active_until_its_time_and_looked_at_then() {
        let before = judge(&expiring(), EXPIRY - 10);
        assert_eq!(before.outcome, Ok(ApiKeyState::Active));
        assert_eq!(before.next, Some(Duration::from_secs(10)));
        let at = judge(&expiring(), EXPIRY);
        assert_eq!(at.outcome, Ok(ApiKeyState::Expired));
        let endless = judge(&observed(&json!({})), EXPIRY);
        assert_eq!(endless.outcome, Ok(ApiKeyState::Active));
        assert_eq!(endless.next, None);
    }

    #[test]
    fn only_what_the_api_made_goes_and_only_after_its_time() {
        let mut made = expiring();
        made.row.is_from_api = true;
        let kept = judge(&made, EXPIRY + 60);
        assert!(!kept.is_overdue);
        assert_eq!(kept.next, Some(Duration::from_secs(24 * 3600 - 60)));
        let due = judge(&made, EXPIRY + 24 * 3600);
        assert!(due.is_overdue);
        assert_eq!(due.next, None);
        // Where nothing of the operator's may be written.
        made.is_tenant = false;
        assert!(!judge(&made, EXPIRY + 24 * 3600).is_overdue);
        let from_git = judge(&expiring(), EXPIRY + 48 * 3600);
        assert!(!from_git.is_overdue);
        assert_eq!(from_git.next, None);
    }

    #[test]
    fn what_the_owner_wrote_goes_before_what_others_did() {
        let mut key = expiring();
        key.holds_lookup_id = false;
        assert_eq!(reason(&judge(&key, EXPIRY - 1)), Reason::LookupIdTaken);
        assert_eq!(judge(&key, EXPIRY).outcome, Ok(ApiKeyState::Expired));
        key.row.is_revoked = true;
        assert_eq!(judge(&key, EXPIRY).outcome, Ok(ApiKeyState::Revoked));
        key.is_tenant = false;
        assert_eq!(reason(&judge(&key, EXPIRY)), Reason::NamespaceNotTenant);
    }

    #[test]
    fn a_time_at_the_end_of_all_times_is_no_fault() {
        let mut key = observed(&json!({"expiresAt": "9999-12-30T00:00:00Z"}));
        key.row.is_from_api = true;
        let verdict = validate(&key, SignedDuration::MAX, Timestamp::UNIX_EPOCH);
        assert_eq!(verdict.outcome, Ok(ApiKeyState::Active));
        assert!(!verdict.is_overdue && verdict.next.is_some());
    }
}
