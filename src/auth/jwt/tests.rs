use secrecy::ExposeSecret;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn claims() -> Claims {
    Claims {
        sub: "usr-0123456789abcdef01234567".into(),
        sid: "ses-0123456789abcdef01234567".into(),
        tid: "0123456789abcdef01234567".into(),
        email: "ada@example.com".into(),
        iat: at(0),
        exp: at(900),
        jti: "j1".into(),
    }
}

fn ring(keys: impl IntoIterator<Item = SigningKey>) -> KeyRing {
    KeyRing::new("https://api.example", "https://api.example", keys).unwrap()
}

fn key(signs_from: i64) -> SigningKey {
    SigningKey::generate(at(signs_from)).unwrap()
}

fn kid_of(token: &SecretString) -> String {
    let header = token.expose_secret().split('.').next().unwrap();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap();
    let header = serde_json::from_slice::<Value>(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_issued_verifies_to_the_same_claims() {
    let ring = ring([key(-1)]);
    let token = ring.issue(&claims()).unwrap();
    assert_eq!(ring.verify(token.expose_secret(), at(1)), Ok(claims()));
}

#[test]
fn j3_there_is_no_leeway_for_the_end_and_half_a_minute_for_the_start() {
    let ring = ring([key(-1)]);
    let token = ring.issue(&claims()).unwrap();
    let verify = |second| ring.verify(token.expose_secret(), at(second)).err();
    assert_eq!(verify(899), None);
    assert_eq!(verify(900), Some(JwtError::Expired));
    assert_eq!(verify(-30), None);
    assert_eq!(verify(-31), Some(JwtError::NotYet));
}

#[test]
fn the_newest_key_that_has_begun_signs_and_all_verify() {
    let (old, new, next) = (key(-1_000), key(-10), key(10));
    let kids = [&old, &new, &next].map(|key| key.kid().to_owned());
    let alone = ring([old.clone()]).issue(&claims()).unwrap();
    let ring = ring([next, old, new]);
    assert_eq!(kid_of(&ring.issue(&claims()).unwrap()), kids[1]);
    let later = Claims {
        iat: at(10),
        ..claims()
    };
    assert_eq!(kid_of(&ring.issue(&later).unwrap()), kids[2]);
    assert!(ring.verify(alone.expose_secret(), at(1)).is_ok());
}

#[test]
fn a_ring_whose_keys_begin_later_signs_with_the_oldest() {
    let (first, second) = (key(100), key(200));
    let kid = first.kid().to_owned();
    let token = ring([second, first]).issue(&claims()).unwrap();
    assert_eq!(kid_of(&token), kid);
}

#[test]
fn a_ring_without_keys_is_none() {
    let none = KeyRing::new("https://api.example", "https://api.example", []);
    assert_eq!(none.err(), Some(JwtError::NoKey));
}

#[test]
fn j4_a_token_of_another_ring_issuer_or_audience_is_refused() {
    let shared = key(-1);
    let token = ring([shared.clone()]).issue(&claims()).unwrap();
    let verify = |issuer: &str, audience: &str, key: &SigningKey| {
        let ring = KeyRing::new(issuer, audience, [key.clone()]).unwrap();
        ring.verify(token.expose_secret(), at(1)).err()
    };
    let (own, other) = ("https://api.example", "https://other.example");
    assert_eq!(verify(own, own, &shared), None);
    assert_eq!(verify(other, own, &shared), Some(JwtError::Claim("iss")));
    assert_eq!(verify(own, other, &shared), Some(JwtError::Claim("aud")));
    assert_eq!(verify(own, own, &key(-1)), Some(JwtError::UnknownKey));
}

#[test]
fn published_keys_are_public_only() {
    let ring = ring([key(-1), key(5)]);
    let jwks = ring.jwks();
    let keys = jwks["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let members = key.as_object().unwrap().keys().map(String::as_str);
        assert!(
            members.eq(["alg", "crv", "kid", "kty", "use", "x"]),
            "{key}"
        );
    }
}

#[test]
fn a_key_is_named_by_its_thumbprint() {
    // RFC 8037 appendix A.1 and A.3.
    let pkcs8 = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v_VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
    let private = URL_SAFE_NO_PAD.decode(pkcs8).unwrap();
    let key = SigningKey::from_pkcs8(private.into(), at(0)).unwrap();
    assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(
        key.public_jwk()["x"],
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    );
}

#[test]
fn a_sealed_key_opens_to_itself_under_its_own_name_only() {
    let secret = SecretKey::from_base64(&"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".into());
    let secret = secret.unwrap();
    let (key, other) = (key(-1), key(-1));
    let sealed = key.seal(&secret).unwrap();
    let opened = SigningKey::open(key.kid(), at(-1), &sealed, &secret).unwrap();
    let token = ring([opened]).issue(&claims()).unwrap();
    assert!(ring([key]).verify(token.expose_secret(), at(1)).is_ok());
    let swapped = SigningKey::open(other.kid(), at(-1), &sealed, &secret);
    assert_eq!(swapped.unwrap_err(), JwtError::Seal(SealError::Open));
}

#[test]
fn debug_output_holds_no_key() {
    let key = key(-1);
    let private = URL_SAFE_NO_PAD.encode(key.private.expose_secret());
    let shown = format!("{key:?} {:?}", ring([key.clone()]));
    assert!(shown.contains(key.kid()) && !shown.contains(&private[20..60]));
}
