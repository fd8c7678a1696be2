//! What one peer may ask of the canary.
//!
//! Counts connections and dial-backs per source address; it opens nothing itself. Pods cannot
//! forge their source without `NET_RAW`, so one tenant cannot use up the share of another.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections at once, over all peers.
const CONNECTIONS: usize = 256;
/// Connections at once from one peer; a gate needs one per routed family.
const CONNECTIONS_PER_PEER: u32 = 4;
/// Dial-backs per peer and window.
const DIALS_PER_WINDOW: u32 = 50;
/// The window of [`DIALS_PER_WINDOW`].
const WINDOW: Duration = Duration::from_secs(1);
/// Peers remembered; a full table forgets those that are idle, then turns new ones away.
const PEERS: usize = 4096;

/// The limits of all peers.
#[derive(Debug)]
pub(super) struct Limits {
    connections: Arc<Semaphore>,
    peers: Arc<Mutex<HashMap<IpAddr, Peer>>>,
}

#[derive(Debug)]
struct Peer {
    connections: u32,
    dials: u32,
    since: Instant,
}

/// One admitted connection; gives its place back when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    peer: IpAddr,
    peers: Arc<Mutex<HashMap<IpAddr, Peer>>>,
    _connection: OwnedSemaphorePermit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            peers: Arc::default(),
        }
    }
}

impl Limits {
    /// A slot for one more connection of `peer`, if it may have one.
    pub(super) fn admit(&self, peer: IpAddr) -> Option<Slot> {
        let connection = Arc::clone(&self.connections).try_acquire_owned().ok()?;
        let mut peers = lock(&self.peers);
        let now = Instant::now();
        if peers.len() >= PEERS && !peers.contains_key(&peer) {
            peers.retain(|_, peer| peer.connections > 0 || now - peer.since < WINDOW);
            if peers.len() >= PEERS {
                return None;
            }
        }
        let entry = peers.entry(peer).or_insert(Peer {
            connections: 0,
            dials: 0,
            since: now,
        });
        if entry.connections >= CONNECTIONS_PER_PEER {
            return None;
        }
        entry.connections += 1;
        Some(Slot {
            peer,
            peers: Arc::clone(&self.peers),
            _connection: connection,
        })
    }
}

impl Slot {
    /// Takes one dial-back out of the peer's share of this window.
    pub(super) fn take(&self, now: Instant) -> bool {
        let mut peers = lock(&self.peers);
        let Some(peer) = peers.get_mut(&self.peer) else {
            return false;
        };
        if now.saturating_duration_since(peer.since) >= WINDOW {
            peer.since = now;
            peer.dials = 0;
        }
        peer.dials += 1;
        peer.dials <= DIALS_PER_WINDOW
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(peer) = lock(&self.peers).get_mut(&self.peer) {
            peer.connections = peer.connections.saturating_sub(1);
        }
    }
}

/// The table holds only counters, so one left by a panic is still good.
fn lock(peers: &Mutex<HashMap<IpAddr, Peer>>) -> MutexGuard<'_, HashMap<IpAddr, Peer>> {
    peers.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u32) -> IpAddr {
        IpAddr::from((0x0af4_0000 + last).to_be_bytes())
    }

    #[test]
    fn one_peer_cannot_take_every_connection() {
        let limits = Limits::default();
        let mut slots: Vec<_> = (0..CONNECTIONS_PER_PEER)
            .map(|_| limits.admit(peer(1)).unwrap())
            .collect();
        assert!(limits.admit(peer(1)).is_none());
        assert!(limits.admit(peer(2)).is_some());
        slots.pop();
        assert!(limits.admit(peer(1)).is_some());
    }

    #[test]
    fn dial_backs_are_limited_per_window_and_peer() {
        let limits = Limits::default();
        let (one, other) = (
            limits.admit(peer(1)).unwrap(),
            limits.admit(peer(2)).unwrap(),
        );
        let now = Instant::now();
        assert!((0..DIALS_PER_WINDOW).all(|_| one.take(now)));
        assert!(!one.take(now));
        assert!(other.take(now));
        assert!(one.take(now + WINDOW));
    }

    #[test]
    fn the_table_of_peers_is_bounded() {
        let limits = Limits::default();
        for last in 0..PEERS as u32 {
            drop(limits.admit(peer(last)));
        }
        assert!(limits.admit(peer(PEERS as u32)).is_none());
        assert_eq!(lock(&limits.peers).len(), PEERS);
    }
}
