//! A client whose requests fail on purpose, for tests of what a reconciler does after a fault.
//!
//! The faults are injected in our own client; the API server stays the real one.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::{Method, Request, Response};
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tower::{BoxError, Layer, Service};

/// A client for `config` with the faults of `plan`. It belongs to the runtime it is made in.
pub(crate) fn faulty(config: Config, plan: &FaultPlan) -> kube::Result<Client> {
    let layer = FaultLayer(plan.clone());
    Ok(ClientBuilder::try_from(config)?.with_layer(&layer).build())
}

/// On which side of the server's work the connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The request never reaches the server.
    Before,
    /// The server has done it, and its answer is lost.
    After,
}

/// Which write (POST, PUT, PATCH, DELETE) fails, and how. Clones share the count.
#[derive(Clone)]
pub(crate) struct FaultPlan {
    fault: Option<(usize, Moment)>,
    refused: Refused,
    counts: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    seen: Arc<Mutex<Vec<String>>>,
}

/// Whether the write to this path never reaches the server.
type Refused = Arc<dyn Fn(&str) -> bool + Send + Sync>;

impl FaultPlan {
    /// No fault: only counts.
    pub(crate) fn none() -> Self {
        Self {
            fault: None,
            refused: Arc::new(|_| false),
            counts: Arc::new(|_| true),
            seen: Arc::default(),
        }
    }

    /// The `n`-th write fails, counted from 1; all others go through.
    pub(crate) fn fail_write(n: usize, moment: Moment) -> Self {
        Self {
            fault: Some((n, moment)),
            ..Self::none()
        }
    }

    /// Every write to a path that `refused` accepts fails before it reaches the server. Asked once
    /// for each counted write, so that it may count by itself.
    pub(crate) fn refuse(refused: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self {
            refused: Arc::new(refused),
            ..Self::none()
        }
    }

    /// Counts, and fails, only writes to paths that `counts` accepts (no query).
    pub(crate) fn on_paths(
        mut self,
        counts: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.counts = Arc::new(counts);
        self
    }

    /// How many writes were counted, the failed one included.
    pub(crate) fn writes(&self) -> usize {
        self.seen().len()
    }

    /// Method and path of every counted write, in order.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Counts the request, and says how it must fail.
    fn admit(&self, request: &Request<Body>) -> Option<Moment> {
        let (method, path) = (request.method(), request.uri().path());
        let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        if !writes.contains(method) || !(self.counts)(path) {
            return None;
        }
        if (self.refused)(path) {
            return Some(Moment::Before);
        }
        let mut seen = self.lock();
        seen.push(format!("{method} {path}"));
        self.fault
            .and_then(|(n, moment)| (n == seen.len()).then_some(moment))
    }
}

impl fmt::Debug for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultPlan")
            .field("fault", &self.fault)
            .field("seen", &self.seen())
            .finish_non_exhaustive()
    }
}

struct FaultLayer(FaultPlan);

impl<S> Layer<S> for FaultLayer {
    type Service = Faulty<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Faulty {
            inner,
            plan: self.0.clone(),
        }
    }
}

struct Faulty<S> {
    inner: S,
    plan: FaultPlan,
}

impl<S, B> Service<Request<Body>> for Faulty<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let what = format!("{} {}", request.method(), request.uri().path());
        match self.plan.admit(&request) {
            Some(Moment::Before) => Box::pin(async move { Err(broken(&what, "before")) }),
            Some(Moment::After) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    answer.await.map_err(Into::into)?;
                    Err(broken(&what, "after"))
                })
            }
            None => {
                let answer = self.inner.call(request);
                Box::pin(async move { answer.await.map_err(Into::into) })
            }
        }
    }
}

fn broken(what: &str, moment: &str) -> BoxError {
    let text = format!("connection broken on purpose, {moment} the server did {what}");
    io::Error::new(io::ErrorKind::ConnectionReset, text).into()
}
