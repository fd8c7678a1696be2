//! Leadership: of several replicas one at a time may write.
//!
//! The lock is a `coordination.k8s.io/v1` Lease, written only under its resource version.
//! [`decide()`] is pure; this file is the thin loop around it. It may touch that one Lease and
//! nothing else (`get`, `create`, `update`), and it never takes leadership a second time:
//! whoever lost it ends its process.
//!
//! The holder counts from when it *sent* its last good renewal, everybody else from when they
//! *saw* the record change, and the holder gives up first. So no two clocks are compared, only
//! their speeds. What this cannot cover: a machine that was suspended as a whole has a clock
//! that stood still, so a write it had begun may go out after another took over. Writes
//! therefore carry resource versions or field managers as well.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::PostParams;
use kube::{Api, Client};
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::AbortOnDropHandle;

mod decide;
mod record;
mod timing;

pub use decide::{Decision, Observation, decide};
pub use record::Record;
pub use timing::{InvalidTiming, Timing};

/// Which Lease, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElectionConfig {
    /// Namespace of the Lease.
    pub namespace: String,
    /// Name of the Lease.
    pub name: String,
    /// Who campaigns: the pod's name. Two processes that live at once must differ in it.
    pub identity: String,
    /// How long things last.
    pub timing: Timing,
}

/// A request about the Lease that did not go well.
#[derive(Debug, Error)]
enum LeaseError {
    #[error("failed to read Lease")]
    Read(#[source] kube::Error),
    #[error("failed to write Lease")]
    Write(#[source] kube::Error),
    #[error("failed to reach the API server in time")]
    Timeout,
}

/// A campaign for leadership and, once won, leadership itself. Dropping it ends both without
/// releasing the Lease, which then runs out by itself.
#[derive(Debug)]
pub struct Leadership {
    held_until: watch::Receiver<Option<Instant>>,
    lost: CancellationToken,
    release: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Leadership {
    /// Starts to campaign, in a task of its own.
    #[must_use]
    pub fn campaign(client: Client, config: ElectionConfig) -> Self {
        let (sender, held_until) = watch::channel(None);
        let lost = CancellationToken::new();
        let release = CancellationToken::new();
        let campaign = Campaign {
            api: Api::namespaced(client, &config.namespace),
            observed: None,
            held_until: sender,
            config,
        };
        let run = campaign.run(lost.clone().drop_guard(), release.clone());
        Self {
            held_until,
            lost,
            release,
            task: AbortOnDropHandle::new(tokio::spawn(run)),
        }
    }

    /// Waits until leadership is won. False: the campaign has ended without.
    pub async fn acquired(&self) -> bool {
        let mut held_until = self.held_until.clone();
        held_until.wait_for(Option::is_some).await.is_ok() && !self.lost.is_cancelled()
    }

    /// Fires when leadership is lost, released, or can no longer be won. Whoever writes must
    /// stop at once.
    #[must_use]
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    /// Whether a write begun now is covered. True until the renewal deadline, so it turns
    /// false in time even if the loop does not get to run.
    #[must_use]
    pub fn is_held(&self, now: Instant) -> bool {
        let covered = self.held_until.borrow().is_some_and(|until| now < until);
        covered && !self.lost.is_cancelled()
    }

    /// Gives leadership up, so that another replica need not wait. Call it when nothing of
    /// this process writes any more; until then the Lease is renewed.
    pub async fn release(self) {
        self.release.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "leader election failed");
        }
    }
}

/// The loop's state.
struct Campaign {
    api: Api<Lease>,
    config: ElectionConfig,
    /// What was last seen; `None` before the first look.
    observed: Option<Observation>,
    held_until: watch::Sender<Option<Instant>>,
}

impl Campaign {
    /// Campaigns and then leads, until released or lost.
    async fn run(mut self, lost: DropGuard, release: CancellationToken) {
        loop {
            let pause = self.step().await;
            if self.is_over(Instant::now()) {
                tracing::error!(lease.name = %self.config.name, "lost leadership");
                return;
            }
            tokio::select! {
                () = release.cancelled() => break,
                () = sleep(pause) => {}
            }
        }
        // Writers hear of it before anyone else can take the Lease.
        drop(lost);
        if self.deadline().is_some() {
            self.give_up().await;
        }
    }

