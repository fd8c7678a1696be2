//! Figures for Prometheus: one registry, every family with a fixed set of labels.
//!
//! A label's value is a word of this program, never a name that somebody chose, so the number
//! of series is bounded. Nothing here may decide anything by a figure.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

mod http;
mod process;

/// Media type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds of one reconciliation: from a pass without writes to one that waits for a server.
const RECONCILE_BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// Seconds that a new pod was seen open; about 0.1 on kube-router.
const WINDOW_BUCKETS: [f64; 10] = [0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0];

/// How a reconciliation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Outcome {
    /// Everything is as wanted, or on its way.
    Success,
    /// The object cannot be acted on until somebody changes it.
    Invalid,
    /// It is tried again later.
    Error,
}

/// What was done to an object of the cluster (verbs of Kubernetes RBAC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Verb {
    /// Made.
    Create,
    /// Replaced.
    Update,
    /// Applied or patched.
    Patch,
    /// Removed.
    Delete,
}

/// Where the addresses of the pool are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddressCounts {
    /// Addresses in the pool.
    pub total: usize,
    /// Held by endpoints.
    pub held: usize,
    /// Resting after their endpoint went.
    pub quarantined: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindOutcome {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindReason {
    kind: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindVerb {
    kind: &'static str,
    verb: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Phase {
    phase: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
    commit: &'static str,
}

/// All figures of this process. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    reconciles: Family<KindOutcome, Counter>,
    durations: Family<Kind, Histogram, fn() -> Histogram>,
    errors: Family<KindReason, Counter>,
    writes: Family<KindVerb, Counter>,
    endpoints: Family<Phase, Gauge>,
    addresses: Family<State, Gauge>,
    address_conflicts: Counter,
    gate_windows: Histogram,
    isolation_failures: Counter,
    leader: Gauge,
    http: http::Http,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Every family at zero. `commit` is what the program was built from.
    #[must_use]
    pub fn new(version: &'static str, commit: &'static str) -> Self {
        let mut inner = Inner {
            registry: Registry::default(),
            reconciles: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(RECONCILE_BUCKETS)),
            errors: Family::default(),
            writes: Family::default(),
            endpoints: Family::default(),
            addresses: Family::default(),
            address_conflicts: Counter::<u64, AtomicU64>::default(),
            gate_windows: Histogram::new(WINDOW_BUCKETS),
            isolation_failures: Counter::<u64, AtomicU64>::default(),
            leader: Gauge::default(),
            http: http::Http::default(),
        };
        inner.register();
        let build = Info::new(Build { version, commit });
        inner
            .registry
            .register("kisenon_build", "Version and commit of this program", build);
        inner
            .registry
            .register_collector(Box::new(process::ProcessCollector));
        let metrics = Self(Arc::new(inner));
        metrics.set_addresses(AddressCounts::default());
        metrics
    }

    /// Counts one pass over an object of this kind and how long it took.
    pub fn record_reconcile(&self, kind: &'static str, outcome: Outcome, took: Duration) {
        let labels = KindOutcome {
            kind,
            outcome: outcome.into(),
        };
        self.0.reconciles.get_or_create(&labels).inc();
        let durations = self.0.durations.get_or_create(&Kind { kind });
        durations.observe(took.as_secs_f64());
    }

    /// Counts a pass that failed; `reason` is the fixed word of the error's variant.
    pub fn record_error(&self, kind: &'static str, reason: &'static str) {
        let labels = KindReason { kind, reason };
        self.0.errors.get_or_create(&labels).inc();
    }

    /// Counts an object of this kind that the operator wrote.
    pub fn record_write(&self, kind: &'static str, verb: Verb) {
        let labels = KindVerb {
            kind,
            verb: verb.into(),
        };
        self.0.writes.get_or_create(&labels).inc();
    }

    /// Sets how many endpoints are in this phase. A phase never set is not reported, so the
    /// caller sets all of them, zero too.
    pub fn set_endpoints(&self, phase: &'static str, count: usize) {
        let gauge = self.0.endpoints.get_or_create(&Phase { phase });
        gauge.set(whole(count));
    }

    /// Sets where the addresses of the pool are.
    pub fn set_addresses(&self, counts: AddressCounts) {
        for (state, count) in [
            ("total", counts.total),
            ("held", counts.held),
            ("quarantined", counts.quarantined),
        ] {
            let gauge = self.0.addresses.get_or_create(&State { state });
            gauge.set(whole(count));
        }
    }

    /// Counts an address found on two Services.
    pub fn record_address_conflict(&self) {
        self.0.address_conflicts.inc();
    }

    /// Records how long a gate saw its pod open before the policy was in force.
    pub fn record_open_window(&self, window: Duration) {
        self.0.gate_windows.observe(window.as_secs_f64());
    }

    /// Counts an endpoint whose isolation was disproved or could not be proved.
    pub fn record_isolation_failure(&self) {
        self.0.isolation_failures.inc();
    }

    /// Says whether this process leads.
    pub fn set_leader(&self, leads: bool) {
        self.0.leader.set(leads.into());
    }

    /// All figures as OpenMetrics text of type [`CONTENT_TYPE`]. Reads those of the process
    /// itself from `/proc`.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        match text::encode(&mut text, &self.0.registry) {
            Ok(()) => text,
            Err(fmt::Error) => {
                tracing::error!("failed to encode metrics");
                // An empty exposition; a cut one would be taken for counters gone back.
                "# EOF\n".to_owned()
            }
        }
    }
}

