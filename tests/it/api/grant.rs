//! Keys for programs: through a browser on the same machine, and from a machine without one.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use super::app::{Answer, App, Person, client, finish};

const REDIRECT: &str = "http://127.0.0.1:49152/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()))
}

fn consent() -> Value {
    json!({
        "redirectUri": REDIRECT,
        "codeChallenge": challenge(),
        "codeChallengeMethod": "S256",
        "label": "keon on laptop",
    })
}

async fn code(person: &Person<'_>) -> String {
    let made = person.post("/v1/auth/cli/authorize", consent()).await;
    assert_eq!(made.header("cache-control"), "no-store", "C9");
    made.expect(201)["code"].as_str().unwrap().to_owned()
}

async fn redeem(app: &App, code: &str, verifier: &str, redirect: &str) -> Answer {
    let body = json!({ "code": code, "codeVerifier": verifier, "redirectUri": redirect });
    app.anonymous(Method::POST, "/v1/auth/cli/exchange", Some(body))
        .await
}

#[tokio::test]
async fn c4_a_code_and_its_verifier_make_a_key_that_works_at_once() {
    let app = App::shared().await;
    let person = app.person("cli").await;
    let granted = redeem(app, &code(&person).await, VERIFIER, REDIRECT).await;
    assert_eq!(granted.header("cache-control"), "no-store", "C9");
    let granted = granted.expect(201);
    let key = granted["apiKey"].as_str().unwrap();
    let me = app
        .send(Method::GET, "/v1/me", Some(key), None)
        .await
        .expect(200);
    assert_eq!(me["credential"]["label"], "keon on laptop");
    assert_eq!(me["user"]["email"], person.email);
}

#[tokio::test]
async fn c2_c4_only_a_loopback_address_and_s256_are_agreed_to() {
    let app = App::shared().await;
    let person = app.person("consent").await;
    for (member, value) in [
        ("redirectUri", "https://evil.example/callback"),
        ("redirectUri", "http://localhost:49152/callback"),
        ("redirectUri", "http://127.0.0.1:49152/elsewhere"),
        ("redirectUri", "http://127.0.0.1@evil.example/callback"),
        ("redirectUri", "http://127.0.0.1/callback"),
        ("codeChallengeMethod", "plain"),
        ("codeChallenge", "short"),
        ("label", ""),
    ] {
        let mut body = consent();
        body[member] = json!(value);
        let refused = person.post("/v1/auth/cli/authorize", body).await;
        assert_eq!(refused.refusal(400), "invalid_request", "{member} {value}");
    }
}

#[tokio::test]
async fn c4_a_code_without_its_verifier_is_burnt() {
    let app = App::shared().await;
    let person = app.person("thief").await;
    let other = "x".repeat(43);
    for (verifier, redirect) in [
        (other.as_str(), REDIRECT),
        (VERIFIER, "http://127.0.0.1:49153/callback"),
        ("", REDIRECT),
    ] {
        let code = code(&person).await;
        let wrong = redeem(app, &code, verifier, redirect).await;
        assert_eq!(wrong.refusal(400), "invalid_grant");
        let right = redeem(app, &code, VERIFIER, REDIRECT).await;
        assert_eq!(right.refusal(400), "invalid_grant");
    }
}

#[tokio::test]
async fn c5_a_code_that_comes_back_revokes_the_key_it_made() {
    let app = App::shared().await;
    let person = app.person("replay").await;
    let code = code(&person).await;
    let granted = redeem(app, &code, VERIFIER, REDIRECT).await.expect(201);
    let key = granted["apiKey"].as_str().unwrap();
    let again = redeem(app, &code, VERIFIER, REDIRECT).await;
    assert_eq!(again.refusal(400), "invalid_grant");
    let me = app.send(Method::GET, "/v1/me", Some(key), None).await;
    assert_eq!(me.refusal(401), "invalid_token");
}