    /// Looks, decides, writes; returns how long to pause.
    async fn step(&mut self) -> Duration {
        let timing = self.config.timing;
        let pause = match self.advance().await {
            Ok(pause) => pause,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(lease.name = %self.config.name, cause, "{error}");
                timing.retry()
            }
        };
        match self.deadline() {
            // Never sleep past the moment at which leadership ends.
            Some(until) => pause.min(until.saturating_duration_since(Instant::now())),
            None => pause,
        }
    }

    async fn advance(&mut self) -> Result<Duration, LeaseError> {
        let timing = self.config.timing;
        if !self.renews_blindly() {
            self.look().await?;
        }
        let Some(observed) = &self.observed else {
            return Ok(timing.retry());
        };
        let decision = decide(observed, &self.config.identity, Instant::now(), &timing);
        match decision {
            Decision::Wait(rest) => Ok(rest.min(timing.retry())),
            Decision::Create | Decision::Acquire | Decision::Renew => self.write(decision).await,
        }
    }

    /// A leader that knows the current record renews it without reading it first.
    fn renews_blindly(&self) -> bool {
        self.deadline().is_some() && self.observed.is_some()
    }

    async fn look(&mut self) -> Result<(), LeaseError> {
        let read = self.api.get_opt(&self.config.name);
        let lease = self.in_time(read).await?.map_err(LeaseError::Read)?;
        let now = Instant::now();
        match &mut self.observed {
            Some(observed) => observed.see(lease, now),
            None => self.observed = Some(Observation::new(lease, now)),
        }
        let held = self.observed.as_ref().and_then(Observation::holder)
            == Some(self.config.identity.as_str());
        if self.deadline().is_some() && !held {
            // Another holds it, or it was deleted: what we believed is void.
            self.held_until.send_replace(Some(now));
        }
        Ok(())
    }

    async fn write(&mut self, decision: Decision) -> Result<Duration, LeaseError> {
        let timing = self.config.timing;
        let record = Record {
            name: &self.config.name,
            identity: &self.config.identity,
            now: Timestamp::now(),
            timing: &timing,
        };
        let current = self.observed.as_ref().and_then(Observation::lease);
        let lease = record.hold(current);
        let sent = Instant::now();
        match self.put(decision, &lease).await {
            Ok(lease) => {
                if let Some(observed) = &mut self.observed {
                    observed.see(Some(lease), Instant::now());
                }
                let first = self.deadline().is_none();
                self.held_until.send_replace(Some(sent + timing.deadline()));
                if first {
                    tracing::info!(lease.name = %self.config.name, "became leader");
                }
                Ok(timing.renew())
            }
            Err(LeaseError::Write(kube::Error::Api(status)))
                if status.is_conflict()
                    || status.is_already_exists()
                    || (status.is_not_found() && decision != Decision::Create) =>
            {
                // Somebody else wrote. A leader must know at once whether it still is one.
                self.look().await?;
                Ok(timing.retry())
            }
            Err(error) => Err(error),
        }
    }

    async fn put(&self, decision: Decision, lease: &Lease) -> Result<Lease, LeaseError> {
        let params = PostParams::default();
        let answer = if decision == Decision::Create {
            self.in_time(self.api.create(&params, lease)).await?
        } else {
            let replace = self.api.replace(&self.config.name, &params, lease);
            self.in_time(replace).await?
        };
        answer.map_err(LeaseError::Write)
    }

    /// Clears the holder under the version last seen; on any doubt the Lease just runs out.
    async fn give_up(&self) {
        let Some(lease) = self.observed.as_ref().and_then(Observation::lease) else {
            return;
        };
        match self.put(Decision::Renew, &record::release(lease)).await {
            Ok(_) => tracing::info!(lease.name = %self.config.name, "released leadership"),
            Err(error) => tracing::warn!(lease.name = %self.config.name, "{error}"),
        }
    }

    /// Bounds a request: no longer than a retry, nor past the end of leadership.
    async fn in_time<T>(&self, request: impl Future<Output = T>) -> Result<T, LeaseError> {
        let mut limit = Instant::now() + self.config.timing.retry();
        if let Some(until) = self.deadline() {
            limit = limit.min(until);
        }
        timeout_at(limit, request)
            .await
            .map_err(|_| LeaseError::Timeout)
    }

    fn deadline(&self) -> Option<Instant> {
        *self.held_until.borrow()
    }

    fn is_over(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|until| now >= until)
    }
}

#[cfg(test)]
mod tests;
