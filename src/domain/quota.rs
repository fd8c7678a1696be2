//! A project's quota over its endpoints: who still fits.

/// What one endpoint asks for, or what a quota grants. Processor in thousandths, the rest in
/// thousandths of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Number of endpoints.
    pub endpoints: i128,
    /// Processor.
    pub cpu: i128,
    /// Memory.
    pub memory: i128,
    /// Disk.
    pub storage: i128,
}

impl Amount {
    fn plus(self, other: Self) -> Self {
        Self {
            endpoints: self.endpoints + other.endpoints,
            cpu: self.cpu + other.cpu,
            memory: self.memory + other.memory,
            storage: self.storage + other.storage,
        }
    }

    fn excess_over(self, limit: Self) -> Option<&'static str> {
        [
            ("endpoints", self.endpoints > limit.endpoints),
            ("cpu", self.cpu > limit.cpu),
            ("memory", self.memory > limit.memory),
            ("storage", self.storage > limit.storage),
        ]
        .into_iter()
        .find_map(|(name, over)| over.then_some(name))
    }
}

/// The part of the quota that has no room for `wanted` beside what older endpoints use, if any.
#[must_use]
pub fn exceeded(older: &[Amount], wanted: Amount, limit: Amount) -> Option<&'static str> {
    older
        .iter()
        .fold(wanted, |sum, amount| sum.plus(*amount))
        .excess_over(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Amount = Amount {
        endpoints: 1,
        cpu: 500,
        memory: 10,
        storage: 10,
    };
    const LIMIT: Amount = Amount {
        endpoints: 2,
        cpu: 1_000,
        memory: 100,
        storage: 25,
    };

    #[test]
    fn the_sum_may_reach_the_limit() {
        assert_eq!(exceeded(&[ONE], ONE, LIMIT), None);
    }

    #[test]
    fn the_first_part_without_room_is_named() {
        assert_eq!(exceeded(&[ONE, ONE], ONE, LIMIT), Some("endpoints"));
        assert_eq!(
            exceeded(&[ONE], Amount { cpu: 501, ..ONE }, LIMIT),
            Some("cpu")
        );
        assert_eq!(
            exceeded(&[ONE], Amount { storage: 16, ..ONE }, LIMIT),
            Some("storage")
        );
    }
}
