//! Values that are checked as they are typed, so that a slip is told before anything is asked.

use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;
use jiff::{SignedDuration, Span};

use crate::domain::quantity;

/// An IPv4 range, or one address for the range that holds it alone.
pub(super) fn cidr(text: &str) -> Result<Ipv4Net, String> {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(Ipv4Net::from(address));
    }
    let range = text
        .parse::<Ipv4Net>()
        .map_err(|_| "write an IPv4 range such as 203.0.113.0/24".to_owned())?;
    if range == range.trunc() {
        return Ok(range);
    }
    let (whole, one) = (range.trunc(), range.addr());
    Err(format!(
        "it has bits beyond its prefix: write {whole} for the range, or {one}/32 for the address"
    ))
}

/// A Kubernetes quantity, which is sent as it was typed.
pub(super) fn quantity(text: &str) -> Result<String, String> {
    match quantity::milli(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("write a quantity such as 500m, 2 or 1Gi".to_owned()),
    }
}

/// How long to wait.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<SignedDuration>().ok();
    let positive = parsed.filter(SignedDuration::is_positive);
    let duration = positive.and_then(|of| Duration::try_from(of).ok());
    duration.ok_or_else(|| "write a time such as 90s or 5m".to_owned())
}

/// A time from now on, in units of the calendar too.
pub(super) fn span(text: &str) -> Result<Span, String> {
    let parsed = text.parse::<Span>().ok();
    let positive = parsed.filter(|span| span.is_positive());
    positive.ok_or_else(|| "write a time such as 90d or 12h".to_owned())
}

/// A server parameter and its value.
pub(super) fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("write NAME=VALUE, such as work_mem=16MB")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_written_without_bits_beyond_its_prefix() {
        assert_eq!(cidr("203.0.113.7").unwrap().to_string(), "203.0.113.7/32");
        assert_eq!(cidr("0.0.0.0/0").unwrap().to_string(), "0.0.0.0/0");
        assert!(cidr("10.0.0.1/8").unwrap_err().contains("10.0.0.0/8"));
        for text in [
            "",
            "example.com",
            "10.0.0.0/33",
            "::/0",
            "10.0.0.0-10.0.0.9",
        ] {
            assert!(cidr(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_positive_and_have_units() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        for text in ["", "5", "-5m", "0s", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
        for text in ["90d", "12h", "1y6mo"] {
            assert!(span(text).is_ok(), "{text}");
        }
        for text in ["", "90", "-1d", "0d"] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_parameter_has_a_name() {
        let pair = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(parameter("work_mem=16MB"), pair("work_mem", "16MB"));
        assert_eq!(parameter("search_path=a=b"), pair("search_path", "a=b"));
        assert_eq!(parameter("jit="), pair("jit", ""));
        assert!(parameter("jit").is_err() && parameter("=on").is_err());
    }
}
