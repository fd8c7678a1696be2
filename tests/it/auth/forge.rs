//! Makes tokens of every shape, signed with keys that a verifier trusts, and the verifiers.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};
use aws_lc_rs::{digest, rsa};
use axum::Json;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use kisenon::auth::identity::keystore::{KeySource, KeyStore};
use kisenon::auth::identity::oidc::{self, IssuerKind, IssuerPolicy};
use kisenon::auth::jwt::{Algorithm, KeyRing, SigningKey};
use serde_json::{Value, json};

use super::{client, serve};

pub(super) const ISSUER: &str = "https://issuer.example";
pub(super) const CLIENT: &str = "client-1";
const OWN: &str = "https://api.example";
const NOW: i64 = 1_800_000_000;

pub(super) fn now() -> Timestamp {
    at(0)
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOW + second).unwrap()
}

pub(super) fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64.encode(bytes)
}

/// A private key.
pub(super) enum Signer {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Signer {
    /// A key of this kind; of RSA always the same one, since they take long to make.
    pub(super) fn new(algorithm: Algorithm) -> Self {
        static TRUSTED: OnceLock<Vec<u8>> = OnceLock::new();
        Self::make(algorithm, &TRUSTED)
    }

    /// A key that no verifier trusts.
    pub(super) fn stranger(algorithm: Algorithm) -> Self {
        static UNKNOWN: OnceLock<Vec<u8>> = OnceLock::new();
        Self::make(algorithm, &UNKNOWN)
    }

    fn make(algorithm: Algorithm, rsa_key: &OnceLock<Vec<u8>>) -> Self {
        match algorithm {
            Algorithm::Rs256 => {
                let key = rsa_key.get_or_init(|| {
                    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
                    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
                    der.as_ref().to_vec()
                });
                Self::Rsa(RsaKeyPair::from_pkcs8(key).unwrap())
            }
            Algorithm::Es256 => {
                let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let key = EcdsaKeyPair::generate_pkcs8(curve, &SystemRandom::new()).unwrap();
                Self::Ec(EcdsaKeyPair::from_pkcs8(curve, key.as_ref()).unwrap())
            }
            Algorithm::EdDsa => Self::Ed(Ed25519KeyPair::generate().unwrap()),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_) => "ES256",
            Self::Ed(_) => "EdDSA",
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Self::Ec(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// Spellings of the public key that a careless verifier might take for a shared secret.
    pub(super) fn public_spellings(&self) -> Vec<Vec<u8>> {
        let (raw, der): (_, PublicKeyX509Der<'_>) = match self {
            Self::Rsa(key) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
                (parts.n, key.public_key().as_der().unwrap())
            }
            Self::Ec(key) => {
                let public = key.public_key();
                (public.as_ref().to_vec(), public.as_der().unwrap())
            }
            Self::Ed(key) => {
                let public = key.public_key();
                (public.as_ref().to_vec(), public.as_der().unwrap())
            }
        };
        let der = der.as_ref().to_vec();
        let text = base64::engine::general_purpose::STANDARD.encode(&der);
        let lines = text
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).unwrap());
        let lines = lines.collect::<Vec<_>>().join("\n");
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----");
        let jwk = self.jwk("a").to_string();
        vec![
            raw,
            der,
            format!("{pem}\n").into(),
            pem.into(),
            jwk.into(),
            Vec::new(),
        ]
    }

    pub(super) fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Rsa(key) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
                json!({"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig",
                    "n": base64(parts.n), "e": base64(parts.e)})
            }
            Self::Ec(key) => {
                let point = key.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", "use": "sig",
                    "x": base64(&point[1..33]), "y": base64(&point[33..])})
            }
            Self::Ed(key) => json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "alg": "EdDSA",
                "use": "sig", "x": base64(key.public_key())}),
        }
    }

    /// A token with these texts for header and claims.
    pub(super) fn token(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", base64(header), base64(claims));
        let signature = self.sign(signed.as_bytes());
        format!("{signed}.{}", base64(signature))
    }
}

enum Verifier {
    Own(KeyRing),
    Issuer(IssuerPolicy, KeyStore),
}

/// A verifier together with a key that it trusts.
pub(super) struct Target {
    pub(super) name: &'static str,
    pub(super) signer: Signer,
    pub(super) kid: String,
    verifier: Verifier,
}

