//! Requests to providers of identity: to hosts from the configuration only, without redirects,
//! bounded in time and size (API7 and API10 of OWASP's list; J12).

use std::fmt;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use thiserror::Error;
use url::Url;

/// Longest time that one request may take, its answer included.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Longest answer that is read.
const MAX_BODY: usize = 256 * 1024;

/// A provider that could not be asked, or whose answer is not what was agreed.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The client cannot be made.
    #[error("failed to set up the client for providers of identity")]
    Setup(#[source] reqwest::Error),
    /// Not a URL that may be asked.
    #[error("{0:?} is not an https URL without user, query and fragment")]
    Url(String),
    /// No answer in time.
    #[error("failed to reach the provider of identity")]
    Unreachable(#[source] reqwest::Error),
    /// An answer with another status than expected.
    #[error("the provider of identity answered with status {0}")]
    Status(StatusCode),
    /// A longer answer than is read.
    #[error("the answer of the provider of identity is too long")]
    TooLong,
    /// An answer that cannot be read.
    #[error("failed to read the answer of the provider of identity")]
    Body(#[source] serde_json::Error),
}

/// How providers are reached.
#[derive(Clone, Debug, Default)]
pub struct Transport {
    /// Plain http as well: for development and tests only.
    pub allow_http: bool,
    /// Certificates (PEM) of authorities that are trusted besides the system's.
    pub roots: Option<Vec<u8>>,
}

/// A client for providers of identity. Cheap to clone.
#[derive(Clone)]
pub struct ProviderClient {
    client: Client,
    allow_http: bool,
}

impl ProviderClient {
    /// Sets up a client.
    ///
    /// # Errors
    /// When the certificates cannot be read or there is no TLS.
    pub fn new(transport: &Transport) -> Result<Self, HttpError> {
        let mut builder = Client::builder()
            .user_agent("kisenon")
            .redirect(Policy::none())
            .https_only(!transport.allow_http)
            .no_proxy()
            .connect_timeout(TIMEOUT)
            .timeout(TIMEOUT);
        if let Some(roots) = &transport.roots {
            let roots = Certificate::from_pem_bundle(roots).map_err(HttpError::Setup)?;
            builder = builder.tls_certs_merge(roots);
        }
        Ok(Self {
            client: builder.build().map_err(HttpError::Setup)?,
            allow_http: transport.allow_http,
        })
    }

    /// Checks a URL that requests will be sent to.
    ///
    /// # Errors
    /// When it is not https (or http, where that is allowed), or carries a user, a query or a
    /// fragment.
    pub fn check(&self, text: &str) -> Result<Url, HttpError> {
        let allowed = |url: &Url| {
            (url.scheme() == "https" || (self.allow_http && url.scheme() == "http"))
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        };
        let url = Url::parse(text).ok().filter(allowed);
        url.ok_or_else(|| HttpError::Url(text.to_owned()))
    }

    pub(in crate::auth) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }
}

impl fmt::Debug for ProviderClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProviderClient")
    }
}

/// Sends a request. Errors do not name the URL: it may hold what must not be logged.
pub(in crate::auth) async fn send(request: RequestBuilder) -> Result<Response, HttpError> {
    let answer = request.send().await;
    answer.map_err(|error| HttpError::Unreachable(error.without_url()))
}

/// Reads the JSON of an answer with status 200.
pub(in crate::auth) async fn read<T: DeserializeOwned>(
    mut response: Response,
) -> Result<T, HttpError> {
    if response.status() != StatusCode::OK {
        return Err(HttpError::Status(response.status()));
    }
    let mut body = Vec::new();
    let unreachable = |error: reqwest::Error| HttpError::Unreachable(error.without_url());
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(HttpError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(HttpError::Body)
}
