//! Sign-in and the life of sessions.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::app::App;

async fn exchange(app: &App, token: &str) -> super::app::Answer {
    let proof = json!({ "provider": "it", "idToken": token });
    app.anonymous(Method::POST, "/v1/auth/exchange", Some(proof))
        .await
}

#[tokio::test]
async fn who_signs_in_learns_who_they_are() {
    let app = App::shared().await;
    let person = app.person("ada").await;
    let me = person.get("/v1/me").await.expect(200);
    assert_eq!(me["user"]["email"], person.email);
    assert_eq!(me["user"]["id"], person.user_id);
    assert_eq!(me["credential"]["kind"], "session");
    let tenant = me["tenant"]["id"].as_str().unwrap();
    assert_eq!(
        me["tenant"]["namespace"],
        format!("kisenon-tenant-{tenant}")
    );
}

#[tokio::test]
async fn j5_an_id_token_is_taken_once() {
    let app = App::shared().await;
    let token = app.issuer.id_token("twice@it.test");
    exchange(app, &token).await.expect(200);
    assert_eq!(exchange(app, &token).await.refusal(400), "invalid_proof");
}

#[tokio::test]
async fn j3_j5_a_token_for_somebody_else_or_of_another_time_is_refused() {
    let app = App::shared().await;
    let now = Timestamp::now().as_second();
    let good = json!({
        "iss": app.issuer.url, "aud": "kisenon-it", "sub": "s", "email": "x@it.test",
        "email_verified": true, "iat": now, "exp": now + 300,
    });
    for (member, value) in [
        ("aud", json!("another-client")),
        ("aud", json!(["kisenon-it", "another-client"])),
        ("iss", json!("https://accounts.google.com")),
        ("exp", json!(now - 60)),
        ("exp", json!("9999999999")),
        ("iat", json!(now - 3600)),
        ("email_verified", json!(false)),
        ("email_verified", Value::Null),
        ("sub", json!("")),
    ] {
        let mut claims = good.clone();
        claims[member] = value;
        let answer = exchange(app, &app.issuer.sign(&claims)).await;
        assert_eq!(answer.refusal(400), "invalid_proof", "{claims}");
    }
    // The same claims, unchanged, are let in: nothing above was refused for another reason.
    exchange(app, &app.issuer.sign(&good)).await.expect(200);
}

#[tokio::test]
async fn who_is_not_on_the_list_is_refused_and_leaves_nothing() {
    let app = App::shared().await;
    let token = app.issuer.id_token("stranger@elsewhere.test");
    let answer = exchange(app, &token).await;
    assert_eq!(answer.refusal(403), "access_denied");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("/docs/alpha-access"), "{detail}");
    // Not even the proof is used up: it is refused for the same reason again.
    assert_eq!(exchange(app, &token).await.refusal(403), "access_denied");
}

#[tokio::test]
async fn j8_an_address_on_the_list_belongs_to_who_used_it_first() {
    let app = App::own(None).await;
    let now = Timestamp::now().as_second();
    let claims = |sub: &str| {
        json!({
            "iss": app.issuer.url, "aud": "kisenon-it", "sub": sub, "email": "one@example.test",
            "email_verified": true, "iat": now, "exp": now + 300,
        })
    };
    let first = exchange(&app, &app.issuer.sign(&claims("first"))).await;
    first.expect(200);
    let second = exchange(&app, &app.issuer.sign(&claims("second"))).await;
    assert_eq!(second.refusal(403), "access_denied");
}

#[tokio::test]
async fn c12_a_refresh_token_is_good_once_and_a_late_copy_ends_the_session() {
    let app = App::shared().await;
    let person = app.person("tab").await;
    let refresh = async |token: &str| {
        let body = json!({ "refreshToken": token });
        app.anonymous(Method::POST, "/v1/auth/refresh", Some(body))
            .await
    };
    let next = refresh(&person.refresh).await.expect(200);
    // Another tab, a moment later, with the same token.
    refresh(&person.refresh).await.expect(200);
    let again = refresh(next["refreshToken"].as_str().unwrap()).await;
    let access = again.expect(200)["accessToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let me = app.send(Method::GET, "/v1/me", Some(&access), None).await;
    me.expect(200);
    for wrong in [
        "",
        "nsr_",
        "nsc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        assert_eq!(refresh(wrong).await.refusal(400), "invalid_grant");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_and_no_key() {
    let app = App::shared().await;
    let person = app.person("leaver").await;
    let (key, _) = person.key(json!({ "label": "stays" })).await;
    person.post("/v1/auth/signout", json!({})).await.expect(204);
    assert_eq!(person.get("/v1/me").await.refusal(401), "invalid_token");
    let body = json!({ "refreshToken": person.refresh });
    let refreshed = app
        .anonymous(Method::POST, "/v1/auth/refresh", Some(body))
        .await;
    assert_eq!(refreshed.refusal(400), "invalid_grant");
    let me = app.send(Method::GET, "/v1/me", Some(&key), None).await;
    me.expect(200);
}
