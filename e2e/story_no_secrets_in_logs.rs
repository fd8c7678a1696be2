//! Passwords, keys and verifiers stand in Secrets and nowhere else; credentials of the API stand
//! with who holds them and nowhere else.

use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use kube::api::{Api, ListParams};
use serde_json::json;

use crate::api::{Api as Http, id_token, new_person};
use crate::cluster_handle::{Cluster, Host};
use crate::endpoint::{self, text};
use crate::process;
use crate::stage;
use crate::tenant::Tenant;
use crate::wait::eventually;

const SYSTEM: &str = "kisenon-system";
const OPERATOR: &str = "app.kubernetes.io/name=kisenon-operator";
const API: &str = "app.kubernetes.io/name=kisenon-api";
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

#[tokio::test]
async fn credentials_of_the_api_stand_with_their_holders_only() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let email = new_person("planted");
    let nobody = Http::anonymous(&cluster, Host::Client);
    let session = nobody.sign_in(&email);
    let tenant = Tenant::signed_in(&cluster, &session.namespace).await;
    let mut words = vec![session.access.clone(), session.refresh.clone()];

    let proof = id_token(&email);
    let again = json!({"provider": "dev", "idToken": proof});
    nobody.post("/v1/auth/exchange", again.clone()).expect(200);
    nobody
        .post("/v1/auth/exchange", again)
        .refused(400, "invalid_proof");
    let refreshed = json!({"refreshToken": session.refresh});
    let refreshed = nobody.post("/v1/auth/refresh", refreshed).expect(200);
    let made = session
        .api
        .post("/v1/api-keys", json!({"label": "planted"}))
        .expect(201);
    let device = nobody
        .post("/v1/auth/device/code", json!({"label": "planted"}))
        .expect(200);
    words.push(proof);
    for (answer, name) in [
        (&refreshed, "accessToken"),
        (&refreshed, "refreshToken"),
        (&made, "key"),
        (&device, "device_code"),
    ] {
        words.push(answer[name].as_str().unwrap().to_owned());
    }
    words.extend(mistakes(&nobody));
    words.push(database_password(&session.api));
    let keys = Api::<Secret>::namespaced(cluster.client.clone(), SYSTEM);
    let sealing = keys.get("kisenon-api").await.unwrap();
    words.push(text(&sealing, "secret-key").unwrap());

    for (place, content) in api_places(&cluster, &tenant, &session.api) {
        assert!(!content.is_empty(), "{place} is empty");
        for part in words.iter().flat_map(|word| parts(word)) {
            let length = part.len();
            assert!(
                !content.contains(part),
                "a secret of {length} bytes stands in {place}"
            );
        }
    }
}

/// What would be worth something: of a token its signature, of a key what follows its prefix.
fn parts(word: &str) -> Vec<&str> {
    match word.strip_prefix("nsk_") {
        Some(key) if key.len() > 10 => vec![&key[10..]],
        _ => vec![word.rsplit('.').next().unwrap_or(word)],
    }
}

/// Credentials where they should not be, which clients send all the same.
fn mistakes(nobody: &Http) -> Vec<String> {
    let words =
        ["header", "query", "body", "path"].map(|place| format!("planted-in-the-{place}-8383"));
    let [header, query, body, path] = &words;
    nobody
        .with(header)
        .get("/v1/me")
        .refused(401, "invalid_token");
    nobody
        .get(&format!("/v1/me?access_token={query}"))
        .refused(401, "unauthenticated");
    let unknown = json!({"provider": "dev", "idToken": body});
    nobody
        .post("/v1/auth/exchange", unknown)
        .refused(400, "invalid_proof");
    let status = nobody.get(&format!("/v1/api-keys/{path}")).status;
    assert!((400..500).contains(&status), "{status}");
    words.into()
}

/// The password of an endpoint that never runs.
fn database_password(owner: &Http) -> String {
    let network = json!({"allowedCidrs": ["10.77.0.20/32"]});
    let project = owner.post("/v1/projects", json!({"name": "shop", "network": network}));
    let id = project.expect(201)["id"].clone();
    let endpoint = json!({"project": id, "name": "e2e-main", "desiredState": "Suspended"});
    let endpoint = owner.post("/v1/endpoints", endpoint).expect(201);
    let path = format!(
        "/v1/endpoints/{}/reset-password",
        endpoint["id"].as_str().unwrap()
    );
    let made = owner.post(&path, json!({})).expect(200);
    made["password"].as_str().unwrap().to_owned()
}

fn api_places(cluster: &Cluster, tenant: &Tenant, owner: &Http) -> Vec<(String, String)> {
    let kinds =
        "projects.kisenon.com,endpoints.kisenon.com,apikeys.kisenon.com,events,resourcequotas";
    let looks: [(&str, &[&str]); 4] = [
        (
            "the API's log",
            &["-n", SYSTEM, "logs", "-l", API, "--tail=-1"],
        ),
        (
            "the operator's log",
            &["-n", SYSTEM, "logs", "-l", OPERATOR, "--tail=-1"],
        ),
        (
            "the tenant's namespace",
            &["-n", &tenant.namespace, "get", kinds, "-o", "yaml"],
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
    let looks = looks.map(|(place, look)| (place.to_owned(), cluster.kubectl(look).output()));
    let mut places = Vec::from(looks);
    let audit = owner.get("/v1/audit-events?limit=200").expect(200);
    places.push(("the audit events".to_owned(), audit.to_string()));
    let pods = [
        "-n",
        SYSTEM,
        "get",
        "pods",
        "-l",
        API,
        "-o",
        "jsonpath={.items[*].metadata.uid}",
    ];
    for uid in cluster.kubectl(&pods).output().split_whitespace() {
        for pid in process::of_pod(uid, "kisenon") {
            let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
            let arguments = String::from_utf8_lossy(&arguments).into_owned();
            places.push(("the API's arguments".to_owned(), arguments));
        }
    }
    places
}