impl Inner {
    fn register(&mut self) {
        let registry = self.registry.sub_registry_with_prefix("kisenon");
        registry.register(
            "reconcile",
            "Reconciliations by kind and outcome",
            self.reconciles.clone(),
        );
        registry.register_with_unit(
            "reconcile_duration",
            "Duration of reconciliations",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "reconcile_errors",
            "Failed reconciliations by reason",
            self.errors.clone(),
        );
        registry.register(
            "writes",
            "Objects written by the operator",
            self.writes.clone(),
        );
        registry.register("endpoints", "Endpoints by phase", self.endpoints.clone());
        registry.register(
            "addresses",
            "Addresses of the pool by state",
            self.addresses.clone(),
        );
        self.register_perimeter();
    }

    fn register_perimeter(&mut self) {
        let registry = self.registry.sub_registry_with_prefix("kisenon");
        registry.register(
            "address_conflicts",
            "Addresses found on two Services",
            self.address_conflicts.clone(),
        );
        registry.register_with_unit(
            "gate_open_window",
            "Time a new pod was seen open before its policy was in force",
            Unit::Seconds,
            self.gate_windows.clone(),
        );
        registry.register(
            "isolation_failures",
            "Endpoints whose isolation was disproved or could not be proved",
            self.isolation_failures.clone(),
        );
        registry.register("leader", "Whether this process leads", self.leader.clone());
        self.http.register(registry);
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_line(text: &str, line: &str) {
        assert!(text.lines().any(|l| l == line), "{line} not in:\n{text}");
    }

    #[test]
    fn everything_is_there_before_anything_happened() {
        let text = Metrics::new("0.1.0", "abc").encode();
        for line in [
            r#"kisenon_build_info{version="0.1.0",commit="abc"} 1"#,
            r#"kisenon_addresses{state="total"} 0"#,
            "kisenon_address_conflicts_total 0",
            "kisenon_isolation_failures_total 0",
            "kisenon_gate_open_window_seconds_count 0",
            "kisenon_leader 0",
            "# EOF",
        ] {
            assert_line(&text, line);
        }
    }

    #[test]
    fn what_is_recorded_through_a_clone_is_encoded() {
        let metrics = Metrics::new("0.1.0", "abc");
        let clone = metrics.clone();
        clone.record_reconcile("Endpoint", Outcome::Success, Duration::from_millis(30));
        clone.record_error("Project", "Apply");
        clone.record_write("Namespace", Verb::Patch);
        clone.set_endpoints("Running", 3);
        clone.set_leader(true);
        clone.record_open_window(Duration::from_millis(100));
        clone.set_addresses(AddressCounts {
            total: 50,
            held: 2,
            quarantined: 1,
        });
        let text = metrics.encode();
        for line in [
            r#"kisenon_reconcile_total{kind="Endpoint",outcome="success"} 1"#,
            r#"kisenon_reconcile_duration_seconds_bucket{le="0.05",kind="Endpoint"} 1"#,
            r#"kisenon_reconcile_errors_total{kind="Project",reason="Apply"} 1"#,
            r#"kisenon_writes_total{kind="Namespace",verb="patch"} 1"#,
            r#"kisenon_endpoints{phase="Running"} 3"#,
            r#"kisenon_addresses{state="quarantined"} 1"#,
            r#"kisenon_gate_open_window_seconds_bucket{le="0.1"} 1"#,
            "kisenon_leader 1",
        ] {
            assert_line(&text, line);
        }
    }
}
