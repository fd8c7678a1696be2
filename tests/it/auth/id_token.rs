//! Id tokens: whom they name, and when they are taken (J5, J6).

use axum::routing::get;
use axum::{Json, Router};
use kisenon::auth::identity::keystore::{KeySource, KeyStore};
use kisenon::auth::identity::oidc::{self, IssuerKind, IssuerPolicy, OidcError, Verified};
use kisenon::auth::jwt::Algorithm;
use serde_json::{Value, json};

use super::forge::{CLIENT, ISSUER, Signer, at, changed, now};
use super::{client, serve};

/// An issuer with one key, and what it is allowed.
struct Issuer {
    policy: IssuerPolicy,
    keys: KeyStore,
    signer: Signer,
}

impl Issuer {
    async fn new(policy: IssuerPolicy) -> Self {
        let signer = Signer::new(policy.algorithms[0]);
        let jwks = json!({"keys": [signer.jwk("kid-1")]});
        let router = Router::new().route("/jwks", get(move || async move { Json(jwks) }));
        let source = KeySource::Jwks(format!("{}/jwks", serve(router).await));
        let keys = KeyStore::new(client(), source).unwrap();
        Self {
            policy,
            keys,
            signer,
        }
    }

    async fn google() -> Self {
        Self::new(IssuerPolicy::google(CLIENT)).await
    }

    async fn generic(algorithm: Algorithm) -> Self {
        Self::new(IssuerPolicy {
            name: "acme".into(),
            issuers: vec![ISSUER.into()],
            client_id: CLIENT.into(),
            algorithms: vec![algorithm],
            kind: IssuerKind::Generic,
        })
        .await
    }

    fn token(&self, changes: &Value) -> String {
        let second = now().as_second();
        let claims = json!({"iss": self.policy.issuers[0], "aud": CLIENT, "sub": "subject-1",
            "email": "Ada@Gmail.com", "email_verified": true, "name": "Ada Lovelace",
            "iat": second - 10, "exp": second + 3_590});
        let header = json!({"alg": self.signer.name(), "typ": "JWT", "kid": "kid-1"});
        self.signer
            .token(&header.to_string(), &changed(claims, changes).to_string())
    }

    async fn verify(&self, changes: &Value) -> Result<Verified, OidcError> {
        let token = self.token(changes);
        oidc::verify(&self.policy, &self.keys, &token, None, now()).await
    }
}

#[tokio::test]
async fn a_token_names_a_person() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let issuer = Issuer::generic(algorithm).await;
        let verified = issuer.verify(&json!({})).await.unwrap();
        assert_eq!(verified.identity.provider, "acme");
        assert_eq!(verified.identity.subject, "subject-1");
        assert_eq!(verified.identity.email.as_str(), "ada@gmail.com");
        assert_eq!(verified.identity.name.as_deref(), Some("Ada Lovelace"));
    }
}

#[tokio::test]
async fn j5_a_token_is_taken_for_five_minutes_and_remembered_as_long() {
    let issuer = Issuer::google().await;
    let issued = |second: i64, changes: &Value| {
        let iat = json!({"iat": at(second).as_second()});
        issuer.token(&changed(iat, changes))
    };
    let taken = async |token: String| {
        let verified = oidc::verify(&issuer.policy, &issuer.keys, &token, None, now()).await;
        verified.map(|verified| verified.remember_until).ok()
    };
    assert_eq!(taken(issued(-300, &json!({}))).await, Some(at(1)));
    assert_eq!(taken(issued(-301, &json!({}))).await, None);
    assert_eq!(taken(issued(30, &json!({}))).await, Some(at(331)));
    let soon = json!({"exp": at(5).as_second()});
    assert_eq!(taken(issued(0, &soon)).await, Some(at(5)));
}

#[tokio::test]
async fn j5_the_digest_of_a_token_is_known_before_and_after() {
    let issuer = Issuer::google().await;
    let token = issuer.token(&json!({}));
    let verified = oidc::verify(&issuer.policy, &issuer.keys, &token, None, now()).await;
    assert_eq!(verified.unwrap().digest, oidc::digest(&token));
    assert_ne!(
        oidc::digest(&token),
        oidc::digest(&issuer.token(&json!({"sub": "subject-2"})))
    );
}

