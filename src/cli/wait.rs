//! Waiting until an endpoint is as somebody wants it: the server tells, nobody asks again and
//! again. A stream that breaks is taken up where it was.

use std::time::Duration;

use futures::{StreamExt as _, pin_mut};

use super::client::Client;
use super::context::Context;
use super::error::Error;
use super::progress::Progress;
use crate::wire::endpoint::{EndpointView, Phase};
use crate::wire::resource::condition::ConditionView;
use crate::wire::resource::event::name;

/// Time between a stream that has broken and the next.
const PAUSE: Duration = Duration::from_secs(1);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// It accepts clients, as it was last asked to.
    Ready,
    /// It is stopped.
    Stopped,
    /// It is gone.
    Gone,
}

/// Waits, and returns the endpoint as it is then, unless it is gone.
///
/// # Errors
/// When it does not happen in that time, cannot happen, or the server refuses.
pub(crate) async fn endpoint(
    context: &Context,
    client: &Client,
    of: &EndpointView,
    goal: Goal,
    timeout: Duration,
) -> Result<Option<EndpointView>, Error> {
    let progress = Progress::start(context, words(of));
    let mut seen = of.clone();
    let followed = follow(client, &mut seen, goal, &progress);
    match tokio::time::timeout(timeout, followed).await {
        Ok(Ok(())) => Ok((goal != Goal::Gone).then_some(seen)),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(Error::Timeout {
            message: format!("endpoint {} after {timeout:?}: {}", of.name, words(&seen)),
        }),
    }
}

async fn follow(
    client: &Client,
    seen: &mut EndpointView,
    goal: Goal,
    progress: &Progress,
) -> Result<(), Error> {
    let id = seen.id.clone();
    let path = ["v1", "endpoints", &*id, "events"];
    let mut last = None::<String>;
    loop {
        let events = match client.events(&path, last.as_deref()).await {
            Ok(events) => events,
            Err(error) if goal == Goal::Gone && error.code() == Some("not_found") => return Ok(()),
            Err(error) => return Err(error),
        };
        pin_mut!(events);
        while let Some(Ok(event)) = events.next().await {
            if !event.id.is_empty() {
                last = Some(event.id.clone());
            }
            match &*event.name {
                name::ENDPOINT => *seen = event.data()?,
                name::DELETED if goal == Goal::Gone => return Ok(()),
                name::DELETED => {
                    let message = format!("endpoint {} was deleted meanwhile", seen.name);
                    return Err(Error::refused(message));
                }
                _ => continue,
            }
            if is_reached(seen, goal)? {
                return Ok(());
            }
            progress.say(words(seen));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What is said of an older generation says nothing of this one.
fn is_reached(endpoint: &EndpointView, goal: Goal) -> Result<bool, Error> {
    if endpoint.observed_generation != Some(endpoint.generation) {
        return Ok(false);
    }
    if let Some(stalled) = condition(endpoint, "Stalled").filter(|_| goal != Goal::Gone) {
        let message = format!("endpoint {} is stalled: {}", endpoint.name, stalled.message);
        return Err(Error::refused(message).hinting(
            "it goes on by itself once the cause is gone; look again: keon endpoints get",
        ));
    }
    Ok(match goal {
        Goal::Ready => condition(endpoint, "Ready").is_some() && endpoint.phase == Phase::Running,
        Goal::Stopped => endpoint.phase == Phase::Stopped,
        Goal::Gone => false,
    })
}

/// The condition of this type, if it holds.
fn condition<'a>(endpoint: &'a EndpointView, type_: &str) -> Option<&'a ConditionView> {
    let mut conditions = endpoint.conditions.iter();
    conditions.find(|of| of.type_ == type_ && of.status == "True")
}

/// Where it is on its way, for people.
fn words(endpoint: &EndpointView) -> String {
    let waiting = endpoint
        .conditions
        .iter()
        .find(|of| of.type_ == "Reconciling" && of.status == "True");
    let phase = match endpoint.deleting_since {
        Some(_) => "Deleting".to_owned(),
        None => format!("{:?}", endpoint.phase),
    };
    match waiting {
        Some(condition) => format!("{}: {phase} ({})", endpoint.name, condition.message),
        None => format!("{}: {phase}", endpoint.name),
    }
}
