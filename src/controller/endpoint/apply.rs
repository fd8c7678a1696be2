//! All writes of an Endpoint's reconcile, in order: policy before pod before Service.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Service;
use kube::Resource as _;

use super::build::{self, Desired};
use super::gate::{self, Gate};
use super::live;
use super::materials::{self, Materials};
use super::observe::Observed;
use super::progress::Progress;
use super::validate::ValidEndpoint;
use crate::cluster::apply::WriteError;
use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::controller::object::condition::{Outcome, Stall, find};
use crate::controller::object::finalizer;
use crate::controller::object::meta::TEMPLATE_DIGEST;
use crate::crd::Endpoint;
use crate::crd::condition::{ConditionType, Reason};

/// A gate that has failed is tried again by a new pod after this long: kubelet alone would make
/// it wait up to five minutes after the cause has gone.
const GATE_PATIENCE: Duration = Duration::from_secs(45);

/// What has been applied, for the status.
pub(super) struct Applied {
    /// The checked Endpoint.
    pub valid: ValidEndpoint,
    /// How far the server has come.
    pub progress: Progress,
    /// The address it holds.
    pub address: Option<Ipv4Addr>,
    /// Whether the Service stands.
    pub exposed: bool,
    /// Whether packets have shown that the perimeter is enforced.
    pub isolation: Outcome,
    /// Whether the server has its present settings.
    pub server: Outcome,
    /// Why the volume is not as large as asked for.
    pub storage: Option<Stall>,
    /// Why the server could not be given its present settings, to be tried again.
    pub unserved: Option<Error>,
}

/// Applies every child that may stand at this point.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached, or no address is free.
pub(super) async fn apply(
    context: &Context,
    endpoint: &Endpoint,
    valid: &ValidEndpoint,
    observed: &Observed,
) -> Result<Applied, Error> {
    let owner = observed
        .project
        .as_deref()
        .and_then(|project| project.owner_ref(&()));
    finalizer::ensure(&context.client, endpoint, owner).await?;
    let address = address(context, valid, observed).await?;
    let materials = materials::prepare(
        valid,
        observed,
        address.map(IpAddr::V4),
        &context.authority,
        (context.now)(),
    )?;
    let desired = build::build(valid, &materials, context);
    let storage = server(context, endpoint, observed, &desired).await?;
    let progress = heard(context, endpoint, valid, observed).await?;
    replace_stuck(context, &progress, &desired).await?;
    let mut isolation = isolation(endpoint, valid, &progress);
    let may_be_exposed = isolation.is_done() || (was_verified(endpoint) && !is_refuted(&isolation));
    let exposed = match address.filter(|_| may_be_exposed) {
        Some(address) => {
            expose(context, endpoint, valid, &materials, address).await?;
            true
        }
        None => false,
    };
    if progress.listening
        && isolation.is_done()
        && let Some(refutation) = live::probe(context, &progress).await
    {
        isolation = refutation;
    }
    // Closed before anything else is tried: what follows may fail for as long as it likes.
    let mut exposed = exposed && !is_refuted(&isolation);
    if !exposed {
        close(context, valid, observed).await?;
    }
    let (server, unserved) = serve(context, valid, &progress, &isolation, &desired).await;
    // A server that has just taken its settings listens: a refusal now means the policy's.
    if server.is_done()
        && let Some(refutation) = live::probe(context, &progress).await
    {
        isolation = refutation;
        exposed = false;
        close(context, valid, observed).await?;
    }
    Ok(Applied {
        valid: valid.clone(),
        progress,
        address,
        exposed,
        isolation,
        server,
        storage,
        unserved,
    })
}

/// How far the server has come, its gate asked for evidence where the pod bears none.
///
/// A server that wakes behind its standing Service needs no word of the operator's to be reached:
/// its gate is asked when it listens, so that its first moments are not shared with that.
async fn heard(
    context: &Context,
    endpoint: &Endpoint,
    valid: &ValidEndpoint,
    observed: &Observed,
) -> Result<Progress, Error> {
    let mut progress = Progress::read(&observed.pods);
    let is_waking = was_verified(endpoint) && !progress.listening && progress.failure.is_none();
    if let (Some(pod), Some(container)) = (&progress.pod, &progress.unheard_gate)
        && !is_waking
        && let Some(found) = gate::hear(context, valid, pod, container).await?
    {
        progress.gate = found;
        progress.unheard_gate = None;
    }
    Ok(progress)
}

/// Takes the Service away, if it stands.
async fn close(context: &Context, valid: &ValidEndpoint, observed: &Observed) -> Result<(), Error> {
    if observed.service.is_some() {
        let children = &context.children;
        children
            .delete::<Service>(&valid.namespace, &valid.id)
            .await?;
    }
    Ok(())
}

/// Gives a server that runs its settings. What fails here must not hide what the status says.
async fn serve(
    context: &Context,
    valid: &ValidEndpoint,
    progress: &Progress,
    isolation: &Outcome,
    desired: &Desired,
) -> (Outcome, Option<Error>) {
    if !progress.is_running() || !isolation.is_done() {
        let waits = Outcome::not(Reason::Waiting, "waits for the server to start");
        return (waits, None);
    }
    if progress.is_outdated(template_digest(desired)) {
        let restarts = "the server restarts with its new settings";
        return (Outcome::not(Reason::Progressing, restarts), None);
    }
    match live::give(context, valid, progress, &desired.live).await {
        Ok(server) => (server, None),
        Err(error) => (live::refused(&error), Some(error)),
    }
}

