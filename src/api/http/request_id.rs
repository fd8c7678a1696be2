//! Names of requests: in a header of the answer, in problems, in the log and the audit.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

const PREFIX: &[u8] = b"req-";
const LENGTH: usize = PREFIX.len() + 16;

/// `req-` and 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId([u8; LENGTH]);

/// Makes names that no other request of this process has, nor in practice one of another process.
/// They are not secret.
pub struct RequestIds(AtomicU64);

impl Default for RequestIds {
    fn default() -> Self {
        // Seeded by the operating system, once for each process.
        Self(AtomicU64::new(RandomState::new().hash_one(0)))
    }
}

impl RequestIds {
    /// The next name.
    #[must_use]
    pub fn next(&self) -> RequestId {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut number = scatter(self.0.fetch_add(1, Ordering::Relaxed));
        let mut text = [0; LENGTH];
        let (prefix, digits) = text.split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX);
        for digit in digits.iter_mut().rev() {
            *digit = DIGITS[(number & 15) as usize];
            number >>= 4;
        }
        RequestId(text)
    }
}

impl RequestId {
    /// As it is written everywhere.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The last step of `SplitMix64` (Steele, Lea, Flood 2014): one to one, so that different numbers
/// stay different, while neighbours look nothing alike.
const fn scatter(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_requests_have_the_same_name() {
        let (one, other) = (RequestIds::default(), RequestIds::default());
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            for id in [one.next(), other.next()] {
                let digits = id.as_str().strip_prefix("req-").unwrap();
                assert_eq!(digits.len(), 16);
                assert!(digits.bytes().all(|b| b.is_ascii_hexdigit()));
                assert!(seen.insert(id));
            }
        }
    }
}
