//! The Postgres settings that tenants may change (PostgreSQL manual, "Server Configuration").
//!
//! None of them can weaken the perimeter, run a program, load a library, or touch files. Admission
//! knows the names; the bounds of values are checked here before a server is made to restart.

use std::collections::BTreeMap;

use thiserror::Error;

/// The form of a value, with its bounds in the base unit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// A number of kilobytes; units kB, MB, GB, TB.
    Memory(i64, i64),
    /// A number of milliseconds; units ms, s, min, h, d.
    Duration(i64, i64),
    /// A whole number.
    Integer(i64, i64),
    /// A decimal number.
    Real(f64, f64),
    /// on or off.
    Boolean,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A name of the time-zone database.
    TimeZone,
}

use Form::{Boolean, Duration, Integer, Memory, Real, TimeZone, Word};

const TB: i64 = 1 << 30;
const DAY: i64 = 86_400_000;

const PARAMETERS: [(&str, Form); 30] = [
    ("autovacuum_analyze_scale_factor", Real(0.0, 100.0)),
    ("autovacuum_naptime", Duration(1_000, DAY)),
    ("autovacuum_vacuum_scale_factor", Real(0.0, 100.0)),
    ("checkpoint_timeout", Duration(30_000, DAY)),
    ("deadlock_timeout", Duration(1, DAY)),
    ("default_statistics_target", Integer(1, 10_000)),
    (
        "default_transaction_isolation",
        Word(&["read committed", "repeatable read", "serializable"]),
    ),
    ("effective_cache_size", Memory(8, TB)),
    ("effective_io_concurrency", Integer(0, 1_000)),
    ("idle_in_transaction_session_timeout", Duration(0, DAY)),
    ("idle_session_timeout", Duration(0, DAY)),
    ("jit", Boolean),
    ("lock_timeout", Duration(0, DAY)),
    ("log_min_duration_statement", Duration(0, DAY)),
    ("maintenance_work_mem", Memory(1_024, TB)),
    ("max_connections", Integer(10, 2_000)),
    ("max_locks_per_transaction", Integer(10, 10_000)),
    ("max_parallel_workers", Integer(0, 256)),
    ("max_parallel_workers_per_gather", Integer(0, 64)),
    ("max_wal_size", Memory(65_536, TB)),
    ("min_wal_size", Memory(32_768, TB)),
    ("random_page_cost", Real(0.0, 1_000.0)),
    ("seq_page_cost", Real(0.0, 1_000.0)),
    ("shared_buffers", Memory(1_024, TB)),
    ("statement_timeout", Duration(0, DAY)),
    ("synchronous_commit", Word(&["on", "off", "local"])),
    ("temp_buffers", Memory(800, TB)),
    ("temp_file_limit", Memory(0, TB)),
    ("timezone", TimeZone),
    ("work_mem", Memory(64, TB)),
];

/// A value that a parameter cannot have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidParameter {
    /// Not one that can be set.
    #[error("parameter {0:?} cannot be set")]
    Unknown(String),
    /// Of the wrong form or out of bounds.
    #[error("{name} = {value:?} is not admitted: write {expected}")]
    Value {
        /// The parameter.
        name: String,
        /// The refused value.
        value: String,
        /// What to write instead.
        expected: String,
    },
}

/// Names that can be set, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    PARAMETERS.iter().map(|(name, _)| *name)
}

/// Checks names and bounds.
///
/// # Errors
/// With the first parameter that is not admitted.
pub fn check(parameters: &BTreeMap<String, String>) -> Result<(), InvalidParameter> {
    for (name, value) in parameters {
        let (_, form) = PARAMETERS
            .iter()
            .find(|(known, _)| known == name)
            .ok_or_else(|| InvalidParameter::Unknown(name.clone()))?;
        if !form.admits(value) {
            return Err(InvalidParameter::Value {
                name: name.clone(),
                value: value.clone(),
                expected: form.expected(),
            });
        }
    }
    Ok(())
}

impl Form {
    fn admits(self, value: &str) -> bool {
        match self {
            Memory(min, max) => scaled(
                value,
                &[("kB", 1), ("MB", 1 << 10), ("GB", 1 << 20), ("TB", 1 << 30)],
            )
            .is_some_and(|kb| (min..=max).contains(&kb)),
            Duration(min, max) => scaled(
                value,
                &[
                    ("ms", 1),
                    ("s", 1_000),
                    ("min", 60_000),
                    ("h", 3_600_000),
                    ("d", DAY),
                ],
            )
            .is_some_and(|ms| (min..=max).contains(&ms)),
            Integer(min, max) => value.parse().is_ok_and(|n: i64| (min..=max).contains(&n)),
            Real(min, max) => value.parse().is_ok_and(|n: f64| (min..=max).contains(&n)),
            Boolean => ["on", "off"].contains(&value),
            Word(words) => words.contains(&value),
            TimeZone => {
                !value.is_empty()
                    && value.len() <= 40
                    && value
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b))
                    && !value.starts_with('/')
            }
        }
    }

    fn expected(self) -> String {
        match self {
            Memory(min, max) => {
                format!("an amount with its unit, from {min}kB to {max}kB, for example 64MB")
            }
            Duration(min, max) => {
                format!("a time with its unit, from {min}ms to {max}ms, for example 30s")
            }
            Integer(min, max) => format!("a whole number from {min} to {max}"),
            Real(min, max) => format!("a number from {min} to {max}"),
            Boolean => "on or off".to_owned(),
            Word(words) => format!("one of: {}", words.join(", ")),
            TimeZone => "a name of the time-zone database, for example Europe/Zurich".to_owned(),
        }
    }
}

/// A whole number with one of the units, in the base unit. Zero needs no unit.
fn scaled(value: &str, units: &[(&str, i64)]) -> Option<i64> {
    if value == "0" {
        return Some(0);
    }
    let split = value.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = value.split_at(split);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<i64>().ok()?.checked_mul(*scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> Result<(), InvalidParameter> {
        check(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn values_within_their_bounds_are_admitted() {
        for (name, value) in [
            ("work_mem", "64MB"),
            ("statement_timeout", "0"),
            ("statement_timeout", "30s"),
            ("jit", "off"),
            ("random_page_cost", "1.1"),
            ("max_connections", "200"),
            ("timezone", "Europe/Zurich"),
            ("default_transaction_isolation", "repeatable read"),
        ] {
            assert_eq!(one(name, value), Ok(()), "{name} = {value}");
        }
    }

    #[test]
    fn values_outside_their_bounds_are_refused() {
        for (name, value) in [
            ("work_mem", "64"),
            ("work_mem", "1kB"),
            ("work_mem", "9999999TB"),
            ("jit", "maybe"),
            ("max_connections", "0"),
            ("random_page_cost", "NaN"),
            ("timezone", "/etc/passwd"),
            ("statement_timeout", "-1s"),
            ("checkpoint_timeout", "1s"),
        ] {
            assert!(one(name, value).is_err(), "{name} = {value}");
        }
    }

    #[test]
    fn nothing_that_runs_programs_or_opens_the_server_can_be_set() {
        for name in [
            "archive_command",
            "listen_addresses",
            "ssl",
            "hba_file",
            "data_directory",
            "log_directory",
            "shared_preload_libraries",
            "session_preload_libraries",
            "dynamic_library_path",
            "unix_socket_directories",
            "restore_command",
            "ssl_passphrase_command",
            "port",
            "password_encryption",
        ] {
            assert_eq!(one(name, "on"), Err(InvalidParameter::Unknown(name.into())));
        }
    }

    #[test]
    fn names_are_sorted() {
        assert!(names().is_sorted());
    }
}
