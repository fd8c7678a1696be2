//! Processes of pods, found by their pod's cgroup: never by a name alone.

use std::fs;

/// Ids of the processes of a pod whose command line holds `word`.
pub(crate) fn of_pod(uid: &str, word: &str) -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
            let cgroup = String::from_utf8_lossy(&read("cgroup")).into_owned();
            let command = String::from_utf8_lossy(&read("cmdline")).into_owned();
            let is_of_pod = cgroup.contains(uid) || cgroup.contains(&uid.replace('-', "_"));
            is_of_pod && command.contains(word)
        })
        .collect()
}
