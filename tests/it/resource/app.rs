//! A running API, and clients of it.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use kube::api::{Api, PostParams};
use kube::{Client as Kube, ResourceExt as _};
use reqwest::Method;
use reqwest::header::HeaderMap;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use kisenon::auth::{key_hash, random};
use kisenon::config::api::ApiConfig;
use kisenon::crd::ApiKey;
use kisenon::domain::api_key::PlainKey;
use kisenon::health::Readiness;
use kisenon::metrics::Metrics;
use kisenon::server::api::{ApiHandles, ApiOptions, run};

use crate::cluster::{self, Namespace};

/// Longest that anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A running API with a store of its own. It ends with this value.
pub(crate) struct App {
    pub(crate) base: String,
    http: reqwest::Client,
    stop: CancellationToken,
    _files: TempDir,
}

impl App {
    /// On the shared API server.
    pub(crate) async fn start() -> Self {
        Self::start_with(cluster::client().await, "").await
    }

    /// On this API server, with more lines of configuration.
    pub(crate) async fn start_with(client: Kube, more: &str) -> Self {
        let files = TempDir::new().unwrap();
        let config =
            format!("publicUrl: https://api.example.com\nconsoleUrl: https://example.com\n{more}");
        let database = format!("sqlite://{}", files.path().join("it.db").display());
        let options = ApiOptions {
            config: ApiConfig::parse(&config).unwrap(),
            listen: "127.0.0.1:0".parse().unwrap(),
            database_url: database.into(),
            secret_key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into(),
            github_client_secret: None,
            console_secret: None,
            pod_name: "it".to_owned(),
        };
        let readiness = Readiness::new(&["credentials", "api-watches"]);
        let handles = ApiHandles {
            client,
            metrics: Metrics::new("0.0.0", "it"),
            readiness: readiness.clone(),
            now: Timestamp::now,
        };
        let stop = CancellationToken::new();
        let (says, listening) = tokio::sync::oneshot::channel();
        let says = Mutex::new(Some(says));
        let told = move |address| {
            let says = says.lock().unwrap().take().unwrap();
            says.send(address).unwrap();
        };
        tokio::spawn(run(options, handles, told, stop.clone()));
        let address = tokio::time::timeout(PATIENCE, listening).await.unwrap();
        until("the API is ready", async || {
            readiness.is_ready().then_some(())
        })
        .await;
        Self {
            base: format!("http://{}", address.unwrap()),
            http: reqwest::Client::new(),
            stop,
            _files: files,
        }
    }

    /// A client without a credential.
    pub(crate) fn anybody(&self) -> Client<'_> {
        Client {
            app: self,
            token: None,
        }
    }

    /// A client with this credential.
    pub(crate) fn with(&self, token: &str) -> Client<'_> {
        Client {
            app: self,
            token: Some(token.to_owned()),
        }
    }

    /// A client with a new key that Git keeps in this namespace; `spec` narrows it.
    pub(crate) async fn key(&self, home: &Namespace, spec: Value) -> Client<'_> {
        let (token, _) = apply_key(home, spec).await;
        let client = self.with(&token);
        until("the key is accepted", async || {
            (client.get("/v1/me").await.status == 200).then_some(())
        })
        .await;
        client
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What a person does who keeps a key in Git. Answers the key and its id.
pub(crate) async fn apply_key(home: &Namespace, spec: Value) -> (String, String) {
    let plain = PlainKey::generate(&mut random::fill).unwrap();
    let mut object = json!({
        "apiVersion": "kisenon.com/v1alpha1",
        "kind": "ApiKey",
        "metadata": {"generateName": "git-"},
        "spec": {
            "label": "git",
            "role": "ci",
            "lookupId": plain.lookup_id(),
            "hash": key_hash::hash(&plain).unwrap(),
        },
    });
    let members = object["spec"].as_object_mut().unwrap();
    members.extend(spec.as_object().unwrap().clone());
    let object = serde_json::from_value::<ApiKey>(object).unwrap();
    let keys: Api<ApiKey> = home.api();
    let params = PostParams {
        field_manager: Some("kubectl".to_owned()),
        ..PostParams::default()
    };
    let made = keys.create(&params, &object).await.unwrap();
    let id = kisenon::domain::id::api_key_id(&made.uid().unwrap()).unwrap();
    (plain.text().expose_secret().to_owned(), id)
}

/// Sends requests with one credential.
#[derive(Clone)]
pub(crate) struct Client<'a> {
    app: &'a App,
    pub(crate) token: Option<String>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// Null where the body is no JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// The body, if the status is this one.
    pub(crate) fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// Checks status and code of a refusal, and answers its words.
    pub(crate) fn refused(&self, status: u16, code: &str) -> String {
        assert_eq!(
            (self.status, &self.body["code"]),
            (status, &json!(code)),
            "{}",
            self.text
        );
        assert_eq!(self.headers["content-type"], "application/problem+json");
        format!("{} {}", self.body["detail"], self.body["errors"])
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl Client<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, &[], Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// A merge patch of the version that was read.
    pub(crate) async fn patch(&self, path: &str, etag: &Value, body: Value) -> Answer {
        let tag = format!("\"{}\"", etag.as_str().unwrap());
        self.send(Method::PATCH, path, &[("if-match", &tag)], Some(body))
            .await
    }

    pub(crate) async fn manifests(&self, query: &str, yaml: &str) -> Answer {
        let request = self
            .request(Method::POST, &format!("/v1/manifests{query}"))
            .header("content-type", "application/yaml")
            .body(yaml.to_owned());
        read(request).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        read(request).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self
            .app
            .http
            .request(method, format!("{}{path}", self.app.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

async fn read(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    Answer {
        body: serde_json::from_str(&text).unwrap_or_default(),
        status,
        headers,
        text,
    }
}

/// What `look` finds, once it finds it.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "it never came that {what}");
        ticks.tick().await;
    }
}
