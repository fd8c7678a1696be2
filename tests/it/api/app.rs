//! A running API, and people who use it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use kisenon::config::api::ApiConfig;
use kisenon::health::Readiness;
use kisenon::metrics::Metrics;
use kisenon::server::api::{self, ApiHandles, ApiOptions};
use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use crate::operator::site;

mod issuer;
mod link;

pub(super) use self::issuer::{CLIENT_ID, Issuer};
pub(super) use self::link::Link;

/// The API's account.
pub(super) const ACCOUNT: &str = "kisenon-api";
const START_DEADLINE: Duration = Duration::from_secs(240);
pub(super) const CONSOLE_SECRET: &str = "known0to0the0console0and0the0api0alone";
pub(super) const SECRET_KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

static SHARED: LazyLock<App> = LazyLock::new(|| {
    App::start(Setting {
        proxies: 1,
        ..Setting::default()
    })
});

/// What a replica is told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setting {
    /// An empty one of its own, where none is named.
    pub(crate) database_url: Option<String>,
    /// How many proxies say where requests come from.
    pub(crate) proxies: u8,
    /// The way to Kubernetes, where it is not the straight one.
    pub(crate) kubernetes: Option<SocketAddr>,
}

/// One replica of the API, and the issuer where people sign in. It ends when this value goes.
pub(crate) struct App {
    pub(crate) base: String,
    pub(crate) issuer: Issuer,
    pub(crate) database_url: String,
    pub(crate) readiness: Readiness,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
    _folder: Option<tempfile::TempDir>,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// The code of a refusal that must have this status.
    #[track_caller]
    pub(crate) fn refusal(&self, status: u16) -> String {
        let problem = self.expect(status);
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        problem["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default()
    }
}

impl App {
    /// The one that tests share; the operator works beside it.
    pub(crate) async fn shared() -> &'static Self {
        tokio::task::spawn_blocking(|| {
            site::operator();
            &*SHARED
        })
        .await
        .unwrap()
    }

    /// One of the calling test's own, on this database or a new one.
    pub(crate) async fn own(database_url: Option<String>) -> Self {
        Self::with(Setting {
            database_url,
            ..Setting::default()
        })
        .await
    }

    /// One of the calling test's own, behind a proxy that says where requests come from.
    pub(crate) async fn behind_a_proxy() -> Self {
        Self::with(Setting {
            proxies: 1,
            ..Setting::default()
        })
        .await
    }

    /// One of the calling test's own.
    pub(crate) async fn with(setting: Setting) -> Self {
        tokio::task::spawn_blocking(|| {
            site::operator();
            Self::start(setting)
        })
        .await
        .unwrap()
    }

    /// One that runs elsewhere: requests are sent to it, and it ends by itself.
    pub(super) fn elsewhere(base: String, issuer: Issuer, database_url: String) -> Self {
        Self {
            base,
            issuer,
            database_url,
            readiness: Readiness::new(&[]),
            stop: CancellationToken::new(),
            thread: None,
            _folder: None,
        }
    }

    /// From outside of any runtime; the operator works already.
    pub(super) fn start(setting: Setting) -> Self {
        let is_own = setting.database_url.is_none();
        let folder = is_own.then(|| tempfile::tempdir().unwrap());
        let database_url = setting.database_url.clone().unwrap_or_else(|| {
            let path = folder.as_ref().unwrap().path().join("kisenon.db");
            format!("sqlite://{}", path.display())
        });
        let stop = CancellationToken::new();
        let readiness = Readiness::new(&["credentials", "api-watches"]);
        let (says, hears) = mpsc::channel();
        let thread = {
            let (stop, url, readiness) = (stop.clone(), database_url.clone(), readiness.clone());
            std::thread::spawn(move || {
                let runtime = Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(serve(setting, url.into(), readiness, says, stop));
            })
        };
        let (address, issuer) = hears.recv_timeout(START_DEADLINE).unwrap();
        Self {
            base: format!("http://{address}"),
            issuer,
            database_url,
            readiness,
            stop,
            thread: Some(thread),
            _folder: folder,
        }
    }

    /// Sends a request without a credential.
    pub(crate) async fn anonymous(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        self.send(method, path, None, body).await
    }

