//! The status of an Endpoint, from what was observed and applied.

use std::time::Duration;

use jiff::Timestamp;
use kube::Resource as _;

use super::apply::Applied;
use super::build::PORT;
use super::gate::Gate;
use super::observe::Observed;
use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::controller::object::condition::{Conditions, Outcome, Stall, find};
use crate::controller::object::meta;
use crate::crd::condition::{ConditionType, Reason};
use crate::crd::{Endpoint, EndpointStatus, Phase};

/// Writes the status if it differs from the stored one, and an event when the reason changed.
/// Answers whether nothing is left to wait for.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached.
pub(super) async fn write(
    endpoint: &Endpoint,
    context: &Context,
    observed: &Observed,
    outcome: Result<&Applied, &Stall>,
) -> Result<bool, Error> {
    let previous = endpoint.status.clone().unwrap_or_default();
    let now = (context.now)();
    let (made, settled) = match outcome {
        Ok(applied) => running(endpoint, observed, applied, now),
        Err(stall) => (stalled(endpoint, observed, stall, now), false),
    };
    if made != previous {
        measure(context, &previous, &made, outcome.ok());
        let reference = endpoint.object_ref(&());
        context
            .endpoint_statuses
            .write(&context.client, endpoint, &made)
            .await?;
        context
            .events
            .on_change(&reference, &previous.conditions, &made.conditions);
    }
    Ok(settled)
}

/// Counts what became true with this status.
fn measure(
    context: &Context,
    previous: &EndpointStatus,
    made: &EndpointStatus,
    applied: Option<&Applied>,
) {
    let state = |status: &EndpointStatus, kind| {
        find(&status.conditions, kind).map(|c| (c.status.clone(), c.reason.clone()))
    };
    let became = |kind, status: &str, reason: Reason| {
        let wanted = Some((status.to_owned(), reason.to_string()));
        state(made, kind) == wanted && state(previous, kind) != wanted
    };
    if became(ConditionType::IsolationVerified, "True", Reason::Succeeded)
        && let Some(Gate::Passed(evidence)) = applied.map(|applied| &applied.progress.gate)
    {
        let window = Duration::from_millis(evidence.open_window_ms);
        context.metrics.record_open_window(window);
    }
    if became(
        ConditionType::IsolationVerified,
        "False",
        Reason::NotEnforced,
    ) {
        context.metrics.record_isolation_failure();
    }
    if became(
        ConditionType::AddressAssigned,
        "False",
        Reason::AddressConflict,
    ) {
        context.metrics.record_address_conflict();
    }
}

fn running(
    endpoint: &Endpoint,
    observed: &Observed,
    applied: &Applied,
    now: Timestamp,
) -> (EndpointStatus, bool) {
    let previous = endpoint.status.clone().unwrap_or_default();
    let perimeter = Outcome::done(
        Reason::Succeeded,
        format!(
            "policy {} admits {} range(s){}",
            applied.valid.id,
            applied.valid.blocks.len(),
            if applied.valid.admits_tenant_pods {
                " and the pods of this namespace"
            } else {
                ""
            }
        ),
    );
    let address = address(observed, applied);
    let server = server(applied);
    let phase = phase(applied);
    let ready = ready(applied, &address, &server, phase);
    let stalled = applied.storage.is_some()
        || matches!(ready.reason, Reason::AddressConflict | Reason::NotEnforced);
    let conditions = Conditions::new(&previous.conditions, endpoint.metadata.generation, now)
        .with(ConditionType::PerimeterReady, &perimeter)
        .with(ConditionType::IsolationVerified, &applied.isolation)
        .with(ConditionType::AddressAssigned, &address)
        .with(ConditionType::ServerReady, &server)
        .summary(&ready, stalled)
        .into_vec();
    let shown = applied
        .address
        .filter(|_| applied.exposed)
        .map(|a| a.to_string());
    let host = shown.clone().map(|address| {
        if applied.valid.host_resolves {
            applied.valid.host.clone()
        } else {
            address
        }
    });
    let made = EndpointStatus {
        observed_generation: endpoint.metadata.generation,
        id: Some(observed.id.clone()),
        phase: Some(phase),
        port: shown.is_some().then_some(PORT),
        connection_secret: shown
            .is_some()
            .then(|| meta::connection_secret(&applied.valid.name)),
        address: shown,
        host,
        conditions,
    };
    (made, ready.is_done())
}

