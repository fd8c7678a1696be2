//! The composition of the API: store, providers, watches, replica, listener.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::admin::{self, AdminError};
use crate::api::identity::key_follow::KeyFollower;
use crate::api::identity::replica::Replica;
use crate::api::identity::sign_in::{OidcProvider, Providers};
use crate::api::identity::{key_use, signing};
use crate::api::router;
use crate::api::serve::{self, ServeError};
use crate::api::state::{ApiState, Parts};
use crate::auth::identity::github::GitHub;
use crate::auth::identity::http::{HttpError, ProviderClient, Transport};
use crate::auth::identity::keystore::{KeySource, KeyStore, KeyStoreError};
use crate::auth::identity::oidc::{IssuerKind, IssuerPolicy};
use crate::auth::jwt::Algorithm;
use crate::auth::key_index::KeyIndex;
use crate::auth::opaque::NoRandomness;
use crate::auth::random;
use crate::auth::seal::{SealError, SecretKey};
use crate::auth::token_cache::TokenCache;
use crate::cluster::key_watch;
use crate::cluster::watches::{Pulse, Watches};
use crate::config::api::ApiConfig;
use crate::health::Readiness;
use crate::metrics::Metrics;
use crate::store::{Store, StoreError};

/// Verified tokens remembered at once; the oldest are verified anew.
const REMEMBERED_TOKENS: usize = 200_000;
/// What guessing at the listener's pace cannot find.
const SHORTEST_CONSOLE_SECRET: usize = 32;
/// How often readiness is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// What readiness hangs on here.
pub const CHECKS: [&str; 2] = [CREDENTIALS, WATCHES];
const CREDENTIALS: &str = "credentials";
const WATCHES: &str = "api-watches";
const GITHUB_API: &str = "https://api.github.com";

