//! Sessions, refresh tokens and the order of endings.

use std::collections::BTreeSet;

use super::*;
use kisenon::store::RefreshOutcome;

async fn refresh(store: &Store, token: &str, next: &str, seconds: i64) -> RefreshOutcome {
    let (token, next) = (digest(token), digest(next));
    patiently(|| store.refresh(&token, &next, at(seconds), GRACE)).await
}

fn rotated(outcome: &RefreshOutcome) -> bool {
    matches!(outcome, RefreshOutcome::Rotated { .. })
}

on_both_engines! {
    async fn a_token_is_used_once_and_gives_the_next(database) {
        let store = database.store().await;
        let ada = ada(&store).await;
        begin_session(&store, &ada.user_id, "s").await;
        let RefreshOutcome::Rotated { session } = refresh(&store, "s", "s2", 60).await else {
            panic!("the first use is good");
        };
        assert_eq!((&*session.id, &*session.user_id), ("s", "usr-ada"));
        assert_eq!((session.created_at, session.ends_at), (at(0), at(12 * 3600)));
        assert!(rotated(&refresh(&store, "s2", "s3", 120).await));
        assert_eq!(refresh(&store, "no such token", "x", 120).await, RefreshOutcome::Unknown);
    }

    async fn tabs_that_refresh_at_once_all_go_on(database) {
        let store = database.store().await;
        let other = database.open().await;
        let ada = ada(&store).await;
        begin_session(&store, &ada.user_id, "s").await;
        let tabs = (0..40).map(|tab| {
            let store = if tab % 2 == 0 { &store } else { &other }.clone();
            async move { refresh(&store, "s", &format!("tab {tab}"), 60 + tab % 20).await }
        });
        assert!(all(tabs).await.iter().all(rotated));
        // Each with a token of its own.
        for tab in 0..40 {
            assert!(rotated(&refresh(&store, &format!("tab {tab}"), &format!("{tab}!"), 100).await));
        }
        assert!(store.ended_since(0).await.unwrap().is_empty());
    }

    async fn the_grace_counts_from_the_first_use(database) {
        let store = database.store().await;
        let ada = ada(&store).await;
        begin_session(&store, &ada.user_id, "s").await;
        assert!(rotated(&refresh(&store, "s", "a", 60).await));
        assert!(rotated(&refresh(&store, "s", "b", 90).await));
        assert!(matches!(refresh(&store, "s", "c", 91).await, RefreshOutcome::Reused { .. }));
    }

    async fn a_used_token_that_comes_back_ends_the_whole_session(database) {
        let store = database.store().await;
        let ada = ada(&store).await;
        begin_session(&store, &ada.user_id, "s").await;
        begin_session(&store, &ada.user_id, "other").await;
        refresh(&store, "s", "s2", 60).await;
        let RefreshOutcome::Reused { session_id, seq } = refresh(&store, "s", "theft", 91).await else {
            panic!("a used token came back");
        };
        assert_eq!(session_id, "s");
        let ended = store.ended_since(0).await.unwrap();
        assert_eq!(ended.len(), 1);
        assert_eq!((&*ended[0].session_id, Some(ended[0].seq)), ("s", seq));
        assert_eq!(refresh(&store, "s2", "s3", 92).await, RefreshOutcome::Expired);
        assert_eq!(refresh(&store, "s", "theft", 92).await, RefreshOutcome::Expired);
        assert_eq!(refresh(&store, "theft", "x", 92).await, RefreshOutcome::Unknown);
        assert!(rotated(&refresh(&store, "other", "other2", 92).await));
    }

    async fn a_session_ends_at_its_time(database) {
        let store = database.store().await;
        let ada = ada(&store).await;
        begin_session(&store, &ada.user_id, "s").await;
        assert!(rotated(&refresh(&store, "s", "s2", 12 * 3600 - 1).await));
        assert_eq!(refresh(&store, "s2", "s3", 12 * 3600).await, RefreshOutcome::Expired);
    }

    async fn signing_out_ends_one_session_and_being_removed_all(database) {
        let store = database.store().await;
        let ada = ada(&store).await;
        for id in ["a", "b", "c"] {
            begin_session(&store, &ada.user_id, id).await;
        }
        let first = store.end_session("a", at(1)).await.unwrap().unwrap();
        // Whoever comes second has the same end to wait for.
        assert_eq!(store.end_session("a", at(2)).await.unwrap(), Some(first));
        assert_eq!(store.end_session("none", at(2)).await.unwrap(), None);
        assert_eq!(refresh(&store, "a", "x", 2).await, RefreshOutcome::Expired);
        let last = store.end_sessions_of(&ada.user_id, at(3)).await.unwrap().unwrap();
        assert_eq!(store.end_sessions_of(&ada.user_id, at(3)).await.unwrap(), None);
        let later = store.ended_since(first).await.unwrap();
        let ids = later.iter().map(|ended| &*ended.session_id).collect::<BTreeSet<_>>();
        assert_eq!(ids, BTreeSet::from(["b", "c"]));
        assert_eq!(later.last().unwrap().seq, last);
    }

    async fn a_reader_that_follows_the_numbers_misses_no_ending(database) {
        const SESSIONS: usize = 120;
        let store = database.store().await;
        let other = database.open().await;
        let ada = ada(&store).await;
        for id in 0..SESSIONS {
            begin_session(&store, &ada.user_id, &format!("ses-{id}")).await;
        }
        let reader = tokio::spawn({
            let store = other.clone();
            async move {
                let (mut seen, mut seq) = (BTreeSet::new(), 0);
                while seen.len() < SESSIONS {
                    for ended in patiently(|| store.ended_since(seq)).await {
                        assert!(ended.seq > seq, "numbers rise");
                        seq = ended.seq;
                        seen.insert(ended.session_id);
                    }
                }
            }
        });
        let endings = (0..SESSIONS).map(|id| {
            let store = if id % 2 == 0 { &store } else { &other }.clone();
            let id = format!("ses-{id}");
            async move { patiently(|| store.end_session(&id, at(1))).await }
        });
        assert!(all(endings).await.iter().all(Option::is_some));
        let patience = std::time::Duration::from_secs(30);
        let read = tokio::time::timeout(patience, reader).await;
        assert!(matches!(read, Ok(Ok(()))), "an ending was missed");
    }
}
