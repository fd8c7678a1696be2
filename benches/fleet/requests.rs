//! Requests as the API server has counted them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use http::Request;
use kube::Client;

const WRITES: [&str; 5] = ["POST", "PUT", "PATCH", "APPLY", "DELETE"];
const DEADLINE: Duration = Duration::from_secs(120);

/// Requests of the bench and of the operator, by verb and resource, those that were refused apart.
///
/// Not counted: Leases, with which the leader stays leader; what the controllers write of
/// themselves (quota status, default accounts, root certificates).
#[derive(Clone, Default)]
pub(crate) struct Requests(BTreeMap<String, u64>);

impl Requests {
    /// What came after `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let more = self.0.iter().filter_map(|(key, count)| {
            let count = count - before.0.get(key).copied().unwrap_or_default();
            (count > 0).then(|| (key.clone(), count))
        });
        Self(more.collect())
    }

    /// Takes off what the bench itself has asked for.
    pub(crate) fn forgive(&mut self, key: &str, count: u64) {
        if let Some(counted) = self.0.get_mut(key) {
            *counted = counted.saturating_sub(count);
        }
    }

    /// All writes.
    pub(crate) fn writes(&self) -> f64 {
        self.sum(is_write)
    }

    /// Gets, lists and watches that were opened.
    pub(crate) fn reads(&self) -> f64 {
        self.sum(|key| !is_write(key))
    }

    /// Reads and writes that the API server has refused.
    pub(crate) fn refused(&self) -> f64 {
        self.sum(|key| key.ends_with(')'))
    }

    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    fn sum(&self, is_meant: impl Fn(&str) -> bool) -> f64 {
        let counts = self.0.iter().filter(|(key, _)| is_meant(key));
        counts.map(|(_, count)| *count).sum::<u64>() as f64
    }
}

fn is_write(key: &str) -> bool {
    WRITES.iter().any(|verb| key.starts_with(verb))
}

impl fmt::Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = self.0.iter().filter(|(_, count)| **count > 0);
        let words = listed.map(|(key, count)| format!("{key} {count}"));
        f.write_str(&words.collect::<Vec<_>>().join(", "))
    }
}

/// All requests so far. A watch counts from when it is open.
pub(crate) async fn count(client: &Client) -> Result<Requests> {
    let request = Request::get("/metrics").body(Vec::new())?;
    let text = client.request_text(request).await?;
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let Some((labels, value)) = sample(line, "apiserver_request_total")
            .or_else(|| sample(line, "apiserver_longrunning_requests"))
        else {
            continue;
        };
        if let Some(key) = key(labels) {
            *counts.entry(key).or_default() += value.parse::<f64>()? as u64;
        }
    }
    Ok(Requests(counts))
}

/// Labels and value of a line, if it is of this family.
fn sample<'a>(line: &'a str, family: &str) -> Option<(&'a str, &'a str)> {
    let rest = line.strip_prefix(family)?.strip_prefix('{')?;
    rest.rsplit_once("} ")
}

/// What the requests of a line are called, if they count.
fn key(labels: &str) -> Option<String> {
    let label = |name: &str| {
        let name = format!("{name}=\"");
        let start = if labels.starts_with(&name) {
            0
        } else {
            labels.find(&format!(",{name}"))? + 1
        };
        labels[start + name.len()..].split('"').next()
    };
    let (verb, resource) = (label("verb").unwrap_or(""), label("resource").unwrap_or(""));
    let part = label("subresource").unwrap_or("");
    if is_of_others(verb, resource, part) {
        return None;
    }
    let slash = if part.is_empty() { "" } else { "/" };
    let refused = label("code").filter(|code| code.starts_with(['4', '5']));
    let refused = refused.map_or_else(String::new, |code| format!(" ({code})"));
    Some(format!("{verb} {resource}{slash}{part}{refused}"))
}

fn is_of_others(verb: &str, resource: &str, part: &str) -> bool {
    let is_read = matches!(verb, "GET" | "LIST" | "WATCH" | "CONNECT");
    resource.is_empty()
        || resource == "leases"
        || (resource == "resourcequotas" && part == "status")
        || (resource == "serviceaccounts" && !is_read && verb != "APPLY")
        || (resource == "namespaces" && part == "finalize")
        || part == "token"
        || matches!(
            resource,
            "tokenreviews" | "subjectaccessreviews" | "flowschemas"
        )
        || matches!(resource, "prioritylevelconfigurations" | "apiservices")
}

/// Waits until nobody has written for `pause`.
pub(crate) async fn quiet(client: &Client, pause: Duration) -> Result<()> {
    let started = Instant::now();
    let mut before = count(client).await?;
    loop {
        tokio::time::sleep(pause).await;
        let now = count(client).await?;
        if now.since(&before).writes() < 1.0 {
            return Ok(());
        }
        if started.elapsed() > DEADLINE {
            bail!("somebody goes on writing: {}", now.since(&before));
        }
        before = now;
    }
}
