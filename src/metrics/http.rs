//! Figures of the HTTP API.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::Metrics;

/// Seconds of one request: from what the watches answer to what asks the API server.
const BUCKETS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteStatus {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

pub(super) struct Http {
    requests: Family<RouteStatus, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    keys: Gauge,
    streams: Gauge,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            keys: Gauge::default(),
            streams: Gauge::default(),
        }
    }
}

impl Http {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "http_requests",
            "Requests by route and status",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time until an answer began",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "api_keys",
            "API keys that can be looked up",
            self.keys.clone(),
        );
        registry.register(
            "event_streams",
            "Open streams of events",
            self.streams.clone(),
        );
    }
}

impl Metrics {
    /// Counts a request; `route` is a pattern of the router, never a path that somebody wrote.
    pub fn record_request(&self, route: &str, status: u16, took: Duration) {
        let http = &self.0.http;
        let route = route.to_owned();
        let durations = http.durations.get_or_create(&Route {
            route: route.clone(),
        });
        durations.observe(took.as_secs_f64());
        drop(durations);
        http.requests
            .get_or_create(&RouteStatus { route, status })
            .inc();
    }

    /// Sets how many API keys can be looked up.
    pub fn set_api_keys(&self, count: usize) {
        self.0.http.keys.set(super::whole(count));
    }

    /// Counts a stream of events that has begun, until the answer goes.
    pub fn add_event_streams(&self, change: i64) {
        self.0.http.streams.inc_by(change);
    }
}
