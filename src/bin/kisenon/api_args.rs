//! What the command line and the environment say of the API and its store. Secrets come from the
//! environment alone: arguments are seen by everybody on the machine.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use kisenon::config::api::ApiConfig;
use kisenon::server::api::ApiOptions;
use secrecy::SecretString;

/// Where probes and metrics are served.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct HealthArgs {
    /// Where probes and metrics are served.
    #[arg(
        long,
        env = "KISENON_HEALTH_ADDRESS",
        default_value = "0.0.0.0:8080",
        value_name = "ADDRESS"
    )]
    pub(crate) health_address: SocketAddr,
}

/// `kisenon api`.
#[derive(Debug, Args)]
pub(crate) struct ApiArgs {
    #[command(flatten)]
    pub(crate) server: ApiServerArgs,
    #[command(flatten)]
    pub(crate) health: HealthArgs,
    /// Name of this pod.
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    pub(crate) pod_name: String,
}

/// The API's own part.
#[derive(Debug, Args)]
pub(crate) struct ApiServerArgs {
    /// Configuration file of the API.
    #[arg(
        long,
        env = "KISENON_API_CONFIG",
        default_value = "/etc/kisenon/api.yaml",
        value_name = "FILE"
    )]
    api_config: PathBuf,
    /// Where the API listens.
    #[arg(
        long,
        env = "KISENON_API_ADDRESS",
        default_value = "0.0.0.0:8443",
        value_name = "ADDRESS"
    )]
    api_address: SocketAddr,
    #[command(flatten)]
    store: StoreArgs,
}

/// The store. Its URL may hold a password, so it has no flag.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct StoreArgs {}

impl StoreArgs {
    /// `KISENON_DATABASE_URL`, else a file on the volume.
    pub(crate) fn database_url(self) -> SecretString {
        secret("KISENON_DATABASE_URL")
            .unwrap_or_else(|| "sqlite:///var/lib/kisenon/kisenon.db".into())
    }
}

impl ApiServerArgs {
    pub(crate) fn options(self, pod_name: String) -> anyhow::Result<ApiOptions> {
        Ok(ApiOptions {
            config: ApiConfig::load(&self.api_config)?,
            listen: self.api_address,
            database_url: self.store.database_url(),
            secret_key: secret("KISENON_SECRET_KEY").context(
                "KISENON_SECRET_KEY is not set: give 32 random bytes in base64, for example from `openssl rand -base64 32`",
            )?,
            github_client_secret: secret("KISENON_GITHUB_CLIENT_SECRET"),
            console_secret: secret("KISENON_CONSOLE_SECRET"),
            pod_name,
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "secrets have no flag, which clap would need to read a variable"
)]
fn secret(variable: &str) -> Option<SecretString> {
    std::env::var(variable)
        .ok()
        .filter(|text| !text.is_empty())
        .map(Into::into)
}
