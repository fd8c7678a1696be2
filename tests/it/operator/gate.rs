//! No Service without proof: whatever a gate leaves behind that is no evidence opens nothing, and
//! closes what stood open (N10).

use std::net::{Ipv4Addr, TcpListener};

use k8s_openapi::api::core::v1::{Secret, Service};
use serde_json::json;

use super::tenant::{Tenant, condition, conditions, is, names, status, until_gone};
use super::{kubelet, site};
use crate::cluster::Namespace;

#[tokio::test]
async fn what_is_no_evidence_never_opens_an_address() {
    let tenant = Tenant::new("gate").await;
    tenant.shop(json!([{"name": "main"}])).await;
    let workload = tenant.workload().await;
    let id = tenant.id("shop-main").await;
    let passed = kubelet::evidence().to_string();
    let vacuous = passed.replace(r#""rounds":3"#, r#""rounds":0"#);
    let refused = "the gate did not pass: egress to 10.244.0.5:7432 reached";
    // A gate says that it has passed by staying, so no last word of one is evidence.
    let cases = [
        (0, "", "and left no evidence"),
        (0, "{}", "and left no evidence"),
        (0, "passed", "and left no evidence"),
        (0, &*passed, "and left no evidence"),
        (0, &*vacuous, "and left no evidence"),
        (137, "", "ended with code 137"),
        (0, kubelet::REFUSED, refused),
        (1, kubelet::REFUSED, refused),
    ];
    for (code, message, said) in cases {
        // Between two cases the gate runs anew, so that each is seen by itself.
        kubelet::run(&workload, &id).await;
        waits(&tenant).await;
        kubelet::end(&workload, &id, code, message).await;
        let endpoint = tenant
            .endpoint("shop-main", &format!("refuses {message:?}"), |e| {
                is(conditions(e), "IsolationVerified", "False", "NotEnforced")
            })
            .await;
        let shown = condition(&conditions(&endpoint), "IsolationVerified");
        assert!(shown["message"].as_str().unwrap().contains(said), "{shown}");
        assert_eq!(status(&endpoint).address, None, "{message}");
        assert!(is(conditions(&endpoint), "Stalled", "True", "NotEnforced"));
    }
    nothing_was_opened(&tenant, &workload).await;
}

#[tokio::test]
async fn evidence_counts_for_the_container_that_gave_it_and_shows_denials() {
    let tenant = Tenant::new("evidence").await;
    tenant.shop(json!([{"name": "main"}])).await;
    let workload = tenant.workload().await;
    let id = tenant.id("shop-main").await;
    let mut vacuous = kubelet::evidence();
    vacuous["rounds"] = json!(0);
    let mut open = kubelet::evidence();
    open["egress"]["forbidden"][0]["outcome"] = json!("Reached");
    let refused = json!({"error": "egress to 10.244.0.5:7432 reached"});
    for (container, evidence) in [
        ("containerd://before", kubelet::evidence()),
        ("containerd://after", vacuous),
        ("containerd://after", open),
        ("containerd://after", refused),
    ] {
        kubelet::run(&workload, &id).await;
        waits(&tenant).await;
        let pod = kubelet::pod(&workload, &id).await;
        kubelet::record(&workload, &pod, container, &evidence).await;
        // Were it believed, it would count for more than the refusal of the gate before.
        kubelet::run_after_refusal(&workload, &id, "containerd://after").await;
        tenant
            .endpoint("shop-main", "does not believe it", |e| {
                is(conditions(e), "IsolationVerified", "False", "NotEnforced")
            })
            .await;
    }
    nothing_was_opened(&tenant, &workload).await;
    kubelet::pass(&workload, &id).await;
    tenant
        .endpoint("shop-main", "believes good evidence", |e| {
            is(conditions(e), "IsolationVerified", "True", "Succeeded")
        })
        .await;
}

async fn waits(tenant: &Tenant) {
    tenant
        .endpoint("shop-main", "waits for its gate", |e| {
            is(conditions(e), "IsolationVerified", "False", "GatePending")
        })
        .await;
}

async fn nothing_was_opened(tenant: &Tenant, workload: &Namespace) {
    assert_eq!(names::<Service>(&workload.api()).await, [""; 0]);
    assert_eq!(names::<Secret>(&tenant.api()).await, [""; 0]);
    let writes = site::operator().writes(&[&workload.name]);
    let services = writes.iter().filter(|w| w.contains("/services"));
    assert!(
        services.clone().all(|w| w.starts_with("DELETE")),
        "{writes:#?}"
    );
}

#[tokio::test]
async fn a_service_is_taken_away_when_a_later_gate_fails() {
    let tenant = Tenant::new("later").await;
    let (workload, endpoint) = tenant.exposed().await;
    let id = status(&endpoint).id.unwrap();
    kubelet::end(&workload, &id, 1, kubelet::REFUSED).await;
    until_gone::<Service>(&workload.api(), &id).await;
    let endpoint = tenant
        .endpoint("shop-main", "says why", |e| {
            is(conditions(e), "IsolationVerified", "False", "NotEnforced")
        })
        .await;
    assert_eq!(status(&endpoint).address, None);
    // The address itself is kept, and opened again after the next proof.
    kubelet::pass(&workload, &id).await;
    tenant
        .endpoint("shop-main", "is open again", |e| {
            status(e).address.is_some()
        })
        .await;
}

#[tokio::test]
async fn a_gate_that_is_killed_takes_nothing_from_a_server_that_listens() {
    let tenant = Tenant::new("killed").await;
    let (workload, endpoint) = tenant.exposed().await;
    let id = status(&endpoint).id.unwrap();
    // Nobody listens there: the operator's own dial is refused.
    kubelet::listen(&workload, &id, "127.77.0.3").await;
    let pod = kubelet::pod(&workload, &id).await;
    let mut changed = serde_json::to_value(pod.status.clone().unwrap()).unwrap();
    let killed = json!({"terminated": {"exitCode": 137}});
    changed["containerStatuses"][0]["state"] = killed.clone();
    kubelet::report(&workload, &pod, changed.clone()).await;
    // It comes back as another container, which is asked for what the first has kept.
    changed["containerStatuses"][0]["state"] = json!({"running": {}});
    changed["containerStatuses"][0]["lastState"] = killed;
    changed["containerStatuses"][0]["containerID"] = json!("containerd://again");
    kubelet::report(&workload, &pod, changed).await;
    let endpoint = tenant
        .endpoint("shop-main", "waits for the gate's word", |e| {
            is(conditions(e), "IsolationVerified", "False", "GatePending")
        })
        .await;
    assert!(
        status(&endpoint).address.is_some(),
        "its address stays open"
    );
    kubelet::record(&workload, &pod, "containerd://again", &kubelet::evidence()).await;
    tenant
        .endpoint("shop-main", "is verified again", |e| {
            is(conditions(e), "IsolationVerified", "True", "Succeeded")
        })
        .await;
    let writes = site::operator().writes(&[&workload.name]);
    let deleted = |write: &&String| write.starts_with("DELETE");
    assert_eq!(writes.iter().find(deleted), None, "nothing was taken away");
}

/// N10: the gate proves the start, this proves every later moment.
#[tokio::test]
async fn a_server_that_the_operator_can_reach_itself_is_closed() {
    let tenant = Tenant::new("reach").await;
    let (workload, endpoint) = tenant.exposed().await;
    let id = status(&endpoint).id.unwrap();
    // Where the pod is said to be, anyone may connect: a policy that is not enforced.
    let address = Ipv4Addr::new(127, 77, 0, 1);
    let _open = TcpListener::bind((address, 5432)).unwrap();
    kubelet::listen(&workload, &id, &address.to_string()).await;
    until_gone::<Service>(&workload.api(), &id).await;
    let endpoint = tenant
        .endpoint("shop-main", "says who got through", |e| {
            is(conditions(e), "IsolationVerified", "False", "NotEnforced")
        })
        .await;
    assert_eq!(status(&endpoint).address, None);
}

#[tokio::test]
async fn a_server_that_takes_no_settings_is_not_ready_and_says_so() {
    let tenant = Tenant::new("settings").await;
    let (workload, endpoint) = tenant.exposed().await;
    let id = status(&endpoint).id.unwrap();
    // Nobody listens there, and no kubelet runs the script.
    kubelet::listen(&workload, &id, "127.77.0.2").await;
    let endpoint = tenant
        .endpoint("shop-main", "tells of the script", |e| {
            is(conditions(e), "ServerReady", "False", "ServerFailed")
        })
        .await;
    assert!(is(
        conditions(&endpoint),
        "IsolationVerified",
        "True",
        "Succeeded"
    ));
    assert!(status(&endpoint).address.is_some());
}