    /// Sends a request with a bearer token.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = client()
            .request(method, format!("{}{path}", self.base))
            .header("x-forwarded-for", somebodys_address());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        finish(request).await
    }

    /// Sends a request and reads only how the answer begins: a stream does not end.
    pub(crate) async fn begin(&self, method: Method, path: &str, token: Option<&str>) -> Answer {
        let mut request = client()
            .request(method, format!("{}{path}", self.base))
            .header("x-forwarded-for", somebodys_address());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = if status.is_success() {
            String::new()
        } else {
            response.text().await.unwrap()
        };
        Answer {
            status,
            headers,
            text,
        }
    }

    /// Signs somebody new in.
    pub(crate) async fn person(&self, name: &str) -> Person<'_> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let email = format!("{name}{}@it.test", COUNT.fetch_add(1, Ordering::Relaxed));
        self.sign_in(&email).await
    }

    /// Signs the person with this address in.
    pub(crate) async fn sign_in(&self, email: &str) -> Person<'_> {
        let proof = json!({ "provider": "it", "idToken": self.issuer.id_token(email) });
        let answer = self
            .anonymous(Method::POST, "/v1/auth/exchange", Some(proof))
            .await;
        let tokens = answer.expect(200);
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        Person {
            app: self,
            email: email.to_owned(),
            token: text("accessToken"),
            refresh: text("refreshToken"),
            user_id: tokens["user"]["id"].as_str().unwrap().to_owned(),
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Somebody who is signed in.
pub(crate) struct Person<'a> {
    pub(crate) app: &'a App,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) refresh: String,
    pub(crate) user_id: String,
}

impl Person<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        let token = Some(self.token.as_str());
        self.app.send(Method::GET, path, token, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        let token = Some(self.token.as_str());
        self.app.send(Method::POST, path, token, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        let token = Some(self.token.as_str());
        self.app.send(Method::DELETE, path, token, None).await
    }

    /// Makes a key: its text and its id.
    pub(crate) async fn key(&self, body: Value) -> (String, String) {
        let made = self.post("/v1/api-keys", body).await.expect(201);
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("key"), text("id"))
    }
}

/// An address that nobody has sent from before: limits by address are the matter of one test, not
/// of all that share the API. Only behind a proxy it counts.
pub(crate) fn somebodys_address() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("198.18.{}.{}", count / 250 % 250, count % 250 + 1)
}

/// A client of the calling test's own runtime.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Sends and reads a request.
pub(crate) async fn finish(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

/// As the API's own account.
async fn kubernetes(way: Option<SocketAddr>) -> kube::Client {
    let mut config = site::SHARED.plane.config_as(site::SYSTEM, ACCOUNT).await;
    if let Some(address) = way {
        config.cluster_url = format!("https://{address}").parse().unwrap();
    }
    kube::Client::try_from(config).unwrap()
}

async fn serve(
    setting: Setting,
    database_url: SecretString,
    readiness: Readiness,
    says: mpsc::Sender<(SocketAddr, Issuer)>,
    stop: CancellationToken,
) {
    let issuer = Issuer::start().await;
    let config = ApiConfig::parse(&format!(
        "publicUrl: https://api.it.test\n\
         consoleUrl: https://console.it.test\n\
         trustedProxyHops: {}\n\
         allowList: ['@it.test', 'one@example.test']\n\
         identityProviders: {{oidc: [{{name: it, issuer: '{}', clientId: {CLIENT_ID}}}]}}\n",
        setting.proxies, issuer.url
    ))
    .unwrap();
    let options = ApiOptions {
        config,
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        database_url,
        secret_key: SECRET_KEY.into(),
        github_client_secret: None,
        console_secret: Some(CONSOLE_SECRET.into()),
        pod_name: "it".to_owned(),
    };
    let handles = ApiHandles {
        client: kubernetes(setting.kubernetes).await,
        metrics: Metrics::new("0.0.0", "it"),
        readiness: readiness.clone(),
        now: Timestamp::now,
    };
    let (told, address) = tokio::sync::oneshot::channel();
    let listening = move |address| told.send(address).unwrap();
    let running = tokio::spawn(api::run(options, handles, listening, stop));
    let address = address.await;
    let Ok(address) = address else {
        panic!("the API did not start: {:?}", running.await);
    };
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    while !readiness.is_ready() {
        ticks.tick().await;
    }
    says.send((address, issuer)).unwrap();
    running.await.unwrap().unwrap();
}
