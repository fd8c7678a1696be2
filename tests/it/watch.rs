//! The API's watches when they break: nothing is missed, and nobody takes what is past for present.
//!
//! The faults are injected in our own client; the API server stays the real one.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test they help"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::{Request, Response};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, PostParams};
use kube::client::{Body, ClientBuilder};
use kube::{Client, ResourceExt as _};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};

use kisenon::cluster::key_watch;
use kisenon::cluster::watches::{Observer, Watches, What};
use kisenon::crd::{ApiKey, Project};

use crate::cluster::{self, Namespace};

const PATIENCE: Duration = Duration::from_secs(30);

/// What becomes of requests that read.
const PASS: u8 = 0;
/// No watch reaches the server; lists do.
const NO_WATCH: u8 = 1;
/// A watch begins at a version that the server has forgotten: it answers 410.
const FORGOTTEN: u8 = 2;
/// Nothing reaches the server.
const AWAY: u8 = 3;

#[derive(Clone, Default)]
struct Switch(Arc<AtomicU8>);

impl Switch {
    fn set(&self, mode: u8) {
        self.0.store(mode, Ordering::SeqCst);
    }

    fn client(&self) -> Client {
        let builder = ClientBuilder::try_from(cluster::config()).unwrap();
        builder.with_layer(self).build()
    }
}

impl<S> Layer<S> for Switch {
    type Service = Switched<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Switched {
            inner,
            switch: self.clone(),
        }
    }
}

struct Switched<S> {
    inner: S,
    switch: Switch,
}

impl<S, B> Service<Request<Body>> for Switched<S>
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

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let is_watch = query.contains("watch=true");
        match self.switch.0.load(Ordering::SeqCst) {
            AWAY => return Box::pin(async { Err("away on purpose".into()) }),
            NO_WATCH if is_watch => return Box::pin(async { Err("no watch on purpose".into()) }),
            FORGOTTEN if is_watch => {
                let kept = query
                    .split('&')
                    .filter(|p| !p.starts_with("resourceVersion="));
                let query = kept
                    .chain(["resourceVersion=1"])
                    .collect::<Vec<_>>()
                    .join("&");
                let path = request.uri().path().to_owned();
                *request.uri_mut() = format!("{path}?{query}").parse().unwrap();
                self.switch.set(PASS);
            }
            _ => {}
        }
        let answer = self.inner.call(request);
        Box::pin(async move { answer.await.map_err(Into::into) })
    }
}

async fn until(what: &str, look: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    while !look() {
        assert!(Instant::now() < deadline, "it never came that {what}");
        ticks.tick().await;
    }
}

async fn project(home: &Namespace, name: &str) {
    let object = json!({"apiVersion": "kisenon.com/v1alpha1", "kind": "Project",
        "metadata": {"name": name}, "spec": {}});
    let object: Project = serde_json::from_value(object).unwrap();
    home.api()
        .create(&PostParams::default(), &object)
        .await
        .unwrap();
}

fn names(watches: &Watches, home: &Namespace) -> Vec<String> {
    let projects = watches.list::<Project>(&home.name);
    let mut names = projects.iter().map(|p| p.name_any()).collect::<Vec<_>>();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn what_happens_while_a_watch_is_broken_is_not_missed() {
    let home = cluster::tenant("broken", "broken").await;
    for name in ["kept", "gone"] {
        project(&home, name).await;
    }
    for mode in [PASS, FORGOTTEN] {
        let (switch, mut tasks) = (Switch::default(), JoinSet::new());
        // Lists go through, so there is a state; watches do not, so it is of the past.
        switch.set(NO_WATCH);
        let watches = Watches::open(&switch.client(), &mut tasks);
        until("all is listed", || {
            names(&watches, &home).contains(&"kept".to_owned())
        })
        .await;
        let mut told = watches.subscribe();
        let new = format!("new-{mode}");
        project(&home, &new).await;
        if mode == PASS {
            let projects = home.api::<Project>();
            projects
                .delete("gone", &DeleteParams::default())
                .await
                .unwrap();
        }
        assert!(!names(&watches, &home).contains(&new));
        switch.set(mode);
        until("it is seen", || names(&watches, &home).contains(&new)).await;
        until("the other is gone", || {
            !names(&watches, &home).contains(&"gone".to_owned())
        })
        .await;
        until("all watches stand", || watches.is_ready()).await;
        let mut heard = Vec::new();
        while let Ok(told) = told.try_recv() {
            match told.change.what {
                What::Project(project) => heard.push(project.name_any()),
                What::Deleted { name, .. } => heard.push(format!("-{name}")),
                What::Endpoint(_) => {}
            }
        }
        assert!(heard.contains(&new), "{heard:?}");
        assert_eq!(
            heard.contains(&"-gone".to_owned()),
            mode == PASS,
            "{heard:?}"
        );
    }
}

/// Takes in nothing.
struct Nobody;

impl Observer<ApiKey> for Nobody {
    fn restart(&mut self) {}
    fn listed(&mut self, _: ApiKey) {}
    fn complete(&mut self, _: u64) {}
    fn applied(&mut self, _: ApiKey, _: u64) {}
    fn gone(&mut self, _: &ObjectMeta, _: u64) {}
}

#[tokio::test]
async fn the_watch_of_keys_is_stale_while_the_api_server_is_away() {
    const LIMIT: Duration = Duration::from_secs(1);
    let (switch, mut tasks) = (Switch::default(), JoinSet::new());
    let pulse = key_watch::open(&switch.client(), Nobody, &mut tasks);
    until("it is fresh", || !pulse.is_stale(LIMIT)).await;
    // The open connection says nothing of it.
    switch.set(AWAY);
    until("it is stale", || pulse.is_stale(LIMIT)).await;
    switch.set(PASS);
    until("it is fresh again", || !pulse.is_stale(LIMIT)).await;
}
