//! The canary: one pod of the operator that every gate dials, and that dials every gate back.
//!
//! Every tenant can reach its control port, so it must be of no use to an attacker. It dials
//! on two fixed ports only; it reports only on the address the request came from; it dials
//! link-local addresses named in a request without telling what came of it; and it limits
//! each peer. It keeps nothing between requests but those limits, and serves no HTTP.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::address::{Family, OwnAddresses};
use super::dial::{Outcome, dial, dial_routes, listen};
use super::protocol::{Answer, MAX_ADDRESSES, Reply, Request, VERSION, read_line, to_line};
use super::{
    CANARY_CONTROL_PORT, CANARY_FORBIDDEN_PORT, DIAL_TIMEOUT, GATE_CONTROL_PORT, POSTGRES_PORT,
};
use limit::{Limits, Slot};

mod limit;

/// A peer that does not finish its line in this time loses its slot.
const READ_TIMEOUT: Duration = Duration::from_secs(2);
/// A pause after a failed accept, which is nearly always a lack of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The ports of a canary. They are its own and never a request's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanaryConfig {
    /// Where gates ask.
    pub control_port: u16,
    /// Where no gate may arrive.
    pub forbidden_port: u16,
    /// Where the canary must be admitted to a gate.
    pub gate_control_port: u16,
    /// Where the canary must be denied.
    pub postgres_port: u16,
}

impl Default for CanaryConfig {
    fn default() -> Self {
        Self {
            control_port: CANARY_CONTROL_PORT,
            forbidden_port: CANARY_FORBIDDEN_PORT,
            gate_control_port: GATE_CONTROL_PORT,
            postgres_port: POSTGRES_PORT,
        }
    }
}

/// Why the canary could not start.
#[derive(Debug, Error)]
pub enum CanaryError {
    /// A port is taken.
    #[error("failed to listen on port {port}")]
    Listen {
        /// The port.
        port: u16,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// Serves until `shutdown` completes; both ports or neither.
///
/// # Errors
/// When one of the two ports cannot be taken.
pub async fn run(
    config: CanaryConfig,
    shutdown: impl Future<Output = ()>,
) -> Result<(), CanaryError> {
    let control = bind(config.control_port)?;
    let forbidden = bind(config.forbidden_port)?;
    tracing::info!(
        port.control = config.control_port,
        port.forbidden = config.forbidden_port,
        "canary listens"
    );
    // Requests in flight end with the runtime: a gate without an answer just asks again.
    tokio::select! {
        () = shutdown => tracing::info!("canary stops"),
        () = serve_control(control, Arc::new(config)) => {}
        () = serve_forbidden(forbidden) => {}
    }
    Ok(())
}

fn bind(port: u16) -> Result<TcpListener, CanaryError> {
    listen(port)
        .and_then(TcpListener::from_std)
        .map_err(|source| CanaryError::Listen { port, source })
}

/// Accepts and closes: that the connection opened is all there is to say.
async fn serve_forbidden(listener: TcpListener) {
    loop {
        if let Err(error) = listener.accept().await {
            tracing::warn!(%error, "failed to accept on the forbidden port");
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
    }
}

async fn serve_control(listener: TcpListener, config: Arc<CanaryConfig>) {
    let limits = Limits::default();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let peer = peer.ip().to_canonical();
                // A peer over its connections is hung up on, not queued: a queue would let
                // it delay the gates of others.
                if let Some(slot) = limits.admit(peer) {
                    let config = Arc::clone(&config);
                    tokio::spawn(async move { answer(stream, peer, slot, &config).await });
                }
            }
            Err(error) => {
                tracing::warn!(%error, "failed to accept on the control port");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn answer(mut stream: TcpStream, peer: IpAddr, slot: Slot, config: &CanaryConfig) {
    let Ok(Ok(line)) = timeout(READ_TIMEOUT, read_line(&mut stream)).await else {
        return;
    };
    let reply = match serde_json::from_slice::<Request>(&line) {
        Ok(request) => reply_to(&request, peer, &slot, config).await,
        Err(_) => declined("the request is malformed"),
    };
    let Ok(line) = to_line(&reply) else {
        return;
    };
    // A peer that reads nothing must not hold the slot.
    if let Ok(Ok(())) = timeout(READ_TIMEOUT, stream.write_all(&line)).await {
        let _ = stream.shutdown().await;
    }
}

async fn reply_to(request: &Request, peer: IpAddr, slot: &Slot, config: &CanaryConfig) -> Reply {
    if request.version != VERSION {
        return declined("the version of the protocol is unknown");
    }
    if request.addresses.len() > MAX_ADDRESSES {
        return declined("too many addresses");
    }
    if !slot.take(Instant::now()) {
        return declined("too many requests");
    }
    match OwnAddresses::read() {
        Ok(own) => Reply::Answer(dial_back(request, peer, &own, config).await),
        Err(error) => {
            tracing::error!(%error, "failed to list the own addresses");
            declined("the canary does not know its own addresses")
        }
    }
}

fn declined(error: &str) -> Reply {
    Reply::Declined {
        error: error.to_owned(),
    }
}

async fn dial_back(
    request: &Request,
    peer: IpAddr,
    own: &OwnAddresses,
    config: &CanaryConfig,
) -> Answer {
    let (control, forbidden, blind, canary_addresses) = tokio::join!(
        dial(SocketAddr::new(peer, config.gate_control_port)),
        dial_routes(peer, own.routes_to(peer, config.postgres_port)),
        dial_blind(&request.addresses, own, config.postgres_port),
        listening(own, config.forbidden_port),
    );
    Answer {
        canary_addresses,
        peer,
        control,
        gate_control_port: config.gate_control_port,
        forbidden: vec![forbidden],
        forbidden_port: config.postgres_port,
        blind,
    }
}

/// Dials the listed link-local addresses and tells only that it did.
///
/// It takes the same time whatever the outcomes, because the time would tell them too.
async fn dial_blind(listed: &[IpAddr], own: &OwnAddresses, port: u16) -> Vec<IpAddr> {
    let neighbours: Vec<IpAddr> = listed
        .iter()
        .copied()
        .filter(|address| Family::of(*address) == Some(Family::LinkLocal))
        .collect();
    if neighbours.is_empty() {
        return Vec::new();
    }
    let dials = neighbours
        .into_iter()
        .map(|address| dial_routes(address, own.routes_to(address, port)));
    let (dials, ()) = tokio::join!(join_all(dials), tokio::time::sleep(DIAL_TIMEOUT));
    dials
        .into_iter()
        .filter(|dial| dial.outcome != Outcome::Failed)
        .map(|dial| dial.address)
        .collect()
}

/// The own addresses on which the forbidden port answers right now.
///
/// A refusal at any other address would prove nothing about the policy.
async fn listening(own: &OwnAddresses, port: u16) -> Vec<IpAddr> {
    let dials = own
        .settled
        .iter()
        .take(MAX_ADDRESSES)
        .map(|address| dial_routes(*address, own.routes_to(*address, port)));
    join_all(dials)
        .await
        .into_iter()
        .filter(|dial| dial.outcome == Outcome::Reached)
        .map(|dial| dial.address)
        .collect()
}
