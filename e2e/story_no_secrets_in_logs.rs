//! Passwords, keys and verifiers stand in Secrets and nowhere else.

use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use kube::api::{Api, ListParams};
use serde_json::json;

use crate::cluster_handle::{Cluster, Host};
use crate::endpoint::{self, text};
use crate::stage;
use crate::tenant::Tenant;
use crate::wait::eventually;

const SYSTEM: &str = "kisenon-system";
const OPERATOR: &str = "app.kubernetes.io/name=kisenon-operator";
/// All kinds that a person may look at without a right to Secrets.
const KINDS: &str = "pods,services,configmaps,statefulsets,networkpolicies,persistentvolumeclaims,\
                     events,events.events.k8s.io,resourcequotas,serviceaccounts,controllerrevisions,\
                     projects.kisenon.com,endpoints.kisenon.com";
const SECRET_KEYS: [&str; 3] = ["password", "verifier", "tls.key"];

#[tokio::test]
async fn secrets_stand_in_secrets_only() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::new(&cluster, "secrets").await;
    tenant.apply(
        "{apiVersion: v1, kind: Secret, metadata: {name: mine}, stringData: {password: 'chosen by me: 5150'}}",
    );
    tenant.endpoint("made", "");
    tenant.endpoint("chosen", "role: {passwordSecretRef: {name: mine}}");
    tenant.ready("chosen").await;
    let id = endpoint::id(&tenant.ready("made").await);
    let workload = tenant.workload().await;

    // Words that go wrong must not be told either.
    tenant.apply(
        "{apiVersion: v1, kind: Secret, metadata: {name: mine}, stringData: {password: \"two lines\\nof 6161\"}}",
    );
    tenant
        .until("chosen", Duration::from_secs(15), |endpoint| {
            endpoint::condition(endpoint, "Ready")
                .is_some_and(|c| c.reason == "PasswordSecretInvalid")
        })
        .await;
    let login = tenant.login("made").await;
    login
        .with_password("mistyped 7272")
        .sql(Host::Client, "SELECT 1")
        .refusal();
    tenant
        .change(
            "made",
            json!({"postgres": {"parameters": {"work_mem": "5MB"}}}),
        )
        .await;
    // Asked of the server: Ready still speaks of the one before the restart.
    let restarted = || {
        let answer = login.sql(Host::Client, "SHOW work_mem");
        async move {
            if answer.out.trim() == "5MB" {
                Ok(())
            } else {
                Err(answer.out + &answer.err)
            }
        }
    };
    eventually("the restart", Duration::from_secs(60), restarted).await;

    let mut words = ["chosen by me: 5150", "of 6161"]
        .map(str::to_owned)
        .to_vec();
    words.extend(secret_words(&cluster, &workload).await);
    assert!(
        words.len() > 8,
        "a made and a chosen set, but: {}",
        words.len()
    );
    for (place, content) in places(&cluster, &tenant.namespace, &workload, &id) {
        assert!(!content.is_empty(), "{place} is empty");
        for word in &words {
            // The word itself stays out of the message.
            assert!(
                !content.contains(word),
                "a secret of {} bytes stands in {place}",
                word.len()
            );
        }
    }
}

/// The secrets, whole and in the parts that would be worth something.
async fn secret_words(cluster: &Cluster, workload: &str) -> Vec<String> {
    let secrets = Api::<Secret>::namespaced(cluster.client.clone(), workload);
    let mut words = Vec::new();
    for secret in secrets.list(&ListParams::default()).await.unwrap() {
        for key in SECRET_KEYS {
            let value =
                text(&secret, key).unwrap_or_else(|| panic!("{} has no {key}", secret.name_any()));
            let lines = value.lines().filter(|line| !line.starts_with("-----"));
            words.extend(lines.map(str::to_owned));
            words.extend(
                value
                    .split(['$', ':'])
                    .filter(|part| part.len() > 40)
                    .map(str::to_owned),
            );
        }
    }
    words.retain(|word| word.len() >= 8);
    words
}

fn places(cluster: &Cluster, tenant: &str, workload: &str, id: &str) -> Vec<(String, String)> {
    let get = |namespace: &str| {
        cluster
            .kubectl(&["-n", namespace, "get", KINDS, "-o", "yaml"])
            .output()
    };
    let mut places = vec![
        ("the workload namespace".to_owned(), get(workload)),
        ("the tenant's namespace".to_owned(), get(tenant)),
    ];
    let pod = format!("{id}-0");
    let logs: [(&str, &[&str]); 3] = [
        (
            "the operator's log",
            &["-n", SYSTEM, "logs", "-l", OPERATOR, "--tail=-1"],
        ),
        (
            "the server's log",
            &["-n", workload, "logs", &pod, "--all-containers"],
        ),
        (
            "kisenon-system",
            &[
                "-n",
                SYSTEM,
                "get",
                "pods,configmaps,leases,events",
                "-o",
                "yaml",
            ],
        ),
    ];
    for (place, arguments) in logs {
        places.push((place.to_owned(), cluster.kubectl(arguments).output()));
    }
    places
}
