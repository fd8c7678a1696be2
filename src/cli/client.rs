//! The HTTP API: one request at a time, again where the server asks for that, its refusals as
//! errors. Knows no command.

pub(crate) mod events;
mod lookup;
mod overload;
pub(crate) mod revise;

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

pub(crate) use self::lookup::alike;
use self::overload::Patience;
use super::error::Error;
use super::progress::Progress;
use super::settings::{Settings, Source};
use crate::wire::page::Page;
use crate::wire::problem::Problem;

/// How long to connect.
const CONNECT: Duration = Duration::from_secs(10);
/// How long one answer may take: longer than the server's own limit of 30 s.
const ANSWER: Duration = Duration::from_secs(40);
/// Items of a page of a list: as many as the server gives.
const PAGE: u32 = crate::wire::page::PageQuery::MAX_LIMIT;

/// The API, with a credential or none. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    credential: Option<SecretString>,
    /// What to do where the server takes the credential no more.
    remedy: &'static str,
    /// Whether people are told why nothing happens.
    is_watched: bool,
}

impl Client {
    /// The API that the settings name.
    ///
    /// # Errors
    /// When the certificate authorities cannot be read.
    pub(crate) fn new(
        settings: &Settings,
        credential: Option<SecretString>,
    ) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("keon/", env!("CARGO_PKG_VERSION")))
            // The key goes where it was meant to, and nowhere else.
            .redirect(Policy::none())
            .connect_timeout(CONNECT);
        if let Some(path) = &settings.ca_file {
            let failed = |source| Error::File {
                verb: "read",
                path: path.clone(),
                source,
            };
            let pem = std::fs::read(path).map_err(failed)?;
            let authorities = Certificate::from_pem_bundle(&pem)
                .ok()
                .filter(|authorities| !authorities.is_empty())
                .ok_or_else(|| {
                    Error::usage(format!("{} holds no certificate", path.display()))
                        .hinting("--ca-file takes certificates in PEM")
                })?;
            builder = builder.tls_certs_only(authorities);
        }
        if settings.api_url.scheme() == "http" {
            // In clear text to this machine alone, not by way of a proxy.
            builder = builder.no_proxy();
        }
        let url = settings.api_url.to_string();
        let http = builder
            .build()
            .map_err(|source| Error::Unreachable { url, source })?;
        Ok(Self {
            http,
            base: settings.api_url.clone(),
            credential,
            remedy: match settings.credential.as_ref().map(|of| &of.source) {
                Some(Source::Environment) => {
                    "put another key into KISENON_API_KEY, or unset it and run keon login"
                }
                Some(Source::Profile(_)) | None => "sign in again: keon login",
            },
            is_watched: settings.shows_progress(),
        })
    }

    /// The same, where somebody else shows already what is being waited for.
    pub(crate) fn unwatched(&self) -> Self {
        Self {
            is_watched: false,
            ..self.clone()
        }
    }

    /// A request to the path of these segments, which are escaped.
    pub(crate) fn call(&self, method: Method, segments: &[&str]) -> Call<'_> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        // Sent again only where that cannot do a thing twice.
        let is_repeatable = method != Method::POST;
        Call {
            client: self,
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            is_repeatable,
        }
    }

    /// GET of one thing.
    ///
    /// # Errors
    /// When it is refused or does not come.
    pub(crate) async fn get<T: DeserializeOwned>(&self, segments: &[&str]) -> Result<T, Error> {
        self.call(Method::GET, segments).json().await
    }

    /// All items of a list.
    ///
    /// # Errors
    /// When one page is refused or does not come.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, Error> {
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut call = self
                .call(Method::GET, segments)
                .query("limit", &PAGE.to_string());
            for (name, value) in query {
                call = call.query(name, value);
            }
            if let Some(cursor) = &cursor {
                call = call.query("cursor", cursor);
            }
            let page = call.json::<Page<T>>().await?;
            items.extend(page.items);
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => return Ok(items),
            }
        }
    }
}

/// One request.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    client: &'a Client,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<(Cow<'static, str>, Vec<u8>)>,
    is_repeatable: bool,
}

