//! When each key is looked at next, and that no key is looked at twice at the same time. Pure: the
//! clock is an argument.

use std::collections::{BTreeSet, HashMap};

use tokio::time::Instant;

use super::row::KeyName;

/// When each key is looked at next.
#[derive(Default)]
pub(super) struct Schedule {
    times: HashMap<KeyName, Instant>,
    queue: BTreeSet<(Instant, KeyName)>,
    /// Keys that are being looked at, and from when on again.
    under_way: HashMap<KeyName, Option<Instant>>,
}

impl Schedule {
    /// Looks at the key at this time. Of several times the earliest stands.
    pub(super) fn plan(&mut self, name: KeyName, at: Instant) {
        if let Some(again) = self.under_way.get_mut(&name) {
            *again = Some(again.map_or(at, |planned| planned.min(at)));
            return;
        }
        if let Some(planned) = self.times.get(&name).copied() {
            if planned <= at {
                return;
            }
            self.queue.remove(&(planned, name.clone()));
        }
        self.times.insert(name.clone(), at);
        self.queue.insert((at, name));
    }

    /// When the next key is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// A key that is due. It is under way from now on.
    pub(super) fn take(&mut self, now: Instant) -> Option<KeyName> {
        self.next().filter(|at| *at <= now)?;
        let (_, name) = self.queue.pop_first()?;
        self.times.remove(&name);
        self.under_way.insert(name.clone(), None);
        Some(name)
    }

    /// A key has been looked at, and is again at this time, or sooner if that was asked for since.
    pub(super) fn done(&mut self, name: KeyName, next: Option<Instant>) {
        let asked = self.under_way.remove(&name).flatten();
        if let Some(at) = asked.into_iter().chain(next).min() {
            self.plan(name, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn names(schedule: &mut Schedule, now: Instant) -> Vec<String> {
        std::iter::from_fn(|| schedule.take(now))
            .map(|name| name.name().to_owned())
            .collect()
    }

    fn key(name: &str) -> KeyName {
        KeyName::new("acme", name)
    }

    #[test]
    fn keys_come_when_they_are_due_and_once() {
        let now = Instant::now();
        let later = now + Duration::from_secs(9);
        let mut schedule = Schedule::default();
        schedule.plan(key("b"), later);
        schedule.plan(key("a"), now);
        schedule.plan(key("a"), now);
        assert_eq!(schedule.next(), Some(now));
        assert_eq!(names(&mut schedule, now), ["a"]);
        assert_eq!(schedule.next(), Some(later));
        assert_eq!(names(&mut schedule, later), ["b"]);
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn the_earliest_time_stands() {
        let now = Instant::now();
        let later = now + Duration::from_secs(9);
        let mut schedule = Schedule::default();
        schedule.plan(key("a"), later);
        schedule.plan(key("a"), now);
        schedule.plan(key("a"), later);
        assert_eq!(names(&mut schedule, now), ["a"]);
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn what_is_asked_for_meanwhile_comes_after_and_not_at_the_same_time() {
        let now = Instant::now();
        let later = now + Duration::from_secs(9);
        let mut schedule = Schedule::default();
        schedule.plan(key("a"), now);
        let under_way = schedule.take(now).unwrap();
        schedule.plan(key("a"), now);
        assert_eq!(schedule.take(now), None);
        schedule.done(under_way, Some(later));
        let under_way = schedule.take(now).unwrap();
        schedule.done(under_way, Some(later));
        assert_eq!(schedule.next(), Some(later));
        let under_way = schedule.take(later).unwrap();
        schedule.done(under_way, None);
        assert_eq!(schedule.next(), None);
        assert!(schedule.under_way.is_empty() && schedule.times.is_empty());
    }
}
