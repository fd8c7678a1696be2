//! Leadership against a real API server: taken, handed over, run out, stolen.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test they help"
)]

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kisenon::cluster::lease::{ElectionConfig, Leadership, Timing};
use kube::api::{DeleteParams, Patch, PatchParams};
use tokio::time::{Instant, timeout};

use crate::cluster::{Namespace, namespace};

const SOON: Duration = Duration::from_secs(20);

fn campaign(place: &Namespace, identity: &str) -> Leadership {
    let timing = Timing::new(
        Duration::from_secs(3),
        Duration::from_secs(2),
        Duration::from_millis(500),
    )
    .unwrap();
    Leadership::campaign(
        place.client.clone(),
        ElectionConfig {
            namespace: place.name.clone(),
            name: "leader".into(),
            identity: identity.into(),
            timing,
        },
    )
}

async fn wins(candidate: &Leadership) -> bool {
    timeout(SOON, candidate.acquired()).await.unwrap_or(false)
}

async fn holder(place: &Namespace) -> Option<String> {
    let lease = place.api::<Lease>().get("leader").await.unwrap();
    lease.spec.unwrap().holder_identity
}

#[tokio::test]
async fn one_leads_until_it_releases_and_the_other_follows() {
    let place = namespace("lease").await;
    let first = campaign(&place, "first");
    assert!(wins(&first).await);
    let second = campaign(&place, "second");
    // Longer than a lease: renewals keep the second out.
    assert!(
        timeout(Duration::from_secs(5), second.acquired())
            .await
            .is_err()
    );
    assert!(first.is_held(Instant::now()) && !second.is_held(Instant::now()));
    let lost = first.lost();
    first.release().await;
    assert!(lost.is_cancelled());
    assert!(
        timeout(Duration::from_millis(2500), second.acquired())
            .await
            .unwrap()
    );
    assert_eq!(holder(&place).await.as_deref(), Some("second"));
    second.release().await;
    assert_eq!(holder(&place).await, None);
}

#[tokio::test]
async fn a_lease_runs_out_unless_it_is_our_own() {
    let place = namespace("lease").await;
    let first = campaign(&place, "first");
    assert!(wins(&first).await);
    let lost = first.lost();
    drop(first);
    timeout(SOON, lost.cancelled()).await.unwrap();
    let began = Instant::now();
    let again = campaign(&place, "first");
    assert!(wins(&again).await);
    assert!(
        began.elapsed() < Duration::from_millis(2500),
        "the same pod waited"
    );
    drop(again);
    let began = Instant::now();
    let second = campaign(&place, "second");
    assert!(wins(&second).await);
    assert!(
        began.elapsed() >= Duration::from_secs(3),
        "the other did not wait"
    );
}

#[tokio::test]
async fn a_stolen_or_deleted_lease_ends_leadership() {
    for delete in [false, true] {
        let place = namespace("lease").await;
        let leader = campaign(&place, "leader");
        assert!(wins(&leader).await);
        let leases = place.api::<Lease>();
        if delete {
            leases
                .delete("leader", &DeleteParams::default())
                .await
                .unwrap();
        } else {
            let patch = serde_json::json!({"spec": {"holderIdentity": "thief"}});
            leases
                .patch("leader", &PatchParams::default(), &Patch::Merge(patch))
                .await
                .unwrap();
        }
        timeout(Duration::from_secs(2), leader.lost().cancelled())
            .await
            .unwrap();
        assert!(!leader.is_held(Instant::now()));
        leader.release().await;
    }
}
