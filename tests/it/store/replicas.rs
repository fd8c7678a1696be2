//! Replicas, and what is kept for how long.

use super::*;
use kisenon::store::{CodeOutcome, NewAuditEvent, NewCliCode, RefreshOutcome, Replica};

fn replica(id: &str, seconds: i64, session_seq: i64) -> Replica {
    Replica {
        id: id.to_owned(),
        heartbeat_at: at(seconds),
        key_version: i64::MAX,
        session_seq,
    }
}

on_both_engines! {
    async fn a_replica_is_known_by_its_last_heartbeat(database) {
        let store = database.store().await;
        store.heartbeat(&replica("a", 1, 0)).await.unwrap();
        store.heartbeat(&replica("b", 5, 0)).await.unwrap();
        store.heartbeat(&replica("a", 3, 7)).await.unwrap();
        let live = store.live_replicas(at(3)).await.unwrap();
        assert_eq!(live, [replica("a", 3, 7), replica("b", 5, 0)]);
        assert_eq!(store.live_replicas(at(4)).await.unwrap(), [replica("b", 5, 0)]);
        store.forget_replica("b").await.unwrap();
        assert!(store.live_replicas(at(4)).await.unwrap().is_empty());
    }

    async fn what_is_past_its_time_goes_and_the_rest_stays(database) {
        const DAY: i64 = 24 * 3600;
        let store = database.store().await;
        let ada = ada(&store).await;
        begin_session(&store, &ada.user_id, "s").await;
        store.end_session("s", at(0)).await.unwrap();
        let code = NewCliCode {
            hash: &digest("code"),
            user_id: &ada.user_id,
            tenant_id: &ada.tenant_id,
            session_id: "s",
            redirect_uri: "",
            challenge: "",
            label: "",
            now: at(0),
            expires_at: at(60),
        };
        store.put_cli_code(code).await.unwrap();
        store.use_proof(&digest("proof"), at(0), at(0)).await.unwrap();
        store.heartbeat(&replica("a", 0, 0)).await.unwrap();
        store.begin_idempotent("t", "key", &digest(""), at(0)).await.unwrap();
        let event = NewAuditEvent {
            id: "evt",
            tenant_id: "t",
            at: at(0),
            actor_kind: "",
            actor_id: "",
            actor_label: "",
            action: "",
            target_kind: "",
            target_id: "",
            target_name: None,
            request_id: "",
            detail: None,
        };
        store.record(event).await.unwrap();
        let refresh = || async {
            let next = digest("next");
            store.refresh(&digest("s"), &next, at(1), GRACE).await.unwrap()
        };

        store.purge(at(1800)).await.unwrap();
        assert_eq!(store.ended_since(0).await.unwrap().len(), 1);
        assert_eq!(store.live_replicas(at(0)).await.unwrap().len(), 1);
        assert_eq!(refresh().await, RefreshOutcome::Expired);

        store.purge(at(DAY)).await.unwrap();
        assert!(store.ended_since(0).await.unwrap().is_empty());
        assert!(store.live_replicas(at(0)).await.unwrap().is_empty());
        assert!(store.use_proof(&digest("proof"), at(DAY), at(DAY)).await.unwrap());
        assert_eq!(refresh().await, RefreshOutcome::Expired);

        store.purge(at(2 * DAY)).await.unwrap();
        assert_eq!(refresh().await, RefreshOutcome::Unknown);
        let redeem = || store.redeem_cli_code(&[0; 32], at(0));
        assert_eq!(redeem().await.unwrap(), CodeOutcome::Unknown);
        let hash = digest("code");
        assert_eq!(store.redeem_cli_code(&hash, at(2 * DAY)).await.unwrap(), CodeOutcome::Expired);

        store.purge(at(30 * DAY)).await.unwrap();
        assert_eq!(store.redeem_cli_code(&hash, at(2 * DAY)).await.unwrap(), CodeOutcome::Unknown);
        assert_eq!(store.audit_events("t", None, 9).await.unwrap().len(), 1);
        assert!(store.user(&ada.user_id).await.unwrap().is_some());

        store.purge(at(500 * DAY)).await.unwrap();
        assert!(store.audit_events("t", None, 9).await.unwrap().is_empty());
        assert!(store.user(&ada.user_id).await.unwrap().is_some());
        assert_eq!(store.allow_list().await.unwrap().len(), 1);
    }
}
