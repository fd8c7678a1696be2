//! Reconciles an `ApiKey`: its status says whether the key is accepted, and one that the API made
//! and that is long past its time goes.
//!
//! A key has no children, so there is no `build`. The watch keeps a row for each key instead of
//! the object (see `row`), so the stages run twice where there is something to write: first on
//! the row, which costs nothing, then on the object as it is. The API judges keys by itself; it
//! never waits for what is written here.

mod apply;
mod index;
mod observe;
mod row;
mod run;
mod schedule;
mod status;
mod validate;

pub use index::Keys;
pub use row::KeyName;
pub(super) use run::run;

use std::time::Duration;

use super::context::Context;
use super::error::Error;
use crate::crd::ApiKey;

/// Kubernetes' name of the kind.
pub(super) const KIND: &str = <ApiKey as crate::cluster::apply::Child>::NAME;

/// The stages. Answers when time alone will have changed something.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached; the caller tries again.
async fn reconcile(name: &KeyName, context: &Context) -> Result<Option<Duration>, Error> {
    let now = (context.now)();
    let keep = context.config.keep_expired_keys;
    let Some(seen) = observe::seen(name, context) else {
        return Ok(None);
    };
    let verdict = validate::validate(&seen, keep, now);
    if !verdict.is_overdue && status::is_written(&seen.row, &verdict) {
        return Ok(verdict.next);
    }
    let Some((key, live)) = observe::live(name, context).await? else {
        return Ok(None);
    };
    let verdict = validate::validate(&live, keep, now);
    if verdict.is_overdue {
        apply::delete(&key, context).await?;
        return Ok(None);
    }
    status::write(&key, context, &verdict).await?;
    Ok(verdict.next)
}
