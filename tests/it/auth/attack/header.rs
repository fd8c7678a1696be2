//! J2: what a header asks for is not done. J4: a token is of its kind only.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{Json, Router};
use kisenon::auth::jwt::Algorithm;
use serde_json::{Value, json};

use crate::auth::forge::{Signer, Target, all_refuse, base64, changed};
use crate::auth::serve;

/// A key that nobody trusts, of the target's algorithm.
fn stranger(target: &Target) -> Signer {
    Signer::stranger(Algorithm::parse(target.signer.name()).unwrap())
}

/// A token whose header has these changes, signed by a key that nobody trusts.
fn by(stranger: &Signer, target: &Target, header: &Value) -> String {
    let header = changed(target.header(), header).to_string();
    stranger.token(&header, &target.claims().to_string())
}

#[tokio::test]
async fn j2_a_key_inside_the_token_is_not_used() {
    all_refuse(|target| {
        let stranger = stranger(target);
        let other = stranger.jwk("other");
        let same = stranger.jwk(&target.kid);
        let certificate = base64(b"certificate");
        vec![
            by(&stranger, target, &json!({})),
            by(&stranger, target, &json!({"jwk": same})),
            by(&stranger, target, &json!({"jwk": other, "kid": "other"})),
            by(&stranger, target, &json!({"jwk": other, "kid": null})),
            by(&stranger, target, &json!({"x5c": [certificate]})),
            target.token(&json!({"jwk": target.signer.jwk(&target.kid)}), &json!({})),
            target.token(&json!({"x5c": [certificate]}), &json!({})),
            target.token(&json!({"jwk": {}}), &json!({})),
        ]
    })
    .await;
}

#[tokio::test]
async fn j2_no_address_in_the_token_is_ever_asked() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let keys = json!({"keys": [Signer::stranger(Algorithm::EdDsa).jwk("kid-1")]});
    let router = Router::new().fallback(move || async move {
        counter.fetch_add(1, Ordering::SeqCst);
        Json(keys)
    });
    let url = serve(router).await;
    all_refuse(|target| {
        let stranger = stranger(target);
        let mut tokens = Vec::new();
        for member in ["jku", "x5u"] {
            for address in [
                format!("{url}/jwks"),
                "https://issuer.example.evil.example/jwks".into(),
                "file:///etc/passwd".into(),
                "http://169.254.169.254/latest/meta-data".into(),
                String::new(),
            ] {
                let header = json!({ member: address });
                tokens.push(by(&stranger, target, &header));
                tokens.push(target.token(&header, &json!({})));
            }
        }
        for kid in [format!("{url}/jwks"), format!("kid-1#{url}")] {
            tokens.push(by(&stranger, target, &json!({"kid": kid})));
        }
        tokens
    })
    .await;
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn j2_a_key_name_is_only_looked_up() {
    let names = [
        json!(null),
        json!(""),
        json!(0),
        json!(true),
        json!([]),
        json!({}),
        json!("../../../../../../dev/null"),
        json!("/dev/null"),
        json!("file:///proc/self/environ"),
        json!("..\\..\\windows\\win.ini"),
        json!("kid-1\0"),
        json!("\0"),
        json!("kid-1\n"),
        json!("' OR '1'='1"),
        json!("x' UNION SELECT 'secret';--"),
        json!("$(id)"),
        json!("`id`"),
        json!("|id"),
        json!("{{7*7}}"),
        json!("__proto__"),
        json!("kid-1 "),
        json!("KID-1"),
        json!("kid\u{2010}1"),
        json!("*"),
        json!("%"),
        json!("a".repeat(5_000)),
    ];
    all_refuse(|target| {
        let stranger = stranger(target);
        let mut tokens = Vec::new();
        for name in &names {
            tokens.push(target.token(&json!({"kid": name}), &json!({})));
            tokens.push(by(&stranger, target, &json!({"kid": name})));
        }
        tokens.push(target.token(&json!({"kid": [target.kid]}), &json!({})));
        tokens.push(target.token(&json!({"kid": {"kid": target.kid}}), &json!({})));
        tokens
    })
    .await;
}

#[tokio::test]
async fn j2_extensions_that_change_the_rules_are_refused() {
    all_refuse(|target| {
        let mut tokens = Vec::new();
        for header in [
            json!({"crit": ["exp"]}),
            json!({"crit": ["https://example.com/unknown"], "https://example.com/unknown": true}),
            json!({"crit": []}),
            json!({"crit": "b64"}),
            json!({"crit": [7]}),
            json!({"crit": ["crit"]}),
            json!({"crit": ["alg"]}),
            json!({"crit": ["b64"], "b64": true}),
            json!({"b64": true}),
            json!({"b64": false}),
            json!({"crit": ["b64"], "b64": false}),
            json!({"zip": "DEF"}),
            json!({"enc": "A256GCM"}),
            json!({"cty": "JWT"}),
        ] {
            tokens.push(target.token(&header, &json!({})));
        }
        // The unencoded claims of RFC 7797, signed as it says.
        for crit in [json!(["b64"]), json!(null)] {
            let header = changed(target.header(), &json!({"b64": false, "crit": crit}));
            let signed = format!("{}.{}", base64(header.to_string()), target.claims());
            tokens.push(format!(
                "{signed}.{}",
                base64(target.signer.sign(signed.as_bytes()))
            ));
        }
        tokens
    })
    .await;
}

#[tokio::test]
async fn j4_the_type_of_another_kind_is_refused() {
    all_refuse(|target| {
        let mut types = vec![
            json!(""),
            json!("refresh+jwt"),
            json!("logout+jwt"),
            json!("secevent+jwt"),
            json!("dpop+jwt"),
            json!("JOSE"),
            json!(1),
            json!(["at+jwt", "JWT"]),
            json!({}),
            json!("application/at+jwt"),
            json!("at+jwt\0"),
            json!("at+jwt "),
        ];
        if target.is_own() {
            types.extend([json!(null), json!("JWT"), json!("jwt"), json!("AT+JWT")]);
        } else {
            types.push(json!("at+jwt"));
        }
        let token = |typ| target.token(&json!({"typ": typ}), &json!({}));
        types.into_iter().map(token).collect()
    })
    .await;
}

#[tokio::test]
async fn j4_an_id_token_is_no_session_and_a_session_no_id_token() {
    let targets = Target::all().await;
    for presented in &targets {
        for verifier in &targets {
            let accepted = verifier.accepts(&presented.good()).await;
            assert_eq!(
                accepted,
                presented.name == verifier.name,
                "{}",
                presented.name
            );
        }
    }
    // Not even one with the right names and a key that is trusted: the kind alone decides.
    all_refuse(|target| {
        let typ = if target.is_own() { "JWT" } else { "at+jwt" };
        vec![target.token(&json!({"typ": typ}), &json!({}))]
    })
    .await;
}
