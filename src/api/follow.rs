//! Changes of a tenant's things, sent to one client as they happen (HTML, "Server-sent events").
//!
//! First comes the present state, then every change. Each event's id is a version up to which the
//! client has everything; a client that comes back with it gets what it has missed, or all where
//! that is not known any more. The stream ends with the credential that opened it.

mod streams;

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event;
use futures::Stream;
use kube::ResourceExt as _;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

pub use self::streams::{Place, Streams};

use crate::api::identity::authenticate::is_still_valid;
use crate::api::identity::caller::Caller;
use crate::api::state::ApiState;
use crate::api::v1::endpoints::show;
use crate::api::view;
use crate::cluster::watches::{Change, Told, What};
use crate::crd::{Endpoint, Project};
use crate::domain::access::Target;
use crate::wire::resource::event::{Deleted, Synced, name};

/// How often a silent stream says that it is still there.
const PING: Duration = Duration::from_secs(15);
/// How often the credential is looked at.
const CHECK: Duration = Duration::from_millis(500);
/// How long a client may leave its events unread.
const PATIENCE: Duration = Duration::from_secs(30);
/// Events that a slow client may lag behind by.
const BACKLOG: usize = 64;

/// Who follows what.
pub struct Follower {
    state: ApiState,
    caller: Caller,
    /// Id of the only endpoint of interest.
    only: Option<String>,
    /// What this client was told of, and so must hear the end of.
    told: HashSet<String>,
    events: mpsc::Sender<Event>,
}

/// The client has gone away, or the stream is at its end.
struct Ended;

/// Opens a stream; `since` is the id of the last event that the client has seen.
pub fn open(
    state: ApiState,
    caller: Caller,
    only: Option<String>,
    since: Option<u64>,
    place: Place,
) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let (events, received) = mpsc::channel(BACKLOG);
    let mut follower = Follower {
        state,
        caller,
        only,
        told: HashSet::new(),
        events,
    };
    tokio::spawn(async move {
        // Held as long as the stream.
        let _place = place;
        // Either way nothing is left to say.
        let _ = follower.follow(since).await;
    });
    futures::stream::unfold(received, |mut received| async move {
        let event = received.recv().await?;
        Some((Ok(event), received))
    })
}

impl Follower {
    async fn follow(&mut self, since: Option<u64>) -> Result<(), Ended> {
        // Before the state is read: what changes in between is told twice rather than never.
        let mut changes = self.state.watches().subscribe();
        self.present(since).await?;
        let mut pings = tokio::time::interval(PING);
        let mut checks = tokio::time::interval(CHECK);
        pings.reset();
        let gone = self.events.clone();
        loop {
            tokio::select! {
                told = changes.recv() => match told {
                    Ok(told) => self.tell(&told).await?,
                    // Too slow: the present state makes up for what was missed.
                    Err(RecvError::Lagged(_)) => self.present(None).await?,
                    Err(RecvError::Closed) => return Err(Ended),
                },
                _ = checks.tick() => {
                    if !is_still_valid(&self.state, &self.caller) {
                        return Err(Ended);
                    }
                }
                _ = pings.tick() => self.send(Event::default().event(name::PING).data("{}")).await?,
                () = gone.closed() => return Err(Ended),
            }
        }
    }

    /// Sends the present state, or what of it is newer than what the client has.
    async fn present(&mut self, since: Option<u64>) -> Result<(), Ended> {
        let watches = self.state.watches().clone();
        let namespace = Arc::clone(&self.caller.tenant.namespace);
        let safe = watches.version();
        // Whose project a deleted endpoint was is not known: who is bound to one gets everything.
        let known = since.filter(|_| self.caller.project().is_none());
        let missed = known.and_then(|since| Some((since, watches.gone_since(&namespace, since)?)));
        let newer = missed.as_ref().map_or(0, |(since, _)| *since);
        for project in watches.list::<Project>(&namespace) {
            if is_newer(&*project, newer) {
                self.project(&project, safe).await?;
            }
        }
        for endpoint in watches.list::<Endpoint>(&namespace) {
            if is_newer(&*endpoint, newer) {
                self.endpoint(&endpoint, safe).await?;
            }
        }
        let complete = missed.is_none();
        for Change { what, .. } in missed.into_iter().flat_map(|(_, changes)| changes) {
            self.deleted(&what, safe, true).await?;
        }
        self.data(name::SYNCED, safe, &Synced { complete }).await
    }

    async fn tell(&mut self, told: &Told) -> Result<(), Ended> {
        if *told.change.namespace != *self.caller.tenant.namespace {
            return Ok(());
        }
        match &told.change.what {
            What::Project(project) => self.project(project, told.safe).await,
            What::Endpoint(endpoint) => self.endpoint(endpoint, told.safe).await,
            what @ What::Deleted { .. } => self.deleted(what, told.safe, false).await,
        }
    }

    async fn project(&mut self, project: &Project, safe: u64) -> Result<(), Ended> {
        let is_seen = self.caller.sees(Target::Project(&project.name_any()));
        if !is_seen || self.only.is_some() {
            return Ok(());
        }
        let view = view::project(project);
        self.told.insert(view.id.clone());
        self.data(name::PROJECT, safe, &view).await
    }

    async fn endpoint(&mut self, endpoint: &Endpoint, safe: u64) -> Result<(), Ended> {
        let view = show(&self.state, endpoint);
        let is_seen = self.caller.sees(Target::Project(&endpoint.spec.project));
        if !is_seen || self.only.as_ref().is_some_and(|only| *only != view.id) {
            return Ok(());
        }
        self.told.insert(view.id.clone());
        self.data(name::ENDPOINT, safe, &view).await
    }

    /// Tells of what the client knows; `all`: it may know of any.
    async fn deleted(&mut self, what: &What, safe: u64, all: bool) -> Result<(), Ended> {
        let What::Deleted { kind, id, name } = what else {
            return Ok(());
        };
        let is_only = self.only.as_deref().is_none_or(|only| *only == **id);
        let was_told = self.told.remove(&**id);
        if !is_only || !(was_told || all) {
            return Ok(());
        }
        let deleted = Deleted {
            kind: (*kind).to_owned(),
            id: id.to_string(),
            name: name.to_string(),
        };
        self.data(self::name::DELETED, safe, &deleted).await?;
        // Of a single endpoint nothing more can come.
        if self.only.is_some() {
            Err(Ended)
        } else {
            Ok(())
        }
    }

    async fn data<T: Serialize>(&self, event: &str, safe: u64, data: &T) -> Result<(), Ended> {
        let text = serde_json::to_string(data).map_err(|_| Ended)?;
        let event = Event::default()
            .event(event)
            .id(safe.to_string())
            .data(text);
        self.send(event).await
    }

    async fn send(&self, event: Event) -> Result<(), Ended> {
        if !is_still_valid(&self.state, &self.caller) {
            return Err(Ended);
        }
        let sent = self.events.send_timeout(event, PATIENCE);
        sent.await.map_err(|_| Ended)
    }
}

fn is_newer<K: kube::Resource>(object: &K, than: u64) -> bool {
    view::version(object)
        .parse::<u64>()
        .is_ok_and(|version| version > than)
}
