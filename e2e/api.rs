//! The HTTP API as a host of the LAN sees it: with curl, over TLS, at its own address.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster_handle::{Cluster, Host, run};
use crate::tenant::unique;

const TOKEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/idp/token.sh");
/// Everything that is secret stands in `$REQUEST`, which curl reads from its standard input.
const CURL: &str =
    "curl --silent --show-error --include --max-time 30 --cacert \"$KISENON_CA_FILE\" --config -";

/// How often a change is tried before somebody else's is in the way for good.
const CHANGES: usize = 10;

/// An address that the local allow-list admits (`@example.com`), of nobody else.
pub(crate) fn new_person(story: &str) -> String {
    format!("{}@example.com", unique(story))
}

/// What the development identity provider says of an address.
#[track_caller]
pub(crate) fn id_token(email: &str) -> String {
    let mut command = Command::new(TOKEN);
    command.arg("--id-token").env("EMAIL", email);
    run(command, "").output()
}

/// A caller of the API: from a host, with a credential or none.
#[derive(Clone)]
pub(crate) struct Api {
    cluster: Cluster,
    host: Host,
    credential: Option<String>,
}

/// A session, and what keeps it.
pub(crate) struct Session {
    pub(crate) api: Api,
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// The namespace of its tenant.
    pub(crate) namespace: String,
}

/// What the API has answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: String,
    text: String,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (headers, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = headers.split_whitespace().nth(1);
        Self {
            status: status.and_then(|s| s.parse().ok()).unwrap_or_default(),
            headers: headers.to_owned(),
            text: body.to_owned(),
        }
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self
            .headers
            .lines()
            .filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The body, of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        match &*self.text {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}")),
        }
    }

    /// The body of a refusal with this status and code.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        let media_type = self.header("content-type").map(str::to_owned);
        let body = self.expect(status);
        assert_eq!(media_type.as_deref(), Some("application/problem+json"));
        assert_eq!(body["code"], code, "{body}");
        body
    }
}

/// The body of a request.
pub(crate) enum Body {
    Json(Value),
    /// Media type and text.
    Text(String, String),
}

/// A request: method, path, body and further headers.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: Option<Body>,
    pub(crate) headers: &'a [(&'a str, &'a str)],
}

impl Api {
    /// A caller on that host, without a credential.
    pub(crate) fn anonymous(cluster: &Cluster, host: Host) -> Self {
        Self {
            cluster: cluster.clone(),
            host,
            credential: None,
        }
    }

    /// The same with this credential.
    pub(crate) fn with(&self, credential: &str) -> Self {
        Self {
            credential: Some(credential.to_owned()),
            ..self.clone()
        }
    }