impl Call<'_> {
    /// Adds to the query.
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// Sends this as JSON; a PATCH as a merge patch (RFC 7396).
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(crate) fn body(self, body: &impl Serialize) -> Result<Self, Error> {
        let media_type = match self.method {
            Method::PATCH => "application/merge-patch+json",
            _ => "application/json",
        };
        let text = serde_json::to_vec(body).map_err(|error| Error::Format(error.into()))?;
        Ok(self.bytes(media_type, text))
    }

    /// Sends these bytes.
    pub(crate) fn bytes(mut self, media_type: &'static str, bytes: Vec<u8>) -> Self {
        self.body = Some((media_type.into(), bytes));
        self
    }

    /// Only if it is still as it was read.
    pub(crate) fn if_match(self, etag: &str) -> Self {
        self.header(header::IF_MATCH, &format!("\"{etag}\""))
    }

    /// Adds a header field.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// May be sent again: doing it twice is doing it once.
    pub(crate) fn repeatable(mut self) -> Self {
        self.is_repeatable = true;
        self
    }

    /// May be sent again, since the server knows it by a random `Idempotency-Key`.
    ///
    /// # Errors
    /// When there is no randomness.
    pub(crate) fn idempotent(self) -> Result<Self, Error> {
        use base64::Engine as _;
        let mut bytes = [0; 16];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
        let key = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let name = HeaderName::from_static("idempotency-key");
        Ok(self.header(name, &key).repeatable())
    }

    /// The body of the answer.
    ///
    /// # Errors
    /// When the request is refused, no answer comes, or it is not as the API answers.
    pub(crate) async fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        self.read(self.send().await?).await
    }

    /// The body of the answer, if it has one.
    ///
    /// # Errors
    /// As [`Call::json`].
    pub(crate) async fn json_if_any<T: DeserializeOwned>(self) -> Result<Option<T>, Error> {
        let response = self.send().await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        self.read(response).await.map(Some)
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, Error> {
        let url = self.client.base.to_string();
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(source) => {
                let source = source.without_url();
                return Err(Error::Unreachable { url, source });
            }
        };
        serde_json::from_slice(&body).map_err(|source| Error::Unexpected {
            url,
            source: source.into(),
        })
    }

    /// An answer that matters by its status alone.
    ///
    /// # Errors
    /// When the request is refused or no answer comes.
    pub(crate) async fn done(self) -> Result<(), Error> {
        self.send().await.map(drop)
    }

    /// The answer, which is not a refusal. Asks again where the server is busy (429, 503), as soon
    /// as it says and within bounds.
    ///
    /// # Errors
    /// When the request is refused or no answer comes.
    pub(crate) async fn send(&self) -> Result<Response, Error> {
        let mut patience = Patience::new();
        loop {
            let answer = self.request().send().await;
            let response = answer.map_err(|source| Error::Unreachable {
                url: self.client.base.to_string(),
                source: source.without_url(),
            })?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            let wait = match self.may_be_sent_again(status) {
                true => patience.next(response.headers(), Timestamp::now()),
                false => None,
            };
            let Some(wait) = wait else {
                return Err(self.refusal(response).await);
            };
            let seconds = wait.as_secs_f32().ceil();
            let progress = Progress::seen(
                self.client.is_watched,
                format!("the server is busy; asking again in {seconds} s"),
            );
            tokio::time::sleep(wait).await;
            drop(progress);
        }
    }

    /// What was refused for want of room was not begun, so a 429 may always be tried again.
    fn may_be_sent_again(&self, status: StatusCode) -> bool {
        status == StatusCode::TOO_MANY_REQUESTS
            || (status == StatusCode::SERVICE_UNAVAILABLE && self.is_repeatable)
    }

    fn request(&self) -> RequestBuilder {
        let client = self.client;
        let mut request = client
            .http
            .request(self.method.clone(), self.url.clone())
            .headers(self.headers.clone());
        let is_stream = self
            .headers
            .get(header::ACCEPT)
            .is_some_and(|accept| accept == events::MEDIA_TYPE);
        if !is_stream {
            request = request.timeout(ANSWER);
        }
        if let Some(key) = &client.credential {
            request = request.bearer_auth(key.expose_secret());
        }
        if let Some((media_type, bytes)) = &self.body {
            request = request
                .header(header::CONTENT_TYPE, &**media_type)
                .body(bytes.clone());
        }
        request
    }

    async fn refusal(&self, response: Response) -> Error {
        let (status, url) = (response.status(), self.client.base.to_string());
        let problem = match response.bytes().await {
            Ok(body) => serde_json::from_slice::<Problem>(&body),
            Err(source) => return Error::Unreachable { url, source },
        };
        match problem {
            Ok(problem) if status == StatusCode::UNAUTHORIZED => Error::NotSignedIn {
                message: problem.detail.unwrap_or(problem.title),
                hint: self.client.remedy.to_owned(),
            },
            Ok(problem) => Error::Problem(Box::new(problem)),
            Err(_) => Error::Unexpected {
                url,
                source: format!("it has answered {status}").into(),
            },
        }
    }
}