/// Keeps what was true before: a spec that cannot be built changes nothing that runs.
fn stalled(
    endpoint: &Endpoint,
    observed: &Observed,
    stall: &Stall,
    now: Timestamp,
) -> EndpointStatus {
    let previous = endpoint.status.clone().unwrap_or_default();
    let ready = Outcome::not(stall.reason, stall.message.clone());
    let waits = stall.reason == Reason::ProjectNotReady;
    let generation = endpoint.metadata.generation;
    let mut conditions = previous
        .conditions
        .iter()
        .filter(|c| !["Ready", "Reconciling", "Stalled"].contains(&&*c.type_))
        .cloned()
        .collect::<Vec<_>>();
    if stall.reason == Reason::PoolExhausted {
        conditions.retain(|c| c.type_ != ConditionType::AddressAssigned.as_ref());
        conditions.extend(
            Conditions::new(&previous.conditions, generation, now)
                .with(ConditionType::AddressAssigned, &ready)
                .into_vec(),
        );
    }
    conditions.extend(
        Conditions::new(&previous.conditions, generation, now)
            .summary(&ready, !waits)
            .into_vec(),
    );
    EndpointStatus {
        observed_generation: generation,
        id: Some(observed.id.clone()),
        phase: previous.phase.or(Some(Phase::Pending)),
        conditions,
        ..previous
    }
}

fn address(observed: &Observed, applied: &Applied) -> Outcome {
    let Some(address) = applied.address else {
        return Outcome::not(
            Reason::Suspended,
            "an address is claimed when the server first runs",
        );
    };
    if !observed.rivals.is_empty() {
        return Outcome::not(
            Reason::AddressConflict,
            format!(
                "{address} is claimed by Service {} as well: take it away there",
                observed.rivals.join(", ")
            ),
        );
    }
    if !applied.exposed {
        return Outcome::not(
            Reason::Waiting,
            format!("{address} is reserved and opened once isolation is verified"),
        );
    }
    let given = observed
        .service
        .iter()
        .filter_map(|service| {
            service
                .status
                .as_ref()?
                .load_balancer
                .as_ref()?
                .ingress
                .as_ref()
        })
        .flatten()
        .any(|ingress| ingress.ip.as_deref() == Some(&address.to_string()));
    if given {
        Outcome::done(Reason::Succeeded, format!("{address} is this endpoint's"))
    } else {
        Outcome::not(
            Reason::Waiting,
            format!("{address} is reserved, and the load balancer has not taken it up yet"),
        )
    }
}

fn server(applied: &Applied) -> Outcome {
    if !applied.valid.running {
        return Outcome::not(
            Reason::Suspended,
            "the server is suspended, as desiredState says",
        );
    }
    match &applied.progress.failure {
        Some((reason, message)) => Outcome::not(*reason, message.clone()),
        None => applied.server.clone(),
    }
}

fn phase(applied: &Applied) -> Phase {
    let progress = &applied.progress;
    match () {
        () if !applied.valid.running && (progress.pod.is_some() || progress.stopping) => {
            Phase::Stopping
        }
        () if !applied.valid.running => Phase::Stopped,
        () if progress.failure.is_some() => Phase::Failed,
        () if applied.server.is_done() => Phase::Running,
        () if applied.isolation.is_done() && progress.pod.is_some() => Phase::Starting,
        () => Phase::Pending,
    }
}

fn ready(applied: &Applied, address: &Outcome, server: &Outcome, phase: Phase) -> Outcome {
    if let Some(stall) = &applied.storage {
        return Outcome::not(stall.reason, stall.message.clone());
    }
    match phase {
        Phase::Stopped => Outcome::done(
            Reason::Suspended,
            "the server is suspended, as desiredState says",
        ),
        Phase::Stopping => Outcome::not(Reason::Progressing, "the server is going down"),
        _ => [&applied.isolation, address, server]
            .into_iter()
            .find(|outcome| !outcome.is_done())
            .cloned()
            .unwrap_or_else(|| {
                Outcome::done(
                    Reason::Succeeded,
                    "the server accepts clients at its address",
                )
            }),
    }
}