    /// Signs the address in.
    #[track_caller]
    pub(crate) fn sign_in(&self, email: &str) -> Session {
        let proof = json!({"provider": "dev", "idToken": id_token(email)});
        let answer = self.post("/v1/auth/exchange", proof).expect(200);
        let access = answer["accessToken"].as_str().unwrap().to_owned();
        let api = self.with(&access);
        let me = api.get("/v1/me").expect(200);
        Session {
            api,
            access,
            refresh: answer["refreshToken"].as_str().unwrap().to_owned(),
            namespace: me["tenant"]["namespace"].as_str().unwrap().to_owned(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(&Request {
            method: "GET",
            path,
            body: None,
            headers: &[],
        })
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send(&Request {
            method: "DELETE",
            path,
            body: None,
            headers: &[],
        })
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Answer {
        self.send(&Request {
            method: "POST",
            path,
            body: Some(Body::Json(body)),
            headers: &[],
        })
    }

    /// The same with a body that is not JSON.
    pub(crate) fn post_text(&self, path: &str, media_type: &str, text: &str) -> Answer {
        self.send(&Request {
            method: "POST",
            path,
            body: Some(Body::Text(media_type.to_owned(), text.to_owned())),
            headers: &[],
        })
    }

    /// A change of what was read before, by its `ETag`. Status counts as a change too, so while
    /// the operator is at work it is read and tried again.
    #[track_caller]
    pub(crate) fn change(&self, method: &str, path: &str, read: &str, body: &Value) -> Answer {
        for _ in 1..CHANGES {
            let answer = self.change_once(method, path, read, body);
            if answer.status != 412 {
                return answer;
            }
        }
        self.change_once(method, path, read, body)
    }

    #[track_caller]
    fn change_once(&self, method: &str, path: &str, read: &str, body: &Value) -> Answer {
        let etag = self.get(read);
        let etag = etag.header("etag").expect("an ETag").to_owned();
        self.send(&Request {
            method,
            path,
            body: Some(Body::Json(body.clone())),
            headers: &[("If-Match", &etag)],
        })
    }

    pub(crate) fn send(&self, request: &Request<'_>) -> Answer {
        let text = self.curl(request);
        let command = format!("{CURL} <<END\n$REQUEST\nEND");
        let ended = self.cluster.lan(self.host, &[("REQUEST", &text)], &command);
        assert!(ended.ok, "curl: {}", ended.err);
        Answer::parse(&ended.out)
    }

    /// Follows a stream of server-sent events.
    pub(crate) fn events(&self, path: &str) -> Events {
        let request = Request {
            method: "GET",
            path,
            body: None,
            headers: &[("Accept", "text/event-stream")],
        };
        let text = self.curl(&request);
        let command = "curl --silent --show-error --no-buffer --cacert \"$KISENON_CA_FILE\" --config - <<END\n$REQUEST\nEND";
        let variables = [("REQUEST", &*text)];
        Events::of(self.cluster.lan_start(self.host, &variables, command))
    }

    /// The request as a configuration of curl.
    fn curl(&self, request: &Request<'_>) -> String {
        let url = format!("https://10.77.0.90{}", request.path);
        let mut lines = vec![("url", url), ("request", request.method.to_owned())];
        let credential = self.credential.iter();
        lines.extend(credential.map(|word| ("header", format!("Authorization: Bearer {word}"))));
        let headers = request.headers.iter();
        lines.extend(headers.map(|(name, value)| ("header", format!("{name}: {value}"))));
        let (media_type, text) = match &request.body {
            Some(Body::Json(body)) => ("application/json", body.to_string()),
            Some(Body::Text(media_type, text)) => (&**media_type, text.clone()),
            None => ("", String::new()),
        };
        if request.body.is_some() {
            lines.push(("header", format!("Content-Type: {media_type}")));
            lines.push(("data-raw", text));
        }
        let quoted = |text: &str| {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"");
            text.replace('\n', "\\n")
        };
        let lines = lines
            .iter()
            .map(|(option, value)| format!("{option} = \"{}\"", quoted(value)));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// A stream of server-sent events that is followed.
pub(crate) struct Events {
    child: Child,
    events: Receiver<(String, Value)>,
}

impl Events {
    fn of(mut child: Child) -> Self {
        let (sender, events) = channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            let mut name = String::new();
            for line in lines.map_while(Result::ok) {
                if let Some(event) = line.strip_prefix("event: ").or(line.strip_prefix("event:")) {
                    event.clone_into(&mut name);
                } else if let Some(data) = line.strip_prefix("data:") {
                    let data = serde_json::from_str(data).unwrap_or(Value::Null);
                    if sender.send((name.clone(), data)).is_err() {
                        return;
                    }
                }
            }
        });
        Self { child, events }
    }

    /// The data of the first event that is as described.
    #[track_caller]
    pub(crate) fn until(
        &self,
        what: &str,
        limit: Duration,
        is_so: impl Fn(&str, &Value) -> bool,
    ) -> Value {
        let deadline = Instant::now() + limit;
        let mut last = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok((name, data)) if is_so(&name, &data) => return data,
                Ok(event) => last = Some(event),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("{what}: not within {limit:?}; last seen: {last:?}")
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("{what}: the stream ended; last seen: {last:?}")
                }
            }
        }
    }

    /// Waits until the server ends the stream.
    pub(crate) fn ends_within(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