/// The API could not start.
#[derive(Debug, Error)]
pub enum ApiStartError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `KISENON_SECRET_KEY` cannot be used.
    #[error(
        "KISENON_SECRET_KEY must be 32 random bytes in base64: make one with `openssl rand -base64 32`"
    )]
    SecretKey(#[source] SealError),
    /// `KISENON_CONSOLE_SECRET` cannot be used.
    #[error(
        "KISENON_CONSOLE_SECRET must be {SHORTEST_CONSOLE_SECRET} characters or more, without white space: make one with `openssl rand -base64 32`"
    )]
    ConsoleSecret,
    /// Keys of people who may no longer sign in cannot be ended.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// No key to sign session tokens with.
    #[error(transparent)]
    Signing(#[from] signing::SigningError),
    /// A provider cannot be used as it is configured.
    #[error("failed to set up identity provider {name}")]
    Provider {
        /// Its name.
        name: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// It cannot listen.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// What the command line and the environment say of the API.
#[derive(Clone, Debug)]
pub struct ApiOptions {
    /// The configuration file's content.
    pub config: ApiConfig,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The store.
    pub database_url: SecretString,
    /// Seals what the store keeps of signing keys.
    pub secret_key: SecretString,
    /// Secret of our app at GitHub.
    pub github_client_secret: Option<SecretString>,
    /// By which the console is known, whose word for a person's address is taken.
    pub console_secret: Option<SecretString>,
    /// Name of this pod.
    pub pod_name: String,
}

/// What the API is handed by the process that it runs in.
pub struct ApiHandles {
    /// Kubernetes, as the API's own account.
    pub client: Client,
    /// Prometheus metrics.
    pub metrics: Metrics,
    /// Is told whether requests can be answered.
    pub readiness: Readiness,
    /// The clock.
    pub now: fn() -> Timestamp,
}

/// Opens the store and brings it to the present schema.
///
/// # Errors
/// When the database is away or cannot be used.
pub async fn open_store(url: &SecretString) -> Result<Store, StoreError> {
    let store = Store::open(url).await?;
    store.migrate().await?;
    Ok(store)
}

/// Runs the API until `stop`. Tells the address that it listens on.
///
/// # Errors
/// When it cannot start.
pub async fn run(
    options: ApiOptions,
    handles: ApiHandles,
    listening: impl FnOnce(SocketAddr) + Send + 'static,
    stop: CancellationToken,
) -> Result<(), ApiStartError> {
    let mut tasks = JoinSet::new();
    let (state, secret) = build(&options, &handles, &mut tasks).await?;
    let background = Background {
        state: state.clone(),
        readiness: handles.readiness,
        stop: stop.clone(),
    };
    let running = tokio::spawn(background.run(secret));
    let router = router::build(&state);
    let tls = options.config.tls.as_ref();
    let served = serve::serve(router, options.listen, tls, listening, stop.clone()).await;
    stop.cancel();
    if let Err(error) = running.await {
        tracing::error!(%error, "the API's background work failed");
    }
    Ok(served?)
}

async fn build(
    options: &ApiOptions,
    handles: &ApiHandles,
    tasks: &mut JoinSet<()>,
) -> Result<(ApiState, SecretKey), ApiStartError> {
    let config = &options.config;
    let now = (handles.now)();
    let secret = SecretKey::from_base64(&options.secret_key).map_err(ApiStartError::SecretKey)?;
    let store = open_store(&options.database_url).await?;
    let uncovered = store.declare_allow_list(&config.allow_list, now).await?;
    if !uncovered.is_empty() {
        tracing::info!(
            count = uncovered.len(),
            "users are known whom the allow-list does not cover; none of them has a session"
        );
    }
    // Also what a crash between a removal and its keys has left.
    let ended = admin::end_keys_of_strangers(&handles.client, &store).await?;
    if ended > 0 {
        tracing::info!(
            count = ended,
            "ended API keys of people who may no longer sign in"
        );
    }
    let issuer = config.public_url.origin().ascii_serialization();
    let key_ring = signing::load(&store, &secret, &issuer, now).await?;
    let keys = Arc::new(KeyIndex::default());
    let follower = KeyFollower::new(Arc::clone(&keys), handles.metrics.clone());
    let pulse: Pulse = key_watch::open(&handles.client, follower, tasks);
    let watches = Watches::open(&handles.client, tasks);
    let replica_id = format!("{}-{}", options.pod_name, random::hex::<4>()?);
    let state = ApiState::new(Parts {
        providers: providers(options)?,
        config: config.clone(),
        console_secret: console_secret(options)?,
        store,
        client: handles.client.clone(),
        watches,
        keys,
        key_ring,
        replica: Replica::new(replica_id, pulse),
        verified: TokenCache::new(REMEMBERED_TOKENS)?,
        metrics: handles.metrics.clone(),
        now: handles.now,
    });
    Ok((state, secret))
}

fn console_secret(options: &ApiOptions) -> Result<Option<SecretString>, ApiStartError> {
    let fits = |secret: &SecretString| {
        let text = secret.expose_secret();
        text.len() >= SHORTEST_CONSOLE_SECRET && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match &options.console_secret {
        Some(secret) if !fits(secret) => Err(ApiStartError::ConsoleSecret),
        secret => Ok(secret.clone()),
    }
}

fn providers(options: &ApiOptions) -> Result<Providers, ApiStartError> {
    let config = &options.config;
    let failed = |name: &str| {
        let name = name.to_owned();
        move |source: Box<dyn std::error::Error + Send + Sync>| ApiStartError::Provider {
            name,
            source,
        }
    };
    let public = || ProviderClient::new(&Transport::default());
    let mut providers = Providers::default();
    if let Some(client_id) = &config.google {
        let keys = public()
            .map_err(KeyStoreError::from)
            .and_then(|client| {
                KeyStore::new(
                    client,
                    KeySource::Jwks(IssuerPolicy::GOOGLE_KEYS.to_owned()),
                )
            })
            .map_err(|error| failed("google")(error.into()))?;
        providers.oidc.push(OidcProvider {
            policy: IssuerPolicy::google(client_id),
            keys,
        });
    }
    if let Some(client_id) = &config.github {
        let secret = options
            .github_client_secret
            .clone()
            .ok_or_else(|| failed("github")("KISENON_GITHUB_CLIENT_SECRET is not set".into()))?;
        let github = public()
            .and_then(|client| GitHub::new(client, GITHUB_API, client_id, secret))
            .map_err(|error: HttpError| failed("github")(error.into()))?;
        providers.github = Some(github);
    }
    for oidc in &config.oidc {
        let provider = generic(oidc).map_err(failed(&oidc.name))?;
        providers.oidc.push(provider);
    }
    Ok(providers)
}

/// An issuer of the configuration. One that is reached by plain HTTP is for development only,
/// and says so in the log.
fn generic(
    oidc: &crate::config::api::OidcProvider,
) -> Result<OidcProvider, Box<dyn std::error::Error + Send + Sync>> {
    let issuer = oidc.issuer.as_str().trim_end_matches('/').to_owned();
    let allow_http = oidc.issuer.scheme() == "http";
    if allow_http {
        tracing::warn!(
            provider = oidc.name,
            "an identity provider is reached without TLS: for development only"
        );
    }
    let transport = Transport {
        allow_http,
        roots: oidc.ca_file.as_deref().map(read).transpose()?,
    };
    let client = ProviderClient::new(&transport)?;
    Ok(OidcProvider {
        keys: KeyStore::new(client, KeySource::Discovery(issuer.clone()))?,
        policy: IssuerPolicy {
            name: oidc.name.clone(),
            issuers: vec![issuer],
            client_id: oidc.client_id.clone(),
            algorithms: vec![Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa],
            kind: IssuerKind::Generic,
        },
    })
}

fn read(path: &Path) -> Result<Vec<u8>, std::io::Error> {
    std::fs::read(path)
        .map_err(|error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// What goes on beside requests.
struct Background {
    state: ApiState,
    readiness: Readiness,
    stop: CancellationToken,
}

impl Background {
    async fn run(self, secret: SecretKey) {
        let (state, stop) = (&self.state, &self.stop);
        tokio::join!(
            state.replica().run(state.store(), state.clock(), stop),
            signing::rotate_until(state, &secret, stop),
            key_use::write_until(state, stop),
            self.look(),
        );
    }

    /// Requests come only to a replica that can answer them.
    async fn look(&self) {
        let mut ticks = tokio::time::interval(LOOK);
        while self.stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let state = &self.state;
            let is_fresh = state.replica().is_fresh(state.now());
            self.readiness.set(CREDENTIALS, is_fresh);
            self.readiness.set(WATCHES, state.watches().is_ready());
        }
        self.readiness.set(CREDENTIALS, false);
    }
}
