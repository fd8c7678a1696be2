//! An OpenID Connect issuer on loopback: a discovery document, one Ed25519 key, ID tokens.

use std::net::{Ipv4Addr, SocketAddr};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The API's client id at the issuer.
pub(in crate::api) const CLIENT_ID: &str = "kisenon-it";
const KEY_ID: &str = "one";

/// A running issuer; it ends with its runtime.
pub(crate) struct Issuer {
    pub(in crate::api) url: String,
    key: EncodingKey,
}

impl Issuer {
    /// Starts one.
    pub(in crate::api) async fn start() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let document = pair.to_pkcs8().unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = TcpListener::bind(any).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let discovery = json!({ "issuer": url, "jwks_uri": format!("{url}/jwks") });
        let keys = json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": KEY_ID, "x": x,
        }]});
        let answer = |value: Value| get(move || std::future::ready(Json(value.clone())));
        let router = Router::new()
            .route("/.well-known/openid-configuration", answer(discovery))
            .route("/jwks", answer(keys));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            key: EncodingKey::from_ed_der(document.as_ref()),
        }
    }

    /// A fresh ID token of the person with this address.
    pub(in crate::api) fn id_token(&self, email: &str) -> String {
        let now = Timestamp::now().as_second();
        self.sign(&json!({
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": format!("sub-{email}"),
            "email": email,
            "email_verified": true,
            "name": "Someone",
            "iat": now,
            "exp": now + 300,
            "jti": format!("{:?}", std::time::Instant::now()),
        }))
    }

    /// A token with these claims.
    pub(in crate::api) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(KEY_ID.to_owned());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}
