//! No Service without proof: whatever a gate leaves behind that is no evidence opens nothing, and
//! closes what stood open (N10).

use std::net::{Ipv4Addr, TcpListener};

use k8s_openapi::api::core::v1::{Secret, Service};
use serde_json::json;

use super::tenant::{Tenant, conditions, is, names, status, until_gone};
use super::{kubelet, site};

#[tokio::test]
async fn what_is_no_evidence_never_opens_an_address() {
    let tenant = Tenant::new("gate").await;
    tenant.shop(json!([{"name": "main"}])).await;
    let workload = tenant.workload().await;
    let id = tenant.id("shop-main").await;
    let refused = r#"{"error":"egress to 10.244.0.5:7432 reached"}"#;
    let passed = kubelet::evidence();
    let vacuous = passed.replace(r#""rounds":3"#, r#""rounds":0"#);
    let open = passed.replace("Refused", "Reached");
    let cases = [
        (0, ""),
        (0, "{}"),
        (0, "passed"),
        (0, &passed[..passed.len() / 2]),
        (0, &*vacuous),
        (0, &*open),
        (0, refused),
        (1, refused),
        (1, &*passed),
    ];
    for (n, (code, message)) in cases.into_iter().enumerate() {
        // Between two cases the gate runs anew, so that each is seen by itself.
        let pod = kubelet::pod(&workload, &id).await;
        kubelet::report(&workload, &pod, json!({"initContainerStatuses": null})).await;
        if n > 0 {
            tenant
                .endpoint("shop-main", "waits for its gate", |e| {
                    is(conditions(e), "IsolationVerified", "False", "GatePending")
                })
                .await;
        }
        kubelet::gate(&workload, &id, code, message).await;
        let endpoint = tenant
            .endpoint("shop-main", &format!("refuses {message:?}"), |e| {
                is(conditions(e), "IsolationVerified", "False", "NotEnforced")
            })
            .await;
        assert_eq!(status(&endpoint).address, None, "{message}");
        assert!(is(conditions(&endpoint), "Stalled", "True", "NotEnforced"));
    }
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
    let refused = r#"{"error":"egress to 10.244.0.5:7432 reached"}"#;
    kubelet::gate(&workload, &id, 1, refused).await;
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
