use std::time::Duration;

use super::*;

fn key() -> PlainKey {
    PlainKey::generate(&mut |bytes| rand::fill(bytes).is_ok()).unwrap()
}

/// A cheap hash of the key, for tests of everything but its cost.
fn cheap_hash(key: &PlainKey) -> String {
    let params = Params::new(1_024, 1, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let text = key.text().expose_secret().as_bytes();
    argon2
        .hash_password_with_salt(text, b"0123456789abcdef")
        .unwrap()
        .to_string()
}

#[test]
fn a_hash_is_of_its_key_only_and_of_the_agreed_cost() {
    let key = key();
    let hash = hash(&key).unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    assert_eq!(hash.len(), 97);
    assert!(is_hash_of(&hash, &key));
    assert!(!is_hash_of(&hash, &self::key()));
    assert!(!hash.contains(key.text().expose_secret()));
}

#[test]
fn a_hash_that_would_cost_too_much_is_not_computed() {
    let salt_and_hash = "MDEyMzQ1Njc4OWFiY2RlZg$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";
    let readable = |head: &str| super::readable(&format!("{head}${salt_and_hash}")).is_some();
    assert!(readable("$argon2id$v=19$m=65536,t=4,p=4"));
    for head in [
        "$argon2id$v=19$m=65537,t=2,p=1",
        "$argon2id$v=19$m=4294967295,t=2,p=1",
        "$argon2id$v=19$m=19456,t=5,p=1",
        "$argon2id$v=19$m=19456,t=4294967295,p=1",
        "$argon2id$v=19$m=19456,t=2,p=5",
        "$argon2id$v=19$m=19456,t=2,p=0",
        "$argon2id$v=19$m=99999999999,t=2,p=1",
        "$argon2i$v=19$m=19456,t=2,p=1",
        "$argon2d$v=19$m=19456,t=2,p=1",
        "$argon2id$v=16$m=19456,t=2,p=1",
        "$argon2id$m=19456,t=2,p=1",
        "$scrypt$ln=16,r=8,p=1",
    ] {
        assert!(!readable(head), "{head}");
    }
    let head = "$argon2id$v=19$m=19456,t=2,p=1";
    for text in [
        String::new(),
        "argon2id".to_owned(),
        head.to_owned(),
        format!("{head}$MDEyMzQ1Njc4OWFiY2RlZg"),
        format!("{head}$MDEyMzQ1Njc4OWFiY2RlZg$aGFzaA"),
        format!("{head}${salt_and_hash}{}", "a".repeat(400)),
    ] {
        assert!(super::readable(&text).is_none(), "{text}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap()
}

#[test]
fn a_hasher_says_the_same_as_the_hash() {
    runtime().block_on(async {
        let hasher = KeyHasher::new(1, 8);
        let key = key();
        let hash = hasher.hash(&key).await.unwrap();
        assert_eq!(hasher.verify(&key, &hash).await, Ok(true));
        assert_eq!(hasher.verify(&self::key(), &hash).await, Ok(false));
        assert_eq!(hasher.verify(&key, "no hash").await, Ok(false));
        assert!(hasher.checks().is_empty());
    });
}

#[test]
fn beyond_the_queue_the_answer_is_busy_at_once() {
    runtime().block_on(async {
        let hasher = KeyHasher::new(1, 2);
        let (release, held) = std::sync::mpsc::channel::<()>();
        let blocker = hasher.clone();
        let running = tokio::spawn(async move { blocker.run(move || held.recv().is_ok()).await });
        while hasher.running.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let waiting = [key(), key()].map(|key| {
            let (hasher, hash) = (hasher.clone(), cheap_hash(&key));
            tokio::spawn(async move { hasher.verify(&key, &hash).await })
        });
        while hasher.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let one_more = key();
        let refused = hasher.verify(&one_more, &cheap_hash(&one_more)).await;
        assert_eq!(refused, Err(Busy));
        release.send(()).unwrap();
        assert_eq!(running.await.unwrap(), Ok(true));
        for waiting in waiting {
            assert_eq!(waiting.await.unwrap(), Ok(true));
        }
        let served = hasher.verify(&one_more, &cheap_hash(&one_more)).await;
        assert_eq!(served, Ok(true));
    });
}

#[test]
fn requests_with_the_same_key_take_one_place() {
    runtime().block_on(async {
        let hasher = KeyHasher::new(1, 0);
        let key = key();
        let hash = cheap_hash(&key);
        let ask = || hasher.verify(&key, &hash);
        let all = futures::future::join_all((0..100).map(|_| ask())).await;
        assert!(all.iter().all(|verdict| *verdict == Ok(true)));
        assert!(hasher.checks().is_empty());
    });
}

#[test]
fn a_request_that_goes_away_leaves_nothing_behind() {
    runtime().block_on(async {
        let hasher = KeyHasher::new(1, 0);
        let (release, held) = std::sync::mpsc::channel::<()>();
        let work = hasher.run(move || held.recv().is_ok());
        let gone = tokio::time::timeout(Duration::from_millis(1), work).await;
        assert!(gone.is_err());
        assert_eq!(hasher.places.available_permits(), 0);
        let key = key();
        assert_eq!(hasher.verify(&key, &cheap_hash(&key)).await, Err(Busy));
        assert!(hasher.checks().is_empty());
        release.send(()).unwrap();
        while hasher.places.available_permits() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hasher.verify(&key, &cheap_hash(&key)).await, Ok(true));
    });
}
