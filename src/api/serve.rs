//! Listens, with TLS of its own where certificates are configured, and ends in order.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::config::api::TlsFiles;

/// How long requests under way may go on after the end was asked for.
const GRACE: Duration = Duration::from_secs(10);
/// How often the certificate's files are looked at: renewal must not need a restart.
const RELOAD: Duration = Duration::from_secs(60);

/// The listener cannot work.
#[derive(Debug, Error)]
pub enum ServeError {
    /// A certificate or key cannot be used.
    #[error("failed to read TLS file {}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The address is taken or not ours, or the listener broke.
    #[error("failed to serve the API on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// Serves until `stop`, then finishes the requests it has begun. Tells the address it listens on
/// through `listening`, where the port was left to the kernel.
///
/// # Errors
/// When it cannot listen, or the certificate cannot be used at the start.
pub async fn serve(
    router: Router,
    address: SocketAddr,
    tls: Option<&TlsFiles>,
    listening: impl FnOnce(SocketAddr) + Send + 'static,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let handle = Handle::new();
    let ending = handle.clone();
    let stopped = stop.clone();
    tokio::spawn(async move {
        stopped.cancelled().await;
        ending.graceful_shutdown(Some(GRACE));
    });
    let told = handle.clone();
    tokio::spawn(async move {
        if let Some(address) = told.listening().await {
            listening(address);
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let outcome = match tls {
        None => {
            let server = axum_server::bind(address).handle(handle);
            server.serve(service).await
        }
        Some(files) => {
            let config = RustlsConfig::from_config(Arc::new(read(files)?));
            tokio::spawn(reload(files.clone(), config.clone(), stop));
            let server = axum_server::bind_rustls(address, config).handle(handle);
            server.serve(service).await
        }
    };
    outcome.map_err(|source| ServeError::Listen { address, source })
}

/// Takes up a renewed certificate; one that cannot be used leaves the old one in place.
async fn reload(files: TlsFiles, config: RustlsConfig, stop: CancellationToken) {
    let mut rounds = tokio::time::interval(RELOAD);
    rounds.tick().await;
    while stop.run_until_cancelled(rounds.tick()).await.is_some() {
        match read(&files) {
            Ok(fresh) => config.reload_from_config(Arc::new(fresh)),
            Err(error) => {
                tracing::warn!(%error, "keeps the certificate that it has");
            }
        }
    }
}

fn read(files: &TlsFiles) -> Result<ServerConfig, ServeError> {
    let failed =
        |path: &PathBuf, source: Box<dyn std::error::Error + Send + Sync>| ServeError::Tls {
            path: path.clone(),
            source,
        };
    let certificates = CertificateDer::pem_file_iter(&files.certificate_file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(&files.certificate_file, error.into()))?;
    let key = PrivateKeyDer::from_pem_file(&files.key_file)
        .map_err(|error| failed(&files.key_file, error.into()))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|error| failed(&files.certificate_file, error.into()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