impl Target {
    /// The verifier of our own access tokens.
    pub(super) fn own() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let private = pair.to_pkcs8().unwrap().as_ref().to_vec();
        let key = SigningKey::from_pkcs8(private.into(), at(-3_600)).unwrap();
        Self {
            name: "access token",
            kid: key.kid().to_owned(),
            signer: Signer::Ed(pair),
            verifier: Verifier::Own(KeyRing::new(OWN, OWN, [key]).unwrap()),
        }
    }

    /// The verifier of id tokens of an issuer that signs with this algorithm.
    pub(super) async fn issuer(name: &'static str, algorithm: Algorithm) -> Self {
        let signer = Signer::new(algorithm);
        let jwks = json!({"keys": [signer.jwk("kid-1")]});
        let router = axum::Router::new().route("/jwks", get(move || async move { Json(jwks) }));
        let source = KeySource::Jwks(format!("{}/jwks", serve(router).await));
        let policy = IssuerPolicy {
            name: "acme".into(),
            issuers: vec![ISSUER.into()],
            client_id: CLIENT.into(),
            algorithms: vec![algorithm],
            kind: IssuerKind::Generic,
        };
        Self {
            name,
            signer,
            kid: "kid-1".into(),
            verifier: Verifier::Issuer(policy, KeyStore::new(client(), source).unwrap()),
        }
    }

    pub(super) async fn all() -> Vec<Self> {
        vec![
            Self::own(),
            Self::issuer("id token, RS256", Algorithm::Rs256).await,
            Self::issuer("id token, ES256", Algorithm::Es256).await,
            Self::issuer("id token, EdDSA", Algorithm::EdDsa).await,
        ]
    }

    pub(super) fn is_own(&self) -> bool {
        matches!(self.verifier, Verifier::Own(_))
    }

    /// A header that is accepted.
    pub(super) fn header(&self) -> Value {
        let typ = if self.is_own() { "at+jwt" } else { "JWT" };
        json!({"alg": self.signer.name(), "typ": typ, "kid": self.kid})
    }

    /// Claims that are accepted.
    pub(super) fn claims(&self) -> Value {
        if self.is_own() {
            return json!({"iss": OWN, "aud": OWN, "sub": "usr-1", "sid": "ses-1", "tid": "ten-1",
                "email": "ada@example.com", "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 600,
                "jti": "j1"});
        }
        json!({"iss": ISSUER, "aud": CLIENT, "sub": "subject-1", "email": "ada@example.com",
            "email_verified": true, "iat": NOW - 10, "exp": NOW + 600})
    }

    /// A signed token with these changes to what is accepted; null removes a member.
    pub(super) fn token(&self, header: &Value, claims: &Value) -> String {
        let header = changed(self.header(), header).to_string();
        self.signer
            .token(&header, &changed(self.claims(), claims).to_string())
    }

    pub(super) fn good(&self) -> String {
        self.token(&json!({}), &json!({}))
    }

    pub(super) async fn accepts(&self, token: &str) -> bool {
        match &self.verifier {
            Verifier::Own(ring) => ring.verify(token, now()).is_ok(),
            Verifier::Issuer(policy, keys) => {
                oidc::verify(policy, keys, token, None, now()).await.is_ok()
            }
        }
    }
}

/// `value` with the members of `changes`; null removes a member.
pub(super) fn changed(mut value: Value, changes: &Value) -> Value {
    let members = value.as_object_mut().unwrap();
    for (name, change) in changes.as_object().unwrap() {
        if change.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), change.clone());
        }
    }
    value
}

/// Shows that every verifier accepts a good token and refuses each of the forged ones.
pub(super) async fn all_refuse(forge: impl Fn(&Target) -> Vec<String>) {
    for target in Target::all().await {
        assert!(target.accepts(&target.good()).await, "{}", target.name);
        let forged = forge(&target);
        assert!(!forged.is_empty(), "{}", target.name);
        for token in forged {
            let shown = token.chars().take(300).collect::<String>();
            assert!(!target.accepts(&token).await, "{}: {shown}", target.name);
        }
        assert!(target.accepts(&target.good()).await, "{}", target.name);
    }
}

pub(super) fn sha256(message: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, message).as_ref().to_vec()
}
