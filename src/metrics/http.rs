//! Figures of the HTTP API.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
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

/// The figures of one route, found without making labels.
struct OfRoute {
    duration: Histogram,
    requests: Vec<(u16, Counter)>,
}

pub(super) struct Http {
    known: RwLock<HashMap<String, OfRoute>>,
    requests: Family<RouteStatus, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    keys: Gauge,
    streams: Gauge,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            known: RwLock::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            keys: Gauge::default(),
            streams: Gauge::default(),
        }
    }
}

impl Http {
    /// Counts, if there are figures of this route and status; answers whether it did.
    fn count(&self, route: &str, status: u16, took: Duration) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let Some(of_route) = known.get(route) else {
            return false;
        };
        let mut requests = of_route.requests.iter();
        let Some((_, requests)) = requests.find(|(of, _)| *of == status) else {
            return false;
        };
        of_route.duration.observe(took.as_secs_f64());
        requests.inc();
        true
    }

    fn learn(&self, route: &str, status: u16) {
        let labels = Route {
            route: route.to_owned(),
        };
        let duration = self.durations.get_or_create(&labels).clone();
        let labels = RouteStatus {
            route: route.to_owned(),
            status,
        };
        let requests = self.requests.get_or_create(&labels).clone();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let of_route = known.entry(labels.route).or_insert_with(|| OfRoute {
            duration,
            requests: Vec::new(),
        });
        if of_route.requests.iter().all(|(of, _)| *of != status) {
            of_route.requests.push((status, requests));
        }
    }

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
        if !http.count(route, status, took) {
            http.learn(route, status);
            http.count(route, status, took);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let metrics = Metrics::new("0.1.0", "abc");
        for (route, status) in [
            ("/v1/me", 200),
            ("/v1/me", 401),
            ("none", 404),
            ("/v1/me", 200),
        ] {
            metrics.record_request(route, status, Duration::from_millis(2));
        }
        let text = metrics.encode();
        for line in [
            r#"kisenon_http_requests_total{route="/v1/me",status="200"} 2"#,
            r#"kisenon_http_requests_total{route="/v1/me",status="401"} 1"#,
            r#"kisenon_http_requests_total{route="none",status="404"} 1"#,
            r#"kisenon_http_request_duration_seconds_count{route="/v1/me"} 3"#,
        ] {
            assert!(text.lines().any(|l| l == line), "{line} not in:\n{text}");
        }
    }
}
