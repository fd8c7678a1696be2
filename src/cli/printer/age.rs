//! How long ago something was, in the few characters that a column has.

use jiff::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `12s`, `5m`, `3h`, `40d`: the largest unit of which there are at least two, as `kubectl` does
/// it. What is still to come has a sign.
pub(crate) fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - since.as_second();
    let sign = if seconds < 0 { "-" } else { "" };
    let (count, unit) = match seconds.abs() {
        of if of < 2 * MINUTE => (of, "s"),
        of if of < 2 * HOUR => (of / MINUTE, "m"),
        of if of < 2 * DAY => (of / HOUR, "h"),
        of => (of / DAY, "d"),
    };
    format!("{sign}{count}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_fits_the_age() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        for (seconds, text) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (7_199, "119m"),
            (7_200, "2h"),
            (172_799, "47h"),
            (172_800, "2d"),
            (-90, "-90s"),
        ] {
            let since = Timestamp::from_second(1_800_000_000 - seconds).unwrap();
            assert_eq!(age(since, now), text);
        }
    }
}
