//! Codes of the command-line client: each mints one key, whoever is in a hurry.

use super::*;
use kisenon::store::{CodeOutcome, NewCliCode};

/// A code of Ada's that lives for a minute; its hash is the digest of `code`.
async fn put(store: &Store, session_id: &str, code: &str) {
    let new = NewCliCode {
        hash: &digest(code),
        user_id: "usr-ada",
        tenant_id: "tenant-ada",
        session_id,
        redirect_uri: "http://127.0.0.1:4711/callback",
        challenge: "challenge",
        label: "laptop",
        now: at(0),
        expires_at: at(60),
    };
    store.put_cli_code(new).await.unwrap();
}

async fn redeem(store: &Store, code: &str, seconds: i64) -> CodeOutcome {
    let hash = digest(code);
    patiently(|| store.redeem_cli_code(&hash, at(seconds))).await
}

/// A store in which Ada has a session and a code, called `code`.
async fn with_code(database: &Database) -> Store {
    let store = database.store().await;
    let ada = ada(&store).await;
    begin_session(&store, &ada.user_id, "ses").await;
    put(&store, "ses", "code").await;
    store
}

on_both_engines! {
    async fn a_thousand_redemptions_at_once_give_one_key(database) {
        let store = with_code(&database).await;
        let other = database.open().await;
        let attempts = (0..1_000).map(|attempt| {
            let store = if attempt % 2 == 0 { &store } else { &other }.clone();
            async move { redeem(&store, "code", 1).await }
        });
        let outcomes = all(attempts).await;
        let first = outcomes.iter().filter(|outcome| matches!(outcome, CodeOutcome::First(_)));
        assert_eq!(first.count(), 1);
        let again = CodeOutcome::Again { minted_key: None };
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == again).count(), 999);
    }

    async fn a_code_tells_what_it_was_handed_out_for(database) {
        let store = with_code(&database).await;
        let CodeOutcome::First(code) = redeem(&store, "code", 59).await else {
            panic!("the code is good");
        };
        assert_eq!((&*code.user_id, &*code.tenant_id), ("usr-ada", "tenant-ada"));
        assert_eq!((&*code.session_id, &*code.label), ("ses", "laptop"));
        assert_eq!(code.redirect_uri, "http://127.0.0.1:4711/callback");
        assert_eq!(code.challenge, "challenge");
        assert_eq!(redeem(&store, "no such code", 1).await, CodeOutcome::Unknown);
    }

    async fn a_code_ends_at_its_time_and_with_its_session(database) {
        let store = with_code(&database).await;
        assert_eq!(redeem(&store, "code", 60).await, CodeOutcome::Expired);
        put(&store, "ses", "late").await;
        store.end_session("ses", at(1)).await.unwrap();
        assert_eq!(redeem(&store, "late", 2).await, CodeOutcome::Expired);
    }

    async fn a_second_redemption_learns_which_key_to_revoke(database) {
        let store = with_code(&database).await;
        redeem(&store, "code", 1).await;
        assert!(!store.note_minted_key(&digest("code"), "key-1").await.unwrap());
        let again = CodeOutcome::Again { minted_key: Some("key-1".to_owned()) };
        for seconds in [2, 3, 24 * 3600] {
            assert_eq!(redeem(&store, "code", seconds).await, again);
        }
    }

    async fn a_key_that_comes_after_the_second_redemption_is_to_be_revoked(database) {
        let store = with_code(&database).await;
        redeem(&store, "code", 1).await;
        assert_eq!(redeem(&store, "code", 2).await, CodeOutcome::Again { minted_key: None });
        assert!(store.note_minted_key(&digest("code"), "key-1").await.unwrap());
        assert!(store.note_minted_key(&digest("no such code"), "key-1").await.unwrap());
    }

    async fn a_key_whose_user_was_removed_meanwhile_is_to_be_revoked(database) {
        let store = with_code(&database).await;
        redeem(&store, "code", 1).await;
        store.deny("ada@example.org", at(1)).await.unwrap();
        assert!(store.note_minted_key(&digest("code"), "key-1").await.unwrap());
    }

    async fn of_a_note_and_a_second_redemption_one_learns_of_the_other(database) {
        let store = with_code(&database).await;
        let other = database.open().await;
        for round in 0..25 {
            let code = format!("code {round}");
            put(&store, "ses", &code).await;
            redeem(&store, &code, 1).await;
            let hash = digest(&code);
            let (noted, again) = tokio::join!(
                patiently(|| store.note_minted_key(&hash, "key-1")),
                redeem(&other, &code, 2),
            );
            let told = again == CodeOutcome::Again { minted_key: Some("key-1".to_owned()) };
            assert!(noted || told, "{again:?}");
        }
    }
}
