//! Requests as the API server has counted them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use http::Request;
use kube::Client;

const WRITES: [&str; 5] = ["POST", "PUT", "PATCH", "APPLY", "DELETE"];
const DEADLINE: Duration = Duration::from_secs(120);

/// Requests of the bench and of the operator, by verb and resource.
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
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    pub(crate) fn writes(&self) -> f64 {
        let is_write = |key: &&String| WRITES.iter().any(|verb| key.starts_with(verb));
        let counts = self.0.iter().filter(|(key, _)| is_write(key));
        counts.map(|(_, count)| *count).sum::<u64>() as f64
    }
}

impl fmt::Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = self.0.iter().filter(|(_, count)| **count > 0);
        let words = listed.map(|(key, count)| format!("{key} {count}"));
        f.write_str(&words.collect::<Vec<_>>().join(", "))
    }
}

/// All requests so far.
pub(crate) async fn count(client: &Client) -> Result<Requests> {
    let request = Request::get("/metrics").body(Vec::new())?;
    let text = client.request_text(request).await?;
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let Some(rest) = line.strip_prefix("apiserver_request_total{") else {
            continue;
        };
        let Some((labels, value)) = rest.rsplit_once("} ") else {
            continue;
        };
        let label = |name: &str| {
            let start = labels.find(&format!("{name}=\""))? + name.len() + 2;
            labels[start..].split('"').next()
        };
        let (verb, resource) = (label("verb").unwrap_or(""), label("resource").unwrap_or(""));
        let part = label("subresource").unwrap_or("");
        if is_of_others(verb, resource, part) {
            continue;
        }
        let slash = if part.is_empty() { "" } else { "/" };
        let key = format!("{verb} {resource}{slash}{part}");
        *counts.entry(key).or_default() += value.parse::<f64>()? as u64;
    }
    Ok(Requests(counts))
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