/// Asks again for as long as the server has too much to do, as its answers say.
async fn once_free(person: &Person<'_>, path: &str) -> Answer {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(200));
    for _ in 0..100 {
        ticks.tick().await;
        let answer = person.get(path).await;
        if answer.status != 503 {
            return answer;
        }
    }
    panic!("{path} stays unavailable");
}

/// A thousand at once: one makes a key, and the others' attempts end it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c5_of_a_thousand_redemptions_at_once_one_makes_a_key() {
    let app = App::behind_a_proxy().await;
    let person = app.person("race").await;
    let body = json!({
        "code": code(&person).await, "codeVerifier": VERIFIER, "redirectUri": REDIRECT,
    });
    let url = format!("{}/v1/auth/cli/exchange", app.base);
    let sender = client();
    let mut racers = tokio::task::JoinSet::new();
    for racer in 0..1_000_u32 {
        let (sender, url, body) = (sender.clone(), url.clone(), body.clone());
        racers.spawn(async move {
            // Each from an address of its own: the limit is another test's matter.
            let from = format!("198.51.{}.{}", racer / 250, racer % 250 + 1);
            let request = sender.post(url).header("x-forwarded-for", from).json(&body);
            finish(request).await
        });
    }
    let mut made = 0;
    while let Some(answer) = racers.join_next().await {
        let answer = answer.unwrap();
        match answer.status.as_u16() {
            201 => made += 1,
            // More at once than the server does at once: not done, and said so.
            503 => drop(answer.refusal(503)),
            _ => assert_eq!(answer.refusal(400), "invalid_grant"),
        }
    }
    assert!(made <= 1, "{made} keys");
    let events = once_free(&person, "/v1/audit-events").await.expect(200);
    let minted = events["items"].as_array().unwrap().iter();
    assert_eq!(
        minted
            .filter(|event| event["action"] == "cli.exchange")
            .count(),
        1
    );
    let keys = once_free(&person, "/v1/api-keys").await.expect(200);
    let is_active = |key: &&Value| key["state"] == "Active";
    assert_eq!(
        keys["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(is_active)
            .count(),
        0
    );
}

#[tokio::test]
async fn c10_a_device_gets_a_key_once_a_person_has_compared_the_code() {
    let app = App::shared().await;
    let person = app.person("device").await;
    let begin = json!({ "label": "keon on build-7" });
    let begun = app
        .anonymous(Method::POST, "/v1/auth/device/code", Some(begin))
        .await
        .expect(200);
    let poll = async || {
        let body = json!({ "device_code": begun["device_code"] });
        app.anonymous(Method::POST, "/v1/auth/device/token", Some(body))
            .await
    };
    assert_eq!(poll().await.refusal(400), "authorization_pending");
    assert_eq!(poll().await.refusal(400), "slow_down");
    let user_code = begun["user_code"].as_str().unwrap();
    let shown = person.get(&format!("/v1/auth/device/{user_code}")).await;
    assert_eq!(shown.expect(200)["label"], "keon on build-7");
    let approve = json!({ "userCode": user_code.to_lowercase(), "approve": true });
    person
        .post("/v1/auth/device/approve", approve.clone())
        .await
        .expect(204);
    let second = person.post("/v1/auth/device/approve", approve).await;
    assert_eq!(second.refusal(404), "not_found", "decided once");
    let granted = poll().await.expect(201);
    let key = granted["apiKey"].as_str().unwrap();
    app.send(Method::GET, "/v1/me", Some(key), None)
        .await
        .expect(200);
    assert_eq!(poll().await.refusal(400), "invalid_grant");
}

#[tokio::test]
async fn a_key_cannot_approve_anything() {
    let app = App::shared().await;
    let person = app.person("key").await;
    let (key, _) = person.key(json!({ "label": "program" })).await;
    let consent = app
        .send(
            Method::POST,
            "/v1/auth/cli/authorize",
            Some(&key),
            Some(consent()),
        )
        .await;
    assert_eq!(consent.refusal(403), "insufficient_scope");
    assert!(
        consent
            .header("www-authenticate")
            .contains("insufficient_scope"),
        "J9"
    );
}