/// The address is claimed before the server starts, since its certificate names it; the Service
/// that opens it comes only after isolation was verified.
async fn address(
    context: &Context,
    valid: &ValidEndpoint,
    observed: &Observed,
) -> Result<Option<Ipv4Addr>, Error> {
    if observed.address.is_some() || !valid.running {
        return Ok(observed.address);
    }
    let owner = format!("{}/{}", valid.tenant_namespace, valid.name);
    let claimed = context
        .addresses
        .claim(&observed.leases, &valid.uid, &owner, (context.now)())
        .await?;
    Ok(Some(claimed))
}

/// The policy, then what the server needs, then the server.
async fn server(
    context: &Context,
    endpoint: &Endpoint,
    observed: &Observed,
    desired: &Desired,
) -> Result<Option<Stall>, Error> {
    let Desired {
        policy,
        credentials,
        config_map,
        volume_claim,
        stateful_set,
        live: _,
    } = desired;
    let children = &context.children;
    let is_new = endpoint.status.is_none();
    children.make(policy, is_new).await?;
    let namespace = policy.metadata.namespace.as_deref().unwrap_or_default();
    let may_have_some = observed.credentials.is_none() && !is_new;
    if may_have_some && !context.watches.has_listed(namespace) {
        return Err(Error::Outdated("the credentials"));
    }
    let credentials = async {
        if observed.credentials.is_some() {
            return children.apply(credentials).await.map_err(Error::from);
        }
        // A watch that lags must not cost anyone their password: make it, never overwrite it.
        match children.create(credentials).await? {
            Some(made) => {
                context.watches.remember(made);
                Ok(())
            }
            None => Err(Error::Outdated("the credentials")),
        }
    };
    let volume = async {
        match children.make(volume_claim, is_new).await {
            Err(error) if observed.volume_claim.is_some() => resize_refused(error).map(Some),
            applied => applied.map(|()| None).map_err(Error::from),
        }
    };
    let config_map = async { children.make(config_map, is_new).await.map_err(Error::from) };
    // Each to its end, whatever becomes of the others: a write that is sent and not waited for
    // would be sent again.
    let (credentials, config_map, storage) = futures::join!(credentials, config_map, volume);
    let (storage, ()) = (storage?, credentials.and(config_map)?);
    // Applied, never created: it has many fields that the API server sets, and a creation would
    // make them ours.
    children.apply(stateful_set).await?;
    Ok(storage)
}

fn resize_refused(error: WriteError) -> Result<Stall, Error> {
    match error.refusal() {
        Some(words) => Ok(Stall::new(
            Reason::StorageResizeRefused,
            format!("the volume stays as large as it is: {words}"),
        )),
        None => Err(error.into()),
    }
}

fn template_digest(desired: &Desired) -> Option<&String> {
    let spec = desired.stateful_set.spec.as_ref()?;
    let annotations = spec.template.metadata.as_ref()?.annotations.as_ref()?;
    annotations.get(TEMPLATE_DIGEST)
}

/// Deletes a pod that will not get on by itself: one of an outdated template that never came up,
/// or one whose gate waits out kubelet's growing pauses.
async fn replace_stuck(
    context: &Context,
    progress: &Progress,
    desired: &Desired,
) -> Result<(), Error> {
    let Some(pod) = &progress.pod else {
        return Ok(());
    };
    let digest = template_digest(desired);
    let age = pod
        .metadata
        .creation_timestamp
        .as_ref()
        .map(|time| (context.now)().duration_since(time.0))
        .unwrap_or_default();
    let patience = SignedDuration::try_from(GATE_PATIENCE).unwrap_or_default();
    let outdated =
        progress.is_outdated(digest) && (!progress.is_running() || progress.failure.is_some());
    let waiting = matches!(progress.gate, Gate::Failed(_)) && age > patience;
    if outdated || waiting {
        context.children.delete_exactly(&**pod).await?;
    }
    Ok(())
}

fn isolation(endpoint: &Endpoint, valid: &ValidEndpoint, progress: &Progress) -> Outcome {
    match (&progress.gate, &progress.pod) {
        (Gate::Passed(evidence), _) => Outcome::done(Reason::Succeeded, evidence.summary()),
        (Gate::Failed(why), _) => Outcome::not(
            Reason::NotEnforced,
            format!("{why}; no address is opened until the cluster enforces NetworkPolicy"),
        ),
        (Gate::Pending, None) if !valid.running && was_verified(endpoint) => Outcome::done(
            Reason::Suspended,
            "verified when the server last ran; verified again before it starts",
        ),
        (Gate::Pending, _) => Outcome::not(
            Reason::GatePending,
            "the gate has not proved yet that the perimeter is enforced",
        ),
    }
}

/// Nothing listens while no gate has passed, so a Service may stay through a restart; only proof
/// to the contrary takes it away.
fn is_refuted(isolation: &Outcome) -> bool {
    isolation.reason == Reason::NotEnforced
}

fn was_verified(endpoint: &Endpoint) -> bool {
    endpoint.status.as_ref().is_some_and(|status| {
        find(&status.conditions, ConditionType::IsolationVerified).is_some_and(|c| {
            c.status == "True"
                || c.reason == Reason::GatePending.as_ref() && status.address.is_some()
        })
    })
}

async fn expose(
    context: &Context,
    endpoint: &Endpoint,
    valid: &ValidEndpoint,
    materials: &Materials,
    address: Ipv4Addr,
) -> Result<(), Error> {
    let exposure = build::expose(endpoint, valid, materials, address, context);
    futures::try_join!(
        context.children.apply(&exposure.service),
        context.children.apply(&exposure.connection),
    )?;
    Ok(())
}
