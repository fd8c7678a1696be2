//! What is said once something was asked for: how it is then, or that it is gone.

use std::time::Duration;

use crate::cli::client::Client;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::printer::Described;
use crate::cli::wait::{self, Awaited, Goal};

/// Shows what was made or changed: after `limit` at most, once it is as it was asked for; at once
/// without one.
pub(super) async fn show<T: Awaited + Described>(
    context: &Context,
    client: &Client,
    asked: T,
    goal: Goal,
    limit: Option<Duration>,
) -> Result<(), Error> {
    let come = match limit {
        Some(limit) => wait::until(context, client, &asked, goal, limit).await?,
        None => Some(asked),
    };
    come.map_or(Ok(()), |come| context.printer.one(&come))
}

/// Says what has become of something that was to be deleted, and that is `going` as long as the
/// server finds it.
pub(super) async fn tell_deleted<T: Awaited>(
    context: &Context,
    client: &Client,
    name: &str,
    going: Option<T>,
    limit: Option<Duration>,
) -> Result<(), Error> {
    let left = match (going, limit) {
        (Some(going), Some(limit)) => {
            wait::until(context, client, &going, Goal::Gone, limit).await?
        }
        (going, _) => going,
    };
    let kind = T::KIND;
    context.printer.note(&match left {
        Some(_) => format!("{kind} {name} is being deleted"),
        None => format!("{kind} {name} is deleted"),
    })
}