#[tokio::test]
async fn j5_both_spellings_of_google_and_no_other_are_taken() {
    let issuer = Issuer::google().await;
    for name in ["https://accounts.google.com", "accounts.google.com"] {
        assert!(issuer.verify(&json!({"iss": name})).await.is_ok());
    }
    for name in [
        "http://accounts.google.com",
        "https://accounts.google.com/",
        "google.com",
    ] {
        assert!(
            issuer.verify(&json!({"iss": name})).await.is_err(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn j5_google_signs_with_rs256_only() {
    let issuer = Issuer::google().await;
    let other = Issuer::generic(Algorithm::Es256).await;
    let token = other.token(&json!({"iss": "https://accounts.google.com"}));
    let verified = oidc::verify(&issuer.policy, &other.keys, &token, None, now()).await;
    assert!(verified.is_err());
}

#[tokio::test]
async fn j5_the_authorized_party_is_us_if_there_is_one() {
    let issuer = Issuer::google().await;
    assert!(issuer.verify(&json!({"azp": CLIENT})).await.is_ok());
    assert!(
        issuer
            .verify(&json!({"aud": [CLIENT], "azp": CLIENT}))
            .await
            .is_ok()
    );
    for azp in [
        json!("other"),
        json!(""),
        json!([CLIENT]),
        json!(7),
        json!({}),
    ] {
        assert!(issuer.verify(&json!({"azp": azp})).await.is_err(), "{azp}");
    }
}

#[tokio::test]
async fn j5_the_nonce_is_the_one_that_was_sent() {
    let issuer = Issuer::google().await;
    let verify = async |claims: Value, nonce| {
        let token = issuer.token(&claims);
        let verified = oidc::verify(&issuer.policy, &issuer.keys, &token, nonce, now()).await;
        verified.is_ok()
    };
    assert!(verify(json!({"nonce": "n1"}), Some("n1")).await);
    assert!(verify(json!({"nonce": "n1"}), None).await);
    for claims in [json!({}), json!({"nonce": "n2"}), json!({"nonce": ["n1"]})] {
        assert!(!verify(claims.clone(), Some("n1")).await, "{claims}");
    }
}

#[tokio::test]
async fn j6_google_vouches_for_its_own_and_for_hosted_addresses_only() {
    let issuer = Issuer::google().await;
    let verify = async |claims: Value| issuer.verify(&claims).await;
    assert!(verify(json!({"email": "ada@gmail.com"})).await.is_ok());
    assert!(
        verify(json!({"email": "ada@corp.example", "hd": "corp.example"}))
            .await
            .is_ok()
    );
    for claims in [
        json!({"email": "ada@corp.example"}),
        json!({"email": "ada@corp.example", "hd": ""}),
        json!({"email": "ada@corp.example", "hd": true}),
        json!({"email": "ada@notgmail.com"}),
        json!({"email": "ada@gmail.com.evil.example"}),
        json!({"email": "ada@corp.example", "hd": "corp.example", "email_verified": false}),
        json!({"email": "ada@corp.example", "hd": "corp.example", "email_verified": null}),
        json!({"email": "ada@gmail.com", "email_verified": false}),
    ] {
        let refused = verify(claims.clone()).await.unwrap_err();
        assert!(matches!(refused, OidcError::Email), "{claims}: {refused}");
    }
}

#[tokio::test]
async fn an_address_counts_only_if_it_is_verified() {
    let issuer = Issuer::generic(Algorithm::EdDsa).await;
    for verified in [
        json!(null),
        json!(false),
        json!("true"),
        json!(1),
        json!([true]),
    ] {
        let refused = issuer.verify(&json!({"email_verified": verified})).await;
        assert!(matches!(refused, Err(OidcError::Email)), "{verified}");
    }
    for email in [
        "ada",
        "ada@example",
        "\"a\"@example.com",
        "a@example.com,b@example.com",
    ] {
        let refused = issuer.verify(&json!({"email": email})).await;
        assert!(matches!(refused, Err(OidcError::Email)), "{email}");
    }
}

#[tokio::test]
async fn j6_the_account_is_the_subject_and_nothing_else() {
    let issuer = Issuer::generic(Algorithm::EdDsa).await;
    let changed = issuer
        .verify(&json!({"email": "new@example.com", "name": null}))
        .await;
    let identity = changed.unwrap().identity;
    assert_eq!(
        (identity.subject.as_str(), identity.name),
        ("subject-1", None)
    );
    for subject in ["a".repeat(256), "a b".into(), "é".into(), "a\0".into()] {
        assert!(
            issuer.verify(&json!({"sub": subject})).await.is_err(),
            "{subject:?}"
        );
    }
}
