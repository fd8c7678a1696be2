//! The lock, decided and simulated: two candidates, a compare-and-swap store, clocks of
//! different speed, and a network that loses requests and answers.

use proptest::prelude::*;

use super::*;

fn timing() -> Timing {
    Timing::default()
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn held_by(identity: &str, renewed: i64) -> Lease {
    Record {
        name: "kisenon",
        identity,
        now: Timestamp::from_second(renewed).unwrap(),
        timing: &timing(),
    }
    .hold(None)
}

fn decision(observed: &Observation, now: Instant) -> Decision {
    decide(observed, "me", now, &timing())
}

#[test]
fn a_missing_lease_is_created_and_a_free_one_acquired() {
    let now = Instant::now();
    let missing = Observation::new(None, now);
    assert_eq!(decision(&missing, now), Decision::Create);
    for holder in [None, Some(String::new())] {
        let mut lease = held_by("other", 0);
        lease.spec.as_mut().unwrap().holder_identity = holder;
        let free = Observation::new(Some(lease), now);
        assert_eq!(decision(&free, now), Decision::Acquire);
    }
}

#[test]
fn without_a_name_nothing_is_ever_taken() {
    let now = Instant::now();
    let missing = Observation::new(None, now);
    assert_eq!(
        decide(&missing, "", now, &timing()),
        Decision::Wait(seconds(15))
    );
}

#[test]
fn an_earlier_life_of_the_same_pod_is_taken_over_at_once() {
    let now = Instant::now();
    let own = Observation::new(Some(held_by("me", 0)), now);
    assert_eq!(decision(&own, now), Decision::Renew);
}

#[test]
fn another_holder_is_waited_for_since_we_saw_it_last_renew() {
    let start = Instant::now();
    let mut observed = Observation::new(Some(held_by("other", 0)), start);
    assert_eq!(decision(&observed, start), Decision::Wait(seconds(15)));
    // Its clock may say anything; that the record changed is what counts.
    observed.see(Some(held_by("other", -9_999)), start + seconds(14));
    let at = start + seconds(15);
    assert_eq!(decision(&observed, at), Decision::Wait(seconds(14)));
    observed.see(Some(held_by("other", -9_999)), start + seconds(28));
    assert_eq!(decision(&observed, start + seconds(29)), Decision::Acquire);
}

#[test]
fn a_longer_lease_than_ours_is_honoured() {
    let start = Instant::now();
    let mut lease = held_by("other", 0);
    lease.spec.as_mut().unwrap().lease_duration_seconds = Some(60);
    let observed = Observation::new(Some(lease), start);
    assert_eq!(
        decision(&observed, start + seconds(20)),
        Decision::Wait(seconds(40))
    );
}

#[test]
fn a_deleted_lease_is_waited_for_like_a_held_one() {
    let start = Instant::now();
    let mut observed = Observation::new(Some(held_by("other", 0)), start);
    observed.see(None, start + seconds(3));
    observed.see(None, start + seconds(4));
    assert_eq!(
        decision(&observed, start + seconds(4)),
        Decision::Wait(seconds(14))
    );
    assert_eq!(decision(&observed, start + seconds(18)), Decision::Create);
}

#[test]
fn a_takeover_is_counted_and_a_renewal_is_not() {
    let write = |identity, second, current| {
        Record {
            name: "kisenon",
            identity,
            now: Timestamp::from_second(second).unwrap(),
            timing: &timing(),
        }
        .hold(current)
    };
    let first = write("a", 1, None);
    let renewed = write("a", 2, Some(&first));
    let taken = write("b", 3, Some(&renewed));
    let spec = |lease: &Lease| {
        let spec = lease.spec.clone().unwrap();
        let at = |time: Option<k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime>| {
            time.unwrap().0.as_second()
        };
        (
            spec.lease_transitions,
            at(spec.acquire_time),
            at(spec.renew_time),
        )
    };
    assert_eq!(spec(&first), (None, 1, 1));
    assert_eq!(spec(&renewed), (None, 1, 2));
    assert_eq!(spec(&taken), (Some(1), 3, 3));
    let released = record::release(&taken);
    assert_eq!(released.spec.unwrap().holder_identity, None);
}

#[test]
fn unsafe_timing_is_refused() {
    let new =
        |lease, deadline, renew| Timing::new(seconds(lease), seconds(deadline), seconds(renew));
    assert_eq!(new(15, 10, 5), Ok(Timing::default()));
    for (lease, deadline, renew) in [(10, 10, 5), (15, 5, 5), (15, 10, 0)] {
        assert_eq!(new(lease, deadline, renew), Err(InvalidTiming));
    }
    let broken = Timing::new(Duration::from_millis(15_500), seconds(10), seconds(5));
    assert_eq!(broken, Err(InvalidTiming));
}

/// The API server's part: one object, written only under its version.
#[derive(Default)]
struct Store {
    lease: Option<Lease>,
    version: u64,
}

impl Store {
    fn put(&mut self, mut lease: Lease) -> Option<Lease> {
        let current = self
            .lease
            .as_ref()
            .and_then(|l| l.metadata.resource_version.clone());
        if lease.metadata.resource_version != current {
            return None;
        }
        self.version += 1;
        lease.metadata.resource_version = Some(self.version.to_string());
        self.lease = Some(lease.clone());
        Some(lease)
    }
}

/// What is on its way to or from a candidate.
enum Flight {
    Nothing,
    Read(Option<Lease>),
    Write(Lease, Instant),
    Answer(Option<Lease>, Instant),
}

struct Candidate {
    name: &'static str,
    start: Instant,
    /// Speed of its clock in thousandths.
    speed: u32,
    observed: Option<Observation>,
    held_until: Option<Instant>,
    flight: Flight,
}

impl Candidate {
    fn new(name: &'static str, speed: u32) -> Self {
        Self {
            name,
            start: Instant::now(),
            speed,
            observed: None,
            held_until: None,
            flight: Flight::Nothing,
        }
    }

    fn clock(&self, elapsed: Duration) -> Instant {
        self.start + elapsed * self.speed / 1000
    }

    fn leads(&self, elapsed: Duration) -> bool {
        self.held_until
            .is_some_and(|until| self.clock(elapsed) < until)
    }

    /// The next thing happens to this candidate; `lost`: the network eats it.
    fn step(&mut self, store: &mut Store, elapsed: Duration, lost: bool) {
        let now = self.clock(elapsed);
        self.flight = match std::mem::replace(&mut self.flight, Flight::Nothing) {
            _ if lost => Flight::Nothing,
            Flight::Nothing => Flight::Read(store.lease.clone()),
            Flight::Read(lease) => self.judge(lease, now),
            Flight::Write(lease, sent) => Flight::Answer(store.put(lease), sent),
            Flight::Answer(None, _) => Flight::Nothing,
            Flight::Answer(Some(lease), sent) => {
                self.held_until = Some(sent + timing().deadline());
                if let Some(observed) = &mut self.observed {
                    observed.see(Some(lease), now);
                }
                Flight::Nothing
            }
        };
    }

    fn judge(&mut self, lease: Option<Lease>, now: Instant) -> Flight {
        let observed = match &mut self.observed {
            Some(observed) => {
                observed.see(lease, now);
                observed
            }
            None => self.observed.insert(Observation::new(lease, now)),
        };
        if let Decision::Wait(_) = decide(observed, self.name, now, &timing()) {
            return Flight::Nothing;
        }
        // A wall clock far off, differently for each.
        let wall = now.duration_since(self.start).as_secs() + u64::from(self.speed) * 1000;
        let record = Record {
            name: "kisenon",
            identity: self.name,
            now: Timestamp::from_second(wall.cast_signed()).unwrap(),
            timing: &timing(),
        };
        Flight::Write(record.hold(observed.lease()), now)
    }
}

/// Which candidate, after how many milliseconds, and whether the network eats it.
type Event = (bool, u64, bool);

/// Runs the events; returns how often leadership changed hands.
fn simulate(speeds: (u32, u32), events: &[Event]) -> Result<usize, TestCaseError> {
    let mut store = Store::default();
    let mut both = [Candidate::new("a", speeds.0), Candidate::new("b", speeds.1)];
    let mut elapsed = Duration::ZERO;
    let (mut changes, mut last) = (0, None);
    for (who, after, lost) in events {
        elapsed += Duration::from_millis(*after);
        both[usize::from(*who)].step(&mut store, elapsed, *lost);
        let leaders: Vec<_> = both.iter().filter(|c| c.leads(elapsed)).collect();
        prop_assert!(leaders.len() < 2, "two leaders after {elapsed:?}");
        if let Some(leader) = leaders.first() {
            changes += usize::from(last.replace(leader.name).is_some_and(|l| l != leader.name));
        }
    }
    Ok(changes)
}

#[test]
fn leadership_passes_from_a_silent_leader_and_back() {
    let mut events: Vec<Event> = vec![(false, 10, false); 4];
    events.extend([(true, 1000, false); 20]);
    events.extend([(false, 1000, false); 20]);
    assert_eq!(simulate((1000, 1000), &events).unwrap(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// 15 s against 10 s leaves clocks a factor of 1.5 in speed; ±15 % is within it.
    #[test]
    fn there_are_never_two_leaders(
        speeds in (850..=1150u32, 850..=1150u32),
        events in prop::collection::vec(
            (any::<bool>(), prop_oneof![0..300u64, 0..5000u64], prop::bool::weighted(0.15)),
            0..200,
        ),
    ) {
        simulate(speeds, &events)?;
    }
}
