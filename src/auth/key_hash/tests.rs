use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};

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
