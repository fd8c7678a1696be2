//! An OpenID Connect issuer on loopback, where the bench's one person signs in.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The API's client id here.
pub(crate) const CLIENT_ID: &str = "kisenon-bench";
const KEY_ID: &str = "one";

/// A running issuer; it ends with its runtime.
pub(crate) struct Issuer {
    pub(crate) url: String,
    key: EncodingKey,
}

impl Issuer {
    /// Starts one.
    pub(crate) async fn start() -> Result<Self> {
        let pair = Ed25519KeyPair::generate()?;
        let document = pair.to_pkcs8()?;
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = TcpListener::bind(any).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let discovery = json!({ "issuer": url, "jwks_uri": format!("{url}/jwks") });
        let keys = json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": KEY_ID, "x": x,
        }]});
        let answer = |value: Value| get(move || std::future::ready(Json(value.clone())));
        let router = Router::new()
            .route("/.well-known/openid-configuration", answer(discovery))
            .route("/jwks", answer(keys));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self {
            url,
            key: EncodingKey::from_ed_der(document.as_ref()),
        })
    }

    /// A new ID token of the person.
    pub(crate) fn id_token(&self) -> Result<String> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let now = Timestamp::now().as_second();
        let claims = json!({
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": "one",
            "email": "one@bench.test",
            "email_verified": true,
            "name": "Someone",
            "iat": now,
            "exp": now + 300,
            "jti": number.to_string(),
        });
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(KEY_ID.to_owned());
        Ok(jsonwebtoken::encode(&header, &claims, &self.key)?)
    }
}
