//! The device flow, as RFC 8628 has it.

use super::*;
use kisenon::store::{DeviceDecision, DeviceGrant, DeviceOutcome, DeviceRequest, NewDeviceCode};

fn request<'a>(device_hash: &'a [u8; 32], user_code_hash: &'a [u8; 32]) -> NewDeviceCode<'a> {
    NewDeviceCode {
        device_hash,
        user_code_hash,
        label: "build machine",
        now: at(0),
        expires_at: at(600),
        interval: SignedDuration::from_secs(5),
    }
}

fn decision(user_code_hash: &[u8; 32], approve: bool) -> DeviceDecision<'_> {
    DeviceDecision {
        user_code_hash,
        user_id: "usr-ada",
        tenant_id: "tenant-ada",
        session_id: "ses",
        approve,
        now: at(20),
    }
}

/// A store in which Ada has a session and a device waits.
async fn with_request(database: &Database) -> Store {
    let store = database.store().await;
    let ada = ada(&store).await;
    begin_session(&store, &ada.user_id, "ses").await;
    let (device, code) = (digest("device"), digest("WDJB-MJHT"));
    let kept = store.put_device_code(request(&device, &code)).await;
    assert!(kept.unwrap());
    store
}

fn grant() -> DeviceOutcome {
    DeviceOutcome::Approved(DeviceGrant {
        user_id: "usr-ada".to_owned(),
        tenant_id: "tenant-ada".to_owned(),
        session_id: "ses".to_owned(),
        label: "build machine".to_owned(),
    })
}

async fn poll(store: &Store, seconds: i64) -> DeviceOutcome {
    let hash = digest("device");
    patiently(|| store.poll_device(&hash, at(seconds))).await
}

on_both_engines! {
    async fn an_approval_is_told_once(database) {
        let store = with_request(&database).await;
        assert_eq!(poll(&store, 5).await, DeviceOutcome::Pending);
        let code = digest("WDJB-MJHT");
        let waiting = DeviceRequest {
            label: "build machine".to_owned(),
            created_at: at(0),
            expires_at: at(600),
        };
        assert_eq!(store.find_device(&code, at(10)).await.unwrap(), Some(waiting));
        assert!(store.decide_device(decision(&code, true)).await.unwrap());
        assert!(!store.decide_device(decision(&code, false)).await.unwrap());
        assert_eq!(store.find_device(&code, at(20)).await.unwrap(), None);

        assert_eq!(poll(&store, 25).await, grant());
        assert_eq!(poll(&store, 30).await, DeviceOutcome::Redeemed);
    }

    async fn of_polls_at_once_one_gets_the_approval(database) {
        let store = with_request(&database).await;
        let other = database.open().await;
        for round in 0..20 {
            let (device, code) = (digest(&format!("device {round}")), digest(&format!("code {round}")));
            assert!(store.put_device_code(request(&device, &code)).await.unwrap());
            assert!(store.decide_device(decision(&code, true)).await.unwrap());
            let polls = (0..16).map(|poll| {
                let store = if poll % 2 == 0 { &store } else { &other }.clone();
                async move { patiently(|| store.poll_device(&device, at(25))).await }
            });
            let outcomes = all(polls).await;
            assert_eq!(outcomes.iter().filter(|outcome| **outcome == grant()).count(), 1);
            let redeemed = outcomes.iter().filter(|outcome| **outcome == DeviceOutcome::Redeemed);
            assert_eq!(redeemed.count(), 15);
        }
    }

    async fn a_refusal_stays_one(database) {
        let store = with_request(&database).await;
        assert!(store.decide_device(decision(&digest("WDJB-MJHT"), false)).await.unwrap());
        assert_eq!(poll(&store, 25).await, DeviceOutcome::Denied);
        assert_eq!(poll(&store, 30).await, DeviceOutcome::Denied);
    }

    async fn a_client_that_polls_too_fast_is_slowed_for_good(database) {
        let store = with_request(&database).await;
        assert_eq!(poll(&store, 1).await, DeviceOutcome::Pending);
        assert_eq!(poll(&store, 6).await, DeviceOutcome::Pending);
        assert_eq!(poll(&store, 9).await, DeviceOutcome::SlowDown);
        // Ten seconds from now on.
        assert_eq!(poll(&store, 15).await, DeviceOutcome::SlowDown);
        assert_eq!(poll(&store, 30).await, DeviceOutcome::Pending);
        assert_eq!(poll(&store, 40).await, DeviceOutcome::SlowDown);
    }

    async fn a_request_ends_at_its_time(database) {
        let store = with_request(&database).await;
        let code = digest("WDJB-MJHT");
        assert_eq!(store.find_device(&code, at(600)).await.unwrap(), None);
        let late = DeviceDecision { now: at(600), ..decision(&code, true) };
        assert!(!store.decide_device(late).await.unwrap());
        assert_eq!(poll(&store, 600).await, DeviceOutcome::Expired);
        assert_eq!(store.poll_device(&digest("none"), at(1)).await.unwrap(), DeviceOutcome::Unknown);
    }

    async fn an_approval_ends_with_its_session(database) {
        let store = with_request(&database).await;
        assert!(store.decide_device(decision(&digest("WDJB-MJHT"), true)).await.unwrap());
        store.deny("ada@example.org", at(21)).await.unwrap();
        assert_eq!(poll(&store, 25).await, DeviceOutcome::Expired);
    }

    async fn a_code_for_people_names_one_living_request(database) {
        let store = with_request(&database).await;
        let (device, code) = (digest("second"), digest("WDJB-MJHT"));
        assert!(!store.put_device_code(request(&device, &code)).await.unwrap());
        let later = NewDeviceCode { now: at(600), expires_at: at(1200), ..request(&device, &code) };
        assert!(store.put_device_code(later).await.unwrap());
        assert!(store.find_device(&code, at(601)).await.unwrap().is_some());
    }
}
