//! Signing keys are rotated by one replica; proofs are used once.

use super::*;
use kisenon::store::SigningKeyRow;

fn key(kid: &str, created: i64) -> SigningKeyRow {
    SigningKeyRow {
        kid: kid.to_owned(),
        sealed: vec![0, 255, 7, 128],
        public: vec![1; 32],
        created_at: at(created),
        retires_at: at(created + 100),
    }
}

async fn kids(store: &Store) -> Vec<String> {
    let keys = store.signing_keys().await.unwrap();
    keys.into_iter().map(|key| key.kid).collect()
}

on_both_engines! {
    async fn keys_come_back_as_they_were_the_newest_first(database) {
        let store = database.store().await;
        assert!(store.put_signing_key(&key("a", 10), None).await.unwrap());
        // Its replica's clock is slow; it is the newest all the same.
        assert!(store.put_signing_key(&key("b", 5), Some("a")).await.unwrap());
        assert_eq!(store.signing_keys().await.unwrap(), [key("b", 5), key("a", 10)]);
        assert!(!store.put_signing_key(&key("c", 20), Some("a")).await.unwrap());
        assert!(!store.put_signing_key(&key("c", 20), None).await.unwrap());
    }

    async fn of_many_replicas_one_rotates(database) {
        let store = database.store().await;
        let other = database.open().await;
        let rotations = (0..20).map(|replica| {
            let store = if replica % 2 == 0 { &store } else { &other }.clone();
            async move {
                let row = key(&format!("kid-{replica}"), 0);
                patiently(|| store.put_signing_key(&row, None)).await
            }
        });
        let won = all(rotations).await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1);
        assert_eq!(kids(&store).await.len(), 1);
    }

    async fn retired_keys_go_but_never_the_newest(database) {
        let store = database.store().await;
        store.put_signing_key(&key("a", 0), None).await.unwrap();
        store.put_signing_key(&key("b", 50), Some("a")).await.unwrap();
        assert_eq!(store.delete_signing_keys_before(at(100)).await.unwrap(), 0);
        assert_eq!(store.delete_signing_keys_before(at(1_000)).await.unwrap(), 1);
        assert_eq!(kids(&store).await, ["b"]);
    }

    async fn a_proof_is_used_once(database) {
        let store = database.store().await;
        let uses = (0..20).map(|_| {
            let store = store.clone();
            let proof = digest("proof");
            async move { patiently(|| store.use_proof(&proof, at(300), at(0))).await }
        });
        assert_eq!(all(uses).await.iter().filter(|first| **first).count(), 1);
        assert!(store.use_proof(&digest("another"), at(300), at(0)).await.unwrap());
    }
}
