//! The public keys of an issuer (RFC 7517), kept as long as the issuer lets them be.
//!
//! A `kid` is only a name in this set: no token can say where a key is to be fetched from (J2). The
//! set is fetched again when it is too old, and when a key is asked for that it has not; however
//! many such keys are asked for, only once a minute. While the issuer cannot be reached the last
//! set serves on, for a day.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::DecodingKey;
use reqwest::Method;
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use url::Url;

use super::http::{HttpError, ProviderClient, read, send};
use crate::auth::jwt::Algorithm;

/// Shortest time for which a set is kept.
const MIN_AGE: SignedDuration = SignedDuration::from_mins(5);
/// Longest time for which a set is kept.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);
/// For how long a set that is too old serves on while the issuer cannot be reached.
const OUTAGE: SignedDuration = SignedDuration::from_hours(24);
/// Between two fetches for the sake of an unknown key.
const UNKNOWN_KEY_INTERVAL: SignedDuration = SignedDuration::from_secs(60);
/// Between two fetches when there is no set, or only one that is too old.
const RETRY_INTERVAL: SignedDuration = SignedDuration::from_secs(10);
/// Most keys of one issuer that are read.
const MAX_KEYS: usize = 64;

/// Keys that cannot be had.
#[derive(Debug, Error)]
pub enum KeyStoreError {
    /// The issuer could not be asked.
    #[error("failed to fetch the keys of the issuer")]
    Fetch(#[from] HttpError),
    /// The discovery document is of another issuer.
    #[error("the discovery document is not of the issuer {0:?}")]
    Issuer(String),
    /// The discovery document points to another host.
    #[error("the keys of the issuer are on another host: configure their URL")]
    Host,
    /// No set, and too early to ask again.
    #[error("the keys of the issuer could not be fetched a moment ago")]
    TooEarly,
}

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// At this URL.
    Jwks(String),
    /// Where the discovery document of this issuer says (OpenID Connect Discovery 1.0), on the
    /// issuer's own host.
    Discovery(String),
}

/// The keys of one issuer.
#[derive(Debug)]
pub struct KeyStore {
    client: ProviderClient,
    source: KeySource,
    state: Mutex<State>,
    /// Held while fetching, so that there is one request for all who wait.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    set: Option<Arc<KeySet>>,
    last_try: Option<Timestamp>,
}

#[derive(Debug)]
struct KeySet {
    keys: Vec<PublicKey>,
    fresh_until: Timestamp,
}

#[derive(Debug)]
struct PublicKey {
    kid: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

impl KeyStore {
    /// A store that has fetched nothing yet.
    ///
    /// # Errors
    /// When the URL may not be asked.
    pub fn new(client: ProviderClient, source: KeySource) -> Result<Self, KeyStoreError> {
        let (KeySource::Jwks(url) | KeySource::Discovery(url)) = &source;
        client.check(url)?;
        Ok(Self {
            client,
            source,
            state: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        })
    }

