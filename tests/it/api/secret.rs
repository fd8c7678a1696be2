//! Secrets stand where they belong and nowhere else: not in the log at its most talkative, a
//! refusal, the record, Kubernetes, the database, the arguments of the process, or a panic.
//!
//! The program itself runs here, with everything that it writes caught.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use super::app::{Answer, App, Person, client, finish};
use program::{DATABASE_PASSWORD, GITHUB_SECRET, Program};

mod panic;
mod place;
mod program;

const REDIRECT: &str = "http://127.0.0.1:49152/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// What is sent and given, and which refusals came of it.
struct Planted<'a> {
    app: &'a App,
    /// Each with what it is, which a failure may say; the secret itself never.
    secrets: Vec<(&'static str, String)>,
    refusals: Vec<Answer>,
}

impl Planted<'_> {
    fn plant(&mut self, what: &'static str, secret: &str) {
        self.secrets.push((what, secret.to_owned()));
    }

    /// Sends what must be refused.
    async fn refuse(
        &mut self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) {
        let answer = self.app.send(method, path, token, body).await;
        assert!(
            answer.status.is_client_error() || answer.status == 503,
            "{}",
            answer.status
        );
        self.refusals.push(answer);
    }

    /// Puts a secret wherever a client may put it by mistake.
    async fn misplace(&mut self, session: &str, secret: &str) {
        let post = Method::POST;
        let query = format!("/v1/me?access_token={secret}");
        self.refuse(Method::GET, &query, None, None).await;
        self.refuse(
            Method::GET,
            &format!("/v1/projects?cursor={secret}"),
            Some(session),
            None,
        )
        .await;
        self.refuse(
            Method::GET,
            &format!("/v1/projects?limit={secret}"),
            Some(session),
            None,
        )
        .await;
        self.refuse(
            Method::GET,
            &format!("/v1/projects/{secret}"),
            Some(session),
            None,
        )
        .await;
        self.refuse(
            Method::GET,
            &format!("/v1/auth/device/{secret}"),
            Some(session),
            None,
        )
        .await;
        self.refuse(Method::GET, "/v1/me", Some(&format!("{secret}x")), None)
            .await;
        for (path, body) in [
            (
                "/v1/auth/exchange",
                json!({"provider": "it", "idToken": secret}),
            ),
            (
                "/v1/auth/exchange",
                json!({"provider": "github", "accessToken": secret}),
            ),
            ("/v1/auth/exchange", json!({"provider": secret})),
            (
                "/v1/auth/refresh",
                json!({"refreshToken": secret, "x": secret}),
            ),
            (
                "/v1/auth/device/token",
                json!({"device_code": format!("{secret}x")}),
            ),
            ("/v1/api-keys/report", json!({"key": [secret]})),
            ("/v1/api-keys", json!({"label": "x", "scopes": [secret]})),
            ("/v1/api-keys", json!({"label": "x", "project": secret})),
            ("/v1/api-keys", json!({"label": "x", "expiresAt": secret})),
            (
                "/v1/projects",
                json!({"name": "x", "deletionProtection": secret}),
            ),
            (
                "/v1/projects",
                json!({"name": "x", "deletionPolicy": secret}),
            ),
            ("/v1/projects", json!({"name": {"a": secret}})),
            (
                "/v1/auth/device/approve",
                json!({"userCode": secret, "approve": false}),
            ),
            (
                "/v1/auth/cli/exchange",
                json!({
                    "code": format!("{secret}x"), "codeVerifier": secret, "redirectUri": secret,
                }),
            ),
        ] {
            self.refuse(post.clone(), path, Some(session), Some(body))
                .await;
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Everything that gives or takes a secret; the key at the end is one that is in use.
async fn use_everything(planted: &mut Planted<'_>, person: &Person<'_>) -> String {
    let app = planted.app;
    planted.plant("access token", &person.token);
    planted.plant("refresh token", &person.refresh);
    let proof = app.issuer.id_token(&person.email);
    planted.plant("ID token", &proof);
    let body = json!({"provider": "it", "idToken": proof});
    let tokens = app
        .anonymous(Method::POST, "/v1/auth/exchange", Some(body.clone()))
        .await
        .expect(200);
    planted.plant("access token", &text(&tokens["accessToken"]));
    planted
        .refuse(Method::POST, "/v1/auth/exchange", None, Some(body))
        .await;
    let body = json!({"refreshToken": tokens["refreshToken"]});
    let next = app
        .anonymous(Method::POST, "/v1/auth/refresh", Some(body))
        .await
        .expect(200);
    planted.plant("refresh token", &text(&next["refreshToken"]));

    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()));
    let consent = json!({
        "redirectUri": REDIRECT, "codeChallenge": challenge, "codeChallengeMethod": "S256", "label": "cli",
    });
    let code = text(
        &person
            .post("/v1/auth/cli/authorize", consent)
            .await
            .expect(201)["code"],
    );
    planted.plant("CLI code", &code);
    planted.plant("code verifier", VERIFIER);
    let redeem = json!({"code": code, "codeVerifier": VERIFIER, "redirectUri": REDIRECT});
    let granted = app
        .anonymous(Method::POST, "/v1/auth/cli/exchange", Some(redeem.clone()))
        .await;
    planted.plant("API key of the CLI", &text(&granted.expect(201)["apiKey"]));
    planted
        .refuse(Method::POST, "/v1/auth/cli/exchange", None, Some(redeem))
        .await;

    let begun = app
        .anonymous(
            Method::POST,
            "/v1/auth/device/code",
            Some(json!({"label": "device"})),
        )
        .await
        .expect(200);
    planted.plant("device code", &text(&begun["device_code"]));
    let approve = json!({"userCode": begun["user_code"], "approve": true});
    person
        .post("/v1/auth/device/approve", approve)
        .await
        .expect(204);
    let poll = json!({"device_code": begun["device_code"]});
    let granted = app
        .anonymous(Method::POST, "/v1/auth/device/token", Some(poll))
        .await
        .expect(201);
    planted.plant("API key of a device", &text(&granted["apiKey"]));

    let (leaked, _) = person.key(json!({"label": "leaked"})).await;
    planted.plant("API key that leaked", &leaked);
    app.anonymous(
        Method::POST,
        "/v1/api-keys/report",
        Some(json!({"key": leaked})),
    )
    .await
    .expect(202);
    let (key, _) = person.key(json!({"label": "used"})).await;
    planted.plant("API key", &key);
    app.send(Method::GET, "/v1/me", Some(&key), None)
        .await
        .expect(200);

    let project = json!({"name": "secrets"});
    let project = person.post("/v1/projects", project).await.expect(201);
    let endpoint = json!({"project": project["id"], "name": "secrets-main"});
    let endpoint = person.post("/v1/endpoints", endpoint).await.expect(201);
    let path = format!("/v1/endpoints/{}", text(&endpoint["id"]));
    let reset = person
        .post(&format!("{path}/reset-password"), json!({}))
        .await
        .expect(200);
    planted.plant("database password", &text(&reset["password"]));
    key
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_stand_where_they_belong_alone() {
    let program = Program::start().await;
    let app = &program.app;
    let mut planted = Planted {
        app,
        secrets: Vec::new(),
        refusals: Vec::new(),
    };
    planted.plant("password in the database's URL", DATABASE_PASSWORD);
    planted.plant("secret of the GitHub app", GITHUB_SECRET);
    planted.plant("KISENON_SECRET_KEY", super::app::SECRET_KEY);
    planted.plant("KISENON_CONSOLE_SECRET", super::app::CONSOLE_SECRET);
    let person = app.person("secret").await;
    let key = use_everything(&mut planted, &person).await;
    let github = "gho_planted0planted1planted2planted3";
    planted.plant("token of GitHub", github);
    for secret in [&key, github, VERIFIER] {
        planted.misplace(&person.token, secret).await;
    }
    let yaml = format!(
        "apiVersion: kisenon.com/v1alpha1\nkind: ApiKey\nmetadata: {{name: x}}\nspec: {{label: x, key: {key}}}\n"
    );
    let manifests = client()
        .post(format!("{}/v1/manifests", app.base))
        .bearer_auth(&person.token);
    let manifests = manifests
        .header("content-type", "application/yaml")
        .body(yaml);
    planted.refusals.push(finish(manifests).await);
    person.post("/v1/auth/signout", json!({})).await.expect(204);

    let mut places = place::all(&program, &person, &key).await;
    let refusals = planted
        .refusals
        .iter()
        .map(|answer| format!("{:?} {}", answer.headers, answer.text));
    places.push(("refusals", refusals.collect::<Vec<_>>().join("\n")));
    for (place, content) in &places {
        assert!(content.len() > 20, "{place} is empty");
        for (what, secret) in &planted.secrets {
            // The whole, or the part that is worth something. The secret stays out of the message.
            let worth = secret.rsplit(['.', '_']).next().unwrap();
            let worth = if worth.len() >= 20 { worth } else { secret };
            let found = content.find(worth).map(|at| {
                let line = content[..at].rfind('\n').map_or(0, |start| start + 1);
                content[line..at]
                    .chars()
                    .rev()
                    .take(120)
                    .collect::<Vec<_>>()
            });
            let before = found.map(|words| words.into_iter().rev().collect::<String>());
            assert_eq!(before, None, "{what} stands in {place}");
        }
    }
}
