//! A request that is sent twice is done once.

use super::*;
use kisenon::store::{Idempotency, StoredAnswer};

async fn begin(store: &Store, body: &str, seconds: i64) -> Idempotency {
    let hash = digest(body);
    patiently(|| store.begin_idempotent("t/projects", "key", &hash, at(seconds))).await
}

const CREATED: StoredAnswer<'static> = StoredAnswer {
    status: 201,
    body: r#"{"id":"prj-1"}"#,
};

async fn finish(store: &Store, answer: StoredAnswer<'_>) {
    let finish = store.finish_idempotent("t/projects", "key", answer, at(1));
    finish.await.unwrap();
}

fn replay() -> Idempotency {
    Idempotency::Replay {
        status: CREATED.status,
        body: CREATED.body.to_owned(),
    }
}

on_both_engines! {
    async fn a_repeated_request_gets_the_first_answer(database) {
        let store = database.store().await;
        assert_eq!(begin(&store, "body", 0).await, Idempotency::New);
        assert_eq!(begin(&store, "body", 1).await, Idempotency::InProgress);
        assert_eq!(begin(&store, "another", 1).await, Idempotency::Mismatch);
        finish(&store, CREATED).await;
        finish(&store, StoredAnswer { status: 500, body: "" }).await;
        assert_eq!(begin(&store, "body", 2).await, replay());
        assert_eq!(begin(&store, "another", 2).await, Idempotency::Mismatch);
        let hash = digest("body");
        let elsewhere = store.begin_idempotent("u/projects", "key", &hash, at(2));
        assert_eq!(elsewhere.await.unwrap(), Idempotency::New);
    }

    async fn one_of_many_requests_at_once_goes_on(database) {
        let store = database.store().await;
        for lost in [0, 60] {
            let requests = (0..20).map(|_| {
                let store = store.clone();
                async move { begin(&store, "body", lost).await }
            });
            let outcomes = all(requests).await;
            let new = outcomes.iter().filter(|outcome| **outcome == Idempotency::New);
            assert_eq!(new.count(), 1, "{outcomes:?}");
        }
    }

    async fn a_lost_request_is_taken_over_and_an_abandoned_one_is_free(database) {
        let store = database.store().await;
        begin(&store, "body", 0).await;
        assert_eq!(begin(&store, "body", 59).await, Idempotency::InProgress);
        assert_eq!(begin(&store, "another", 60).await, Idempotency::Mismatch);
        assert_eq!(begin(&store, "body", 60).await, Idempotency::New);
        store.abandon_idempotent("t/projects", "key").await.unwrap();
        assert_eq!(begin(&store, "another", 61).await, Idempotency::New);
        finish(&store, CREATED).await;
        store.abandon_idempotent("t/projects", "key").await.unwrap();
        assert_eq!(begin(&store, "another", 62).await, replay());
    }

    async fn an_answer_is_kept_for_a_day(database) {
        let store = database.store().await;
        begin(&store, "body", 0).await;
        finish(&store, CREATED).await;
        assert_eq!(begin(&store, "body", 24 * 3600 - 1).await, replay());
        assert_eq!(begin(&store, "another", 24 * 3600).await, Idempotency::New);
    }
}
