//! What every handler is handed: cheap to clone, made once by the composition root.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use kube::Client;
use secrecy::SecretString;

use crate::api::follow::Streams;
use crate::api::http::edges::Edges;
use crate::api::http::limit::Limits;
use crate::api::http::rendered::Rendered;
use crate::api::identity::authenticate::Verified;
use crate::api::identity::key_use::KeyUses;
use crate::api::identity::known_user::KnownUsers;
use crate::api::identity::replica::Replica;
use crate::api::identity::sign_in::Providers;
use crate::auth::jwt::KeyRing;
use crate::auth::key_hash::KeyHasher;
use crate::auth::key_index::KeyIndex;
use crate::auth::token_cache::TokenCache;
use crate::cluster::watches::Watches;
use crate::config::api::ApiConfig;
use crate::metrics::Metrics;
use crate::store::Store;

/// First uses of API keys that may wait for their hash at once.
const WAITING_HASHES: usize = 64;

/// What the composition root puts together.
pub struct Parts {
    /// The configuration.
    pub config: ApiConfig,
    /// By which the console is known.
    pub console_secret: Option<SecretString>,
    /// Identity and audit.
    pub store: Store,
    /// Kubernetes, as the API's own account.
    pub client: Client,
    /// What the watches have shown.
    pub watches: Watches,
    /// All API keys.
    pub keys: Arc<KeyIndex>,
    /// Keys that sign session tokens.
    pub key_ring: KeyRing,
    /// Who vouches for people.
    pub providers: Providers,
    /// This replica among the others.
    pub replica: Replica,
    /// Tokens that were verified.
    pub verified: TokenCache<Verified>,
    /// Prometheus metrics.
    pub metrics: Metrics,
    /// The clock.
    pub now: fn() -> Timestamp,
}

/// What every handler is handed.
#[derive(Clone)]
pub struct ApiState(Arc<Inner>);

struct Inner {
    config: ApiConfig,
    store: Store,
    client: Client,
    watches: Watches,
    keys: Arc<KeyIndex>,
    key_ring: ArcSwap<KeyRing>,
    providers: Providers,
    replica: Replica,
    now: fn() -> Timestamp,
    edges: Edges,
    limits: Limits,
    hasher: KeyHasher,
    verified: TokenCache<Verified>,
    key_uses: KeyUses,
    known_users: KnownUsers,
    streams: Streams,
    project_lists: Rendered,
}

impl ApiState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self(Arc::new(Inner {
            edges: Edges::new(
                &parts.config.public_url,
                &parts.config.console_url,
                parts.metrics.clone(),
            ),
            limits: Limits::new(parts.config.trusted_proxy_hops, parts.console_secret),
            config: parts.config,
            store: parts.store,
            client: parts.client,
            watches: parts.watches,
            keys: parts.keys,
            key_ring: ArcSwap::from_pointee(parts.key_ring),
            providers: parts.providers,
            replica: parts.replica,
            now: parts.now,
            hasher: KeyHasher::new(processors, WAITING_HASHES),
            verified: parts.verified,
            key_uses: KeyUses::default(),
            known_users: KnownUsers::default(),
            streams: Streams::default(),
            project_lists: Rendered::default(),
        }))
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &ApiConfig {
        &self.0.config
    }

    /// Identity and audit.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Kubernetes, as the API's own account.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// What the watches have shown.
    #[must_use]
    pub fn watches(&self) -> &Watches {
        &self.0.watches
    }

    /// All API keys.
    #[must_use]
    pub fn keys(&self) -> &KeyIndex {
        &self.0.keys
    }

    /// Keys that sign and verify session tokens.
    #[must_use]
    pub fn key_ring(&self) -> Arc<KeyRing> {
        self.0.key_ring.load_full()
    }

    /// Replaces the keys, after a rotation.
    pub fn set_key_ring(&self, ring: KeyRing) {
        self.0.key_ring.store(Arc::new(ring));
    }

    /// Who vouches for people.
    #[must_use]
    pub fn providers(&self) -> &Providers {
        &self.0.providers
    }

    /// This replica.
    #[must_use]
    pub fn replica(&self) -> &Replica {
        &self.0.replica
    }

    /// The present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0.now)()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> fn() -> Timestamp {
        self.0.now
    }

    /// Limits of every action.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// What surrounds all routes.
    #[must_use]
    pub fn edges(&self) -> &Edges {
        &self.0.edges
    }

    /// Computes hashes of API keys.
    #[must_use]
    pub fn hasher(&self) -> &KeyHasher {
        &self.0.hasher
    }

    /// Tokens that were verified.
    #[must_use]
    pub fn verified(&self) -> &TokenCache<Verified> {
        &self.0.verified
    }

    /// When API keys were used.
    #[must_use]
    pub fn key_uses(&self) -> &KeyUses {
        &self.0.key_uses
    }

    /// Issuer and audience of session tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.0.config.public_url.origin().ascii_serialization()
    }

    /// People as they were read last.
    #[must_use]
    pub fn known_users(&self) -> &KnownUsers {
        &self.0.known_users
    }

    /// Event streams that are open.
    #[must_use]
    pub fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// Lists of projects that were answered last.
    #[must_use]
    pub fn project_lists(&self) -> &Rendered {
        &self.0.project_lists
    }
}
