//! What a running server is told and asked: its present settings, and the operator's own probe.

use std::time::Duration;

use kube::ResourceExt as _;
use secrecy::ExposeSecret;

use super::build::{LiveSettings, NOT_LISTENING};
use super::gate::annotate;
use super::progress::{Progress, SERVER};
use super::validate::ValidEndpoint;
use crate::cluster::exec::{Container, ExecError};
use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::controller::object::condition::Outcome;
use crate::controller::object::meta::LIVE_SETTINGS;
use crate::crd::condition::Reason;
use crate::probe::POSTGRES_PORT;
use crate::probe::ingress::IngressOutcome;

/// Longest that a server may take to accept its settings.
const LIMIT: Duration = Duration::from_secs(20);

/// Gives a running server its present settings, unless its pod says that it has them. The pod
/// is told only after the server has accepted them.
///
/// # Errors
/// When the pod cannot be told.
pub(super) async fn give(
    context: &Context,
    valid: &ValidEndpoint,
    progress: &Progress,
    live: &LiveSettings,
) -> Result<Outcome, Error> {
    let ready = || Outcome::done(Reason::Succeeded, "the server accepts clients");
    let Some(pod) = &progress.pod else {
        return Ok(Outcome::not(
            Reason::Waiting,
            "waits for the server to listen",
        ));
    };
    if progress.live_settings() == Some(&live.digest) {
        return Ok(ready());
    }
    let name = pod.name_any();
    let container = Container {
        client: &context.client,
        namespace: &valid.namespace,
        pod: &name,
        name: SERVER,
    };
    let script = live.script.expose_secret();
    match container.run_script(script, LIMIT).await {
        Err(ExecError::Program(_, words)) if words.contains(NOT_LISTENING) => {
            return Ok(Outcome::not(Reason::Waiting, "the server is starting"));
        }
        outcome => outcome?,
    }
    annotate(context, valid, pod, LIVE_SETTINGS, &live.digest).await?;
    Ok(ready())
}

/// What the status says of a server that could not be given its settings.
pub(super) fn refused(error: &Error) -> Outcome {
    Outcome::not(
        Reason::ServerFailed,
        format!("the server has not taken its settings and is given them again: {error}"),
    )
}

/// Dials the listening server from the operator's own pod, which no policy admits. Answers what
/// refutes the isolation, if anything.
pub(super) async fn probe(context: &Context, progress: &Progress) -> Option<Outcome> {
    let pod = progress.pod.as_ref()?;
    let address = progress.address()?;
    let outcome = context
        .probes
        .outcome(&pod.uid()?, address, POSTGRES_PORT, (context.now)())
        .await;
    match outcome {
        IngressOutcome::Open { .. } => Some(Outcome::not(
            Reason::NotEnforced,
            format!(
                "the operator reached {address}:{POSTGRES_PORT}, which no policy admits; the address is closed until it is refused"
            ),
        )),
        _ => None,
    }
}