    /// The key of this name for this algorithm; none if the issuer has none.
    ///
    /// # Errors
    /// When there is no set of keys and none can be fetched.
    pub async fn key(
        &self,
        kid: &str,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Option<DecodingKey>, KeyStoreError> {
        if let Some(key) = self.fresh(kid, algorithm, now) {
            return Ok(Some(key));
        }
        let _one = self.fetching.lock().await;
        // Another may have fetched it in the meantime.
        if let Some(key) = self.fresh(kid, algorithm, now) {
            return Ok(Some(key));
        }
        let tried = if self.begin_fetch(now) {
            let fetched = self.fetch(now).await;
            fetched.map(|set| self.with_state(|state| state.set = Some(Arc::new(set))))
        } else {
            Err(KeyStoreError::TooEarly)
        };
        match self.usable(now) {
            Some(set) => Ok(set.find(kid, algorithm)),
            None => tried.map(|()| None),
        }
    }

    fn fresh(&self, kid: &str, algorithm: Algorithm, now: Timestamp) -> Option<DecodingKey> {
        let set = self.with_state(|state| state.set.clone())?;
        if now < set.fresh_until {
            set.find(kid, algorithm)
        } else {
            None
        }
    }

    /// The set that serves, fresh or not.
    fn usable(&self, now: Timestamp) -> Option<Arc<KeySet>> {
        let set = self.with_state(|state| state.set.clone())?;
        (now < set.fresh_until + OUTAGE).then_some(set)
    }

    /// Whether it is time to fetch; if so, notes the try.
    fn begin_fetch(&self, now: Timestamp) -> bool {
        self.with_state(|state| {
            let is_fresh = state.set.as_ref().is_some_and(|set| now < set.fresh_until);
            let interval = if is_fresh {
                UNKNOWN_KEY_INTERVAL
            } else {
                RETRY_INTERVAL
            };
            let is_early = |last: Timestamp| now.duration_since(last) < interval;
            if state.last_try.is_some_and(is_early) {
                return false;
            }
            state.last_try = Some(now);
            true
        })
    }

    fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn fetch(&self, now: Timestamp) -> Result<KeySet, KeyStoreError> {
        let url = match &self.source {
            KeySource::Jwks(url) => self.client.check(url)?,
            KeySource::Discovery(issuer) => self.discover(issuer).await?,
        };
        let response = send(self.client.request(Method::GET, url)).await?;
        let age = max_age(response.headers()).clamp(MIN_AGE, MAX_AGE);
        let jwks = read::<Jwks>(response).await?;
        let keys = jwks.keys.iter().take(MAX_KEYS).filter_map(PublicKey::read);
        Ok(KeySet {
            keys: keys.collect(),
            fresh_until: now + age,
        })
    }

    async fn discover(&self, issuer: &str) -> Result<Url, KeyStoreError> {
        let path = ".well-known/openid-configuration";
        let own = self
            .client
            .check(&format!("{}/{path}", issuer.trim_end_matches('/')))?;
        let response = send(self.client.request(Method::GET, own.clone())).await?;
        let document = read::<Discovery>(response).await?;
        if document.issuer != issuer {
            return Err(KeyStoreError::Issuer(issuer.to_owned()));
        }
        let keys = self.client.check(&document.jwks_uri)?;
        if keys.origin() == own.origin() {
            Ok(keys)
        } else {
            Err(KeyStoreError::Host)
        }
    }
}

impl KeySet {
    fn find(&self, kid: &str, algorithm: Algorithm) -> Option<DecodingKey> {
        let mut keys = self.keys.iter();
        let found = keys.find(|key| key.kid == kid && key.algorithm == algorithm);
        found.map(|key| key.key.clone())
    }
}

impl PublicKey {
    /// Reads a key that can verify a signature; passes over every other one.
    fn read(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let is_for_signatures = jwk.get("use").is_none_or(|usage| usage == "sig")
            && jwk.get("key_ops").is_none_or(|operations| {
                let mut operations = operations.as_array().into_iter().flatten();
                operations.any(|operation| operation == "verify")
            });
        let (algorithm, key) = match (text("kty")?, text("crv")) {
            ("RSA", None) => (
                Algorithm::Rs256,
                DecodingKey::from_rsa_components(text("n")?, text("e")?),
            ),
            ("EC", Some("P-256")) => (
                Algorithm::Es256,
                DecodingKey::from_ec_components(text("x")?, text("y")?),
            ),
            ("OKP", Some("Ed25519")) => (
                Algorithm::EdDsa,
                DecodingKey::from_ed_components(text("x")?),
            ),
            _ => return None,
        };
        // One key is for one algorithm (J1): a key that says another is not used at all.
        let fits = jwk
            .get("alg")
            .is_none_or(|name| name.as_str().and_then(Algorithm::parse) == Some(algorithm));
        let kid = text("kid").filter(|kid| !kid.is_empty())?.to_owned();
        let key = key.ok()?;
        (is_for_signatures && fits).then_some(Self {
            kid,
            algorithm,
            key,
        })
    }
}

/// For how long an answer may still be kept (RFC 9111 section 5.2).
fn max_age(headers: &HeaderMap) -> SignedDuration {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let mut age = 0;
    for directive in text(CACHE_CONTROL).unwrap_or_default().split(',') {
        let directive = directive.trim().to_ascii_lowercase();
        if directive == "no-store" || directive == "no-cache" {
            return SignedDuration::ZERO;
        }
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            age = seconds.parse::<u32>().unwrap_or_default();
        }
    }
    let spent = text(AGE).and_then(|age| age.trim().parse::<u32>().ok());
    SignedDuration::from_secs(i64::from(age.saturating_sub(spent.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_kept_as_long_as_it_says() {
        let age = |control: &'static str, age: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(control));
            headers.insert(AGE, HeaderValue::from_static(age));
            max_age(&headers).as_secs()
        };
        assert_eq!(age("public, max-age=19845, must-revalidate", ""), 19_845);
        assert_eq!(age("Max-Age=100", "40"), 60);
        assert_eq!(age("max-age=100", "400"), 0);
        assert_eq!(age("max-age=100, no-store", ""), 0);
        assert_eq!(age("no-cache", ""), 0);
        assert_eq!(age("max-age=-1", ""), 0);
        assert_eq!(age("max-age=99999999999999", ""), 0);
        assert_eq!(max_age(&HeaderMap::new()).as_secs(), 0);
    }

    #[test]
    fn only_keys_for_signatures_of_the_known_algorithms_are_read() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let read = |changes: Value| {
            let mut key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": x});
            for (name, value) in changes.as_object().unwrap() {
                key[name] = value.clone();
            }
            PublicKey::read(&key).map(|key| key.algorithm)
        };
        assert_eq!(read(json!({})), Some(Algorithm::EdDsa));
        assert_eq!(
            read(json!({"use": "sig", "alg": "EdDSA"})),
            Some(Algorithm::EdDsa)
        );
        assert_eq!(read(json!({"key_ops": ["verify"]})), Some(Algorithm::EdDsa));
        for unusable in [
            json!({"use": "enc"}),
            json!({"alg": "HS256"}),
            json!({"alg": "RS256"}),
            json!({"alg": 7}),
            json!({"key_ops": ["encrypt"]}),
            json!({"kid": ""}),
            json!({"kid": 7}),
            json!({"kid": null}),
            json!({"kty": "oct", "k": x}),
            json!({"crv": "Ed448"}),
            json!({"x": "not base64!"}),
        ] {
            assert_eq!(read(unusable.clone()), None, "{unusable}");
        }
    }
}
