//! Processor time of the bench and of what it has started. Other work that shares the processors
//! lengthens it less than the time on the wall, but it does.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Linux, `USER_HZ`: the unit of times in `/proc`, whatever the kernel's own.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds so far, by the name of the program.
pub(crate) struct Load(BTreeMap<String, f64>);

impl Load {
    /// Of this process and its children.
    pub(crate) fn now() -> Result<Self> {
        let this = std::process::id();
        let mut seconds = BTreeMap::new();
        for entry in std::fs::read_dir("/proc")? {
            let path = entry?.path();
            // One that has ended meanwhile is none of ours: ours run on.
            let Ok(stat) = std::fs::read_to_string(path.join("stat")) else {
                continue;
            };
            let process = Process::read(&stat).with_context(|| format!("no figures: {stat}"))?;
            if process.parent == this || path == Path::new("/proc").join(this.to_string()) {
                *seconds.entry(process.name).or_default() += process.seconds;
            }
        }
        Ok(Self(seconds))
    }

    /// What came after `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let more = self.0.iter().map(|(name, seconds)| {
            let past = before.0.get(name).copied().unwrap_or_default();
            (name.clone(), seconds - past)
        });
        Self(more.collect())
    }

    /// Of all together.
    pub(crate) fn sum(&self) -> f64 {
        self.0.values().sum()
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.iter();
        let words = words.map(|(name, seconds)| format!("{name} {seconds:.1}"));
        f.write_str(&words.collect::<Vec<_>>().join(", "))
    }
}

/// One process (`proc_pid_stat(5)`).
struct Process {
    name: String,
    parent: u32,
    seconds: f64,
}

impl Process {
    /// The name may hold anything, also a parenthesis.
    fn read(stat: &str) -> Option<Self> {
        let (start, rest) = stat.rsplit_once(')')?;
        let fields = rest.split_whitespace().collect::<Vec<_>>();
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        Some(Self {
            name: start.split_once('(')?.1.to_owned(),
            parent: fields.get(1)?.parse().ok()?,
            seconds: (ticks(11)? + ticks(12)?) / TICKS_PER_SECOND,
        })
    }
}
