//! J1: each issuer has its algorithms, each key has one, and `none` is none.

use aws_lc_rs::hmac;
use kisenon::auth::jwt::Algorithm;
use serde_json::json;

use crate::auth::forge::{Signer, Target, all_refuse, base64, changed};

/// Signed part of a token whose header names this algorithm.
fn unsigned(target: &Target, algorithm: &str) -> String {
    let token = target.token(&json!({"alg": algorithm}), &json!({}));
    token.rsplit_once('.').unwrap().0.to_owned()
}

#[tokio::test]
async fn j1_none_is_refused_in_every_spelling() {
    all_refuse(|target| {
        let mut tokens = Vec::new();
        for bits in 0..16 {
            let spelled = "none".chars().enumerate().map(|(place, c)| {
                let upper = bits >> place & 1 == 1;
                if upper { c.to_ascii_uppercase() } else { c }
            });
            let signed = unsigned(target, &spelled.collect::<String>());
            tokens.push(format!("{signed}."));
            tokens.push(signed.clone());
            tokens.push(format!(
                "{signed}.{}",
                base64(target.signer.sign(signed.as_bytes()))
            ));
            tokens.push(format!("{signed}.{}", base64([0; 64])));
        }
        for spelled in [
            "none ",
            " none",
            "non\u{435}",
            "none\0",
            "null",
            "undefined",
            "\u{ff4e}one",
        ] {
            tokens.push(format!("{}.", unsigned(target, spelled)));
        }
        tokens
    })
    .await;
}

#[tokio::test]
async fn j1_the_algorithm_is_a_text_and_is_there() {
    all_refuse(|target| {
        let own = target.signer.name();
        let mut tokens = Vec::new();
        for algorithm in [
            json!(null),
            json!(""),
            json!(0),
            json!(1),
            json!(256),
            json!(true),
            json!([]),
            json!([own]),
            json!([own, "none"]),
            json!({}),
            json!({"name": own}),
            json!(own.to_lowercase() + " "),
            json!(format!(" {own}")),
            json!(format!("{own}\0")),
            json!(own.replace('E', "e").replace("RS", "rs")),
        ] {
            tokens.push(target.token(&json!({"alg": algorithm}), &json!({})));
        }
        let header = target.header().to_string();
        let claims = target.claims().to_string();
        for raw in ["null", "NaN", "-1", "1e400"] {
            let forged = header.replace(&format!("\"{own}\""), raw);
            assert_ne!(forged, header);
            tokens.push(target.signer.token(&forged, &claims));
        }
        tokens
    })
    .await;
}

#[tokio::test]
async fn j1_a_public_key_is_no_shared_secret() {
    let kinds = [
        ("HS256", hmac::HMAC_SHA256),
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
    ];
    all_refuse(|target| {
        let mut tokens = Vec::new();
        for (name, algorithm) in kinds {
            let signed = unsigned(target, name);
            for secret in target.signer.public_spellings() {
                let key = hmac::Key::new(algorithm, &secret);
                let tag = hmac::sign(&key, signed.as_bytes());
                tokens.push(format!("{signed}.{}", base64(tag)));
                // The same under the name of the right algorithm.
                let own = unsigned(target, target.signer.name());
                let tag = hmac::sign(&key, own.as_bytes());
                tokens.push(format!("{own}.{}", base64(tag)));
            }
        }
        tokens
    })
    .await;
}

#[tokio::test]
async fn j1_a_key_is_for_its_own_algorithm() {
    let others = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
    all_refuse(|target| {
        let mut tokens = Vec::new();
        for name in [
            "RS256",
            "RS384",
            "RS512",
            "PS256",
            "PS384",
            "PS512",
            "ES256",
            "ES384",
            "ES512",
            "ES256K",
            "EdDSA",
            "Ed25519",
            "Ed448",
            "HS256",
            "dir",
            "RSA-OAEP",
            "ML-DSA-44",
        ] {
            if name != target.signer.name() {
                tokens.push(target.token(&json!({"alg": name}), &json!({})));
            }
        }
        for signer in others.map(Signer::stranger) {
            let header = json!({"alg": signer.name(), "kid": target.kid});
            let header = changed(target.header(), &header);
            tokens.push(signer.token(&header.to_string(), &target.claims().to_string()));
        }
        tokens
    })
    .await;
}
