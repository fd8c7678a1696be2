//! One list and watch that never ends: pages, bookmarks, and a clear word on whether it is open.
//!
//! Of kube's own `watcher` one cannot learn whether a broken watch stands again before the next
//! change comes, and its bookmarks stay inside it; both decide here whether credentials may still
//! be accepted.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures::{StreamExt as _, pin_mut};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::api::{Api, ListParams, WatchParams};
use kube::core::{DeserializeGuard, WatchEvent};
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::pulse::Pulse;

/// Objects in one page of a list.
const PAGE: u32 = 500;
/// How long the API server holds one watch open. A connection that died without a word is noticed
/// a little later.
const WATCH_SECONDS: u32 = 60;
const GRACE: Duration = Duration::from_secs(5);
/// How often the API server is asked whether it is there, and how long it may take.
const PROBE_EVERY: Duration = Duration::from_millis(300);
const PROBE_LIMIT: Duration = Duration::from_millis(600);
const REOPEN_FIRST: Duration = Duration::from_millis(50);
const REOPEN_LAST: Duration = Duration::from_secs(2);

/// Takes in what a watch shows, in its order.
pub trait Observer<K>: Send {
    /// A listing begins.
    fn restart(&mut self);
    /// One object of the listing.
    fn listed(&mut self, object: K);
    /// The listing is whole: what it did not hold is gone.
    fn complete(&mut self, version: u64);
    /// The object was made or changed.
    fn applied(&mut self, object: K, version: u64);
    /// The object is gone, or cannot be read any more.
    fn gone(&mut self, meta: &ObjectMeta, version: u64);
}

#[derive(Debug, Error)]
enum Broken {
    #[error("failed to list")]
    List(#[source] kube::Error),
    #[error("failed to watch")]
    Watch(#[source] kube::Error),
    #[error("the watch fell silent")]
    Silent,
}

/// Where the next watch begins.
enum From {
    /// With a new listing.
    Start,
    /// After this version.
    Version(String),
}

/// Follows all objects that the selector names, until the task is aborted.
pub async fn follow<K, O>(
    api: Api<DeserializeGuard<K>>,
    selector: &str,
    pulse: Pulse,
    mut observer: O,
) where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned,
    O: Observer<K>,
{
    let mut waits = backoff();
    let mut from = From::Start;
    loop {
        let outcome = round(&api, selector, &pulse, &mut observer, &mut from).await;
        pulse.close();
        match outcome {
            Ok(()) => waits = backoff(),
            Err(error) => {
                tracing::warn!(
                    k8s.kind = %K::kind(&()),
                    error = %error,
                    cause = std::error::Error::source(&error).map(ToString::to_string),
                    "a watch broke and is opened again"
                );
                let wait = waits.next().unwrap_or(REOPEN_LAST);
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// Asks the API server for an object that need not exist, again and again: it answers from its
/// store, so an answer means that what it holds is current, and that it can be reached.
pub async fn probe<K>(api: Api<K>, pulse: Pulse)
where
    K: Clone + std::fmt::Debug + DeserializeOwned,
{
    let mut ticks = tokio::time::interval(PROBE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let was_open = pulse.is_open();
        let answer = tokio::time::timeout(PROBE_LIMIT, api.get_metadata_opt("kisenon-probe")).await;
        if was_open && pulse.is_open() && matches!(answer, Ok(Ok(_))) {
            pulse.beat();
        }
    }
}

/// One watch, after a listing where there is none to go on from.
async fn round<K, O>(
    api: &Api<DeserializeGuard<K>>,
    selector: &str,
    pulse: &Pulse,
    observer: &mut O,
    from: &mut From,
) -> Result<(), Broken>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned,
    O: Observer<K>,
{
    if matches!(from, From::Start) {
        *from = From::Version(list(api, selector, pulse, observer).await?);
    }
    let From::Version(version) = from else {
        return Ok(());
    };
    let params = WatchParams::default()
        .timeout(WATCH_SECONDS)
        .labels(selector);
    let stream = api.watch(&params, version).await;
    let stream = match stream {
        Err(kube::Error::Api(status)) if status.code == 410 => {
            *from = From::Start;
            return Ok(());
        }
        stream => stream.map_err(Broken::Watch)?,
    };
    pulse.open();
    pin_mut!(stream);
    let silence = Duration::from_secs(WATCH_SECONDS.into()) + GRACE;
    loop {
        let event = tokio::time::timeout(silence, stream.next()).await;
        let Some(event) = event.map_err(|_| Broken::Silent)? else {
            return Ok(());
        };
        let next = match event.map_err(Broken::Watch)? {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                let next = version_of(object.meta());
                match object.0 {
                    Ok(object) => observer.applied(object, number(&next)),
                    Err(unreadable) => {
                        tell(&K::kind(&()), &unreadable.metadata, &unreadable.error);
                        observer.gone(&unreadable.metadata, number(&next));
                    }
                }
                next
            }
            WatchEvent::Deleted(object) => {
                let next = version_of(object.meta());
                observer.gone(object.meta(), number(&next));
                next
            }
            WatchEvent::Bookmark(bookmark) => bookmark.metadata.resource_version,
            WatchEvent::Error(status) => {
                if status.code == 410 {
                    *from = From::Start;
                    return Ok(());
                }
                return Err(Broken::Watch(kube::Error::Api(status)));
            }
        };
        pulse.reach(number(&next));
        *version = next;
    }
}

async fn list<K, O>(
    api: &Api<DeserializeGuard<K>>,
    selector: &str,
    pulse: &Pulse,
    observer: &mut O,
) -> Result<String, Broken>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned,
    O: Observer<K>,
{
    observer.restart();
    let mut params = ListParams::default().limit(PAGE).labels(selector);
    loop {
        let page = api.list(&params).await.map_err(Broken::List)?;
        for object in page.items {
            match object.0 {
                Ok(object) => observer.listed(object),
                Err(unreadable) => tell(&K::kind(&()), &unreadable.metadata, &unreadable.error),
            }
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => {
                let version = page.metadata.resource_version.unwrap_or_default();
                observer.complete(number(&version));
                pulse.listed(number(&version));
                return Ok(version);
            }
        }
    }
}

fn tell(kind: &str, meta: &ObjectMeta, error: &str) {
    tracing::error!(
        k8s.kind = kind,
        k8s.namespace = meta.namespace,
        k8s.name = meta.name,
        error,
        "an object cannot be read and counts as absent: correct it"
    );
}

fn version_of(meta: &ObjectMeta) -> String {
    meta.resource_version.clone().unwrap_or_default()
}

/// Resource versions of one kind are ordered numbers (Kubernetes, "API concepts", since 1.35 by
/// contract, before that in fact).
pub(in crate::cluster) fn number(version: &str) -> u64 {
    version.parse().unwrap_or_default()
}

fn backoff() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(REOPEN_FIRST)
        .with_max_delay(REOPEN_LAST)
        .with_jitter()
        .without_max_times()
        .build()
}
