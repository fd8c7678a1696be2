//! Waiting until something is as it was asked for: the server tells, nobody asks again and again.
//! A stream that breaks is taken up where it was.

mod awaited;

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures::{StreamExt as _, pin_mut};

pub(crate) use self::awaited::{Awaited, Goal};
use super::client::Client;
use super::client::events::Event;
use super::context::Context;
use super::error::Error;
use super::progress::Progress;
use crate::wire::resource::event::{Deleted, Synced, name};

/// How long a stream may be silent: the server says something every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);
/// How often a stream is opened in vain before that is told.
const ATTEMPTS: usize = 6;

/// Waits, and returns what is waited for as it is then, unless it is gone.
///
/// # Errors
/// When it does not happen in that time, cannot happen, or the server refuses.
pub(crate) async fn until<T: Awaited>(
    context: &Context,
    client: &Client,
    of: &T,
    goal: Goal,
    limit: Duration,
) -> Result<Option<T>, Error> {
    if of.is_reached(goal)? {
        return Ok(Some(of.clone()));
    }
    let limit_text = format!(
        "{:#}",
        jiff::SignedDuration::try_from(limit).unwrap_or_default()
    );
    if !context.settings.shows_progress() {
        let what = format!("waiting until {} {} {goal}", T::KIND, of.name());
        context
            .printer
            .note(&format!("{what}, {limit_text} at most"))?;
    }
    let client = client.unwatched();
    let mut wait = Wait {
        client: &client,
        goal,
        progress: Progress::start(context, of.words()),
        seen: of.clone(),
        is_told: false,
        last: None,
    };
    match tokio::time::timeout(limit, wait.follow()).await {
        Ok(Ok(())) => Ok((goal != Goal::Gone).then_some(wait.seen)),
        Ok(Err(error)) => Err(error),
        Err(_) => {
            let (kind, words) = (T::KIND, wait.seen.words());
            let message = format!("after {limit_text} {kind} {words}");
            Err(Error::Timeout { message })
        }
    }
}

/// One wait.
struct Wait<'a, T> {
    client: &'a Client,
    goal: Goal,
    progress: Progress,
    seen: T,
    /// Whether this stream has told of it.
    is_told: bool,
    /// Id of the last event.
    last: Option<String>,
}

impl<T: Awaited> Wait<'_, T> {
    async fn follow(&mut self) -> Result<(), Error> {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(8))
            .with_jitter()
            .with_max_times(ATTEMPTS);
        let mut pause = pauses.build();
        loop {
            let before = self.last.clone();
            let outcome = self.listen().await;
            if self.last != before {
                pause = pauses.build();
            }
            let broken = match outcome {
                Ok(true) => return Ok(()),
                Ok(false) => None,
                Err(error @ Error::Unreachable { .. }) => Some(error),
                Err(error) => return Err(error),
            };
            match (pause.next(), broken) {
                (Some(pause), _) => tokio::time::sleep(pause).await,
                (None, Some(error)) => return Err(error),
                (None, None) => {
                    let message = "the server ends its streams of events as soon as they begin";
                    return Err(Error::refused(message).hinting("do not wait: --no-wait"));
                }
            }
        }
    }

    /// Follows one stream to its end: whether the goal is reached.
    async fn listen(&mut self) -> Result<bool, Error> {
        self.is_told = false;
        let path = self.seen.events();
        let path = path.iter().map(|of| &**of).collect::<Vec<_>>();
        let events = match self.client.events(&path, self.last.as_deref()).await {
            Ok(events) => events,
            Err(error) if error.code() == Some("not_found") => return self.gone(),
            Err(error) => return Err(error),
        };
        pin_mut!(events);
        while let Ok(Some(Ok(event))) = tokio::time::timeout(SILENCE, events.next()).await {
            if !event.id.is_empty() {
                self.last = Some(event.id.clone());
            }
            if self.hear(&event)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn hear(&mut self, event: &Event) -> Result<bool, Error> {
        match &*event.name {
            name::DELETED => match event.data::<Deleted>()?.id == self.seen.id() {
                true => self.gone(),
                false => Ok(false),
            },
            // Everything there is was told, and it was not among that.
            name::SYNCED if event.data::<Synced>()?.complete && !self.is_told => self.gone(),
            of if of == T::EVENT => {
                let told = event.data::<T>()?;
                if told.id() != self.seen.id() {
                    return Ok(false);
                }
                self.is_told = true;
                self.seen = told;
                self.progress.say(self.seen.words());
                self.seen.is_reached(self.goal)
            }
            _ => Ok(false),
        }
    }

    fn gone(&self) -> Result<bool, Error> {
        if self.goal == Goal::Gone {
            return Ok(true);
        }
        let (kind, name) = (T::KIND, self.seen.name());
        Err(Error::refused(format!(
            "{kind} {name} was deleted meanwhile"
        )))
    }
}
