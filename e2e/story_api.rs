//! A person with nothing but the HTTP API: signs in, makes a key, has a server, and changes it;
//! `kubectl` sees all of it, and is seen.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::{Answer, Api, new_person};
use crate::cluster_handle::{Cluster, Host};
use crate::endpoint::Login;
use crate::stage;
use crate::tenant::Tenant;
use crate::wait::eventually;

const SOON: Duration = Duration::from_secs(15);
const LATER: Duration = Duration::from_secs(120);
const ENDPOINT: &str = "e2e-main";
const STARTED: &str = "SELECT pg_postmaster_start_time()";

/// A tenant's server, and the key that made it.
struct Owned {
    tenant: Tenant,
    key: Api,
    key_id: String,
    endpoint: String,
}

#[tokio::test]
async fn a_server_from_the_first_request_to_the_last() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let owned = begin(&cluster).await;
    let login = connect(&owned);
    kubectl_sees_the_same(&owned).await;
    let login = reset_password(&owned, &login).await;
    edit_access(&owned, &login).await;
    suspend_and_resume(&owned, &login).await;
    read_audit(&owned);
    revoke(&owned);
}

/// Signs in, makes a key, and with it a project and an endpoint; waits by events.
async fn begin(cluster: &Cluster) -> Owned {
    let email = new_person("api");
    let session = Api::anonymous(cluster, Host::Client).sign_in(&email);
    let tenant = Tenant::signed_in(cluster, &session.namespace).await;
    let me = session.api.get("/v1/me").expect(200);
    assert_eq!(me["user"]["email"], *email);
    assert_eq!(me["credential"]["kind"], "session");

    let made = session.api.post("/v1/api-keys", json!({"label": "laptop"}));
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.expect(201);
    let word = made["key"].as_str().unwrap();
    let key = session.api.with(word);
    let me = key.get("/v1/me").expect(200);
    assert_eq!(me["user"]["email"], *email, "a key acts for who made it");
    assert_eq!(me["tenant"]["namespace"], *session.namespace);
    assert!(word.starts_with(me["credential"]["prefix"].as_str().unwrap()));

    let network = json!({"allowedCidrs": ["10.77.0.20/32"]});
    let project = json!({"name": "shop", "network": network});
    let project = key.post("/v1/projects", project).expect(201);
    let endpoint = json!({"project": project["id"], "name": ENDPOINT});
    let endpoint = key.post("/v1/endpoints", endpoint).expect(201);
    let id = endpoint["id"].as_str().unwrap().to_owned();
    let events = key.events(&format!("/v1/endpoints/{id}/events"));
    events.until("the server is ready", LATER, |_, data| {
        data["phase"] == "Running" && condition(data, "Ready") == "True"
    });
    Owned {
        tenant,
        key_id: made["id"].as_str().unwrap().to_owned(),
        key,
        endpoint: format!("/v1/endpoints/{id}"),
    }
}

fn condition<'a>(endpoint: &'a Value, kind: &str) -> &'a str {
    let conditions = endpoint["conditions"].as_array();
    let found = conditions.into_iter().flatten().find(|c| c["type"] == kind);
    found.and_then(|c| c["status"].as_str()).unwrap_or_default()
}

/// What the connection says leads to the server, and to no other's.
fn connect(owned: &Owned) -> Login {
    let answer = owned.key.get(&format!("{}/connection", owned.endpoint));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let connection = answer.expect(200);
    let uri = connection["uri"].as_str().unwrap();
    let cluster = &owned.tenant.cluster;
    let select = [("URI", uri)];
    let command = "psql \"$URI\" -XAtc 'SELECT 1'";
    assert_eq!(cluster.lan(Host::Client, &select, command).output(), "1");
    cluster.lan(Host::Other, &select, command).refusal();
    assert!(
        connection["caCertificate"]
            .as_str()
            .unwrap()
            .contains("BEGIN CERTIFICATE")
    );
    Login::of_connection(cluster, &connection)
}

/// One state, whichever way it is looked at and written.
async fn kubectl_sees_the_same(owned: &Owned) {
    let found = owned.tenant.ready(ENDPOINT).await;
    let shown = owned.key.get(&owned.endpoint).expect(200);
    let status = found.status.unwrap();
    assert_eq!(shown["address"].as_str(), status.address.as_deref());
    assert_eq!(shown["project"]["name"], *found.spec.project);

    owned
        .tenant
        .endpoint("e2e-second", "desiredState: Suspended");
    let names = || async {
        let list = owned.key.get("/v1/endpoints").expect(200);
        let items = list["items"].as_array().unwrap().iter();
        let names = items.map(|item| item["name"].as_str().unwrap());
        let mut names = names.collect::<Vec<_>>();
        names.sort_unstable();
        if names == [ENDPOINT, "e2e-second"] {
            Ok(())
        } else {
            Err(format!("{names:?}"))
        }
    };
    eventually("what kubectl made is listed", SOON, names).await;

    let manifest = "apiVersion: kisenon.com/v1alpha1\nkind: Endpoint\n\
                    metadata: {name: e2e-second}\n\
                    spec: {project: shop, desiredState: Suspended, compute: {memory: 640Mi}}\n";
    // kubectl holds the field: it is not taken unless one says so.
    let held = manifests(owned, "?dry_run=true", manifest).expect(200);
    assert_eq!(held["results"][0]["action"], "refused", "{held}");
    let dry = manifests(owned, "?dry_run=true&force=true", manifest).expect(200);
    assert_eq!(dry["applied"], false);
    assert_eq!(dry["results"][0]["action"], "configured", "{dry}");
    let memory = |owned: &Owned| {
        let get = [
            "get",
            "kep",
            "e2e-second",
            "-o",
            "jsonpath={.spec.compute.memory}",
        ];
        let namespace = ["-n", &*owned.tenant.namespace];
        owned
            .tenant
            .cluster
            .kubectl(&[&namespace[..], &get].concat())
            .output()
    };
    assert_ne!(memory(owned), "640Mi", "a dry run writes nothing");
    assert_eq!(
        manifests(owned, "?force=true", manifest).expect(200)["applied"],
        true
    );
    assert_eq!(memory(owned), "640Mi");
}

fn manifests(owned: &Owned, query: &str, text: &str) -> Answer {
    owned
        .key
        .post_text(&format!("/v1/manifests{query}"), "application/yaml", text)
}

async fn reset_password(owned: &Owned, before: &Login) -> Login {
    let started = owned.tenant.query(before, STARTED);
    let path = format!("{}/reset-password", owned.endpoint);
    let answer = owned.key.post(&path, json!({}));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let made = answer.expect(200);
    let after = before.with_password(made["password"].as_str().unwrap());
    let same = answers(&after, Host::Client, "the new password").await;
    assert_eq!(same, started, "it took no restart");
    before.sql(Host::Client, "SELECT 1").refusal();
    let path = format!("{}/connection", owned.endpoint);
    let connection = owned.key.get(&path).expect(200);
    assert_eq!(connection["passwordSource"], "verifier");
    assert_eq!(connection.get("password"), None, "nobody can show it again");
    after
}

/// Policies and the server's own rules change one after the other.
async fn answers(login: &Login, host: Host, what: &str) -> String {
    let ask = || {
        let answer = login.sql(host, STARTED);
        async move {
            if answer.ok {
                Ok(answer.output())
            } else {
                Err(answer.err)
            }
        }
    };
    eventually(what, SOON, ask).await
}

/// The allow-list is edited, the live objects explain it, and packets agree.
async fn edit_access(owned: &Owned, login: &Login) {
    let path = format!("{}/access", owned.endpoint);
    let open_to = || {
        let explained = owned.key.get(&path).expect(200);
        let ranges = explained["openTo"].as_array().unwrap().iter();
        let ranges = ranges.map(|range| range["cidr"].as_str().unwrap().to_owned());
        (ranges.collect::<Vec<_>>(), explained)
    };
    let (ranges, explained) = open_to();
    assert_eq!(ranges, ["10.77.0.20/32"]);
    assert_eq!(
        explained["openTo"][0]["sources"][0],
        "project network.allowedCidrs[0]"
    );
    assert_eq!(explained["isolation"]["verified"], true);
    assert_eq!(explained["egress"]["reach"], "none");
    assert_eq!(explained["differences"], json!([]));

    let other = json!({"allowedCidrs": ["10.77.0.30/32"]});
    owned
        .key
        .change("PUT", &path, &owned.endpoint, &other)
        .expect(200);
    let swapped = || {
        let (ranges, explained) = open_to();
        let is_so = ranges == ["10.77.0.30/32"] && explained["differences"] == json!([]);
        async move {
            if is_so {
                Ok(())
            } else {
                Err(explained.to_string())
            }
        }
    };
    eventually("the edit in the live objects", SOON, swapped).await;
    login.sql(Host::Client, "SELECT 1").refusal();
    answers(login, Host::Other, "the other is let in").await;

    let back = json!({"allowedCidrs": ["10.77.0.20/32"]});
    owned
        .key
        .change("PUT", &path, &owned.endpoint, &back)
        .expect(200);
    answers(login, Host::Client, "the client is let in again").await;
}

async fn suspend_and_resume(owned: &Owned, login: &Login) {
    let events = owned.key.events(&format!("{}/events", owned.endpoint));
    let act = |verb: &str| {
        owned
            .key
            .post(&format!("{}/{verb}", owned.endpoint), json!({}))
    };
    act("suspend").expect(200);
    let stopped = events.until("it is suspended", LATER, |_, data| {
        data["phase"] == "Stopped"
    });
    assert_eq!(stopped["address"], *login.host, "it keeps its address");
    login.sql(Host::Client, "SELECT 1").refusal();
    act("resume").expect(200);
    events.until("it runs again", LATER, |_, data| data["phase"] == "Running");
    answers(login, Host::Client, "a client after resuming").await;
}

/// Who did what, newest first.
fn read_audit(owned: &Owned) {
    let events = owned.key.get("/v1/audit-events?limit=200").expect(200);
    let events = events["items"].as_array().unwrap();
    let did = |action: &str| {
        events
            .iter()
            .filter(|event| event["action"] == action)
            .count()
    };
    assert_eq!(did("session.begin"), 1, "{events:?}");
    for (action, target) in [
        ("api-key.create", &*owned.key_id),
        (
            "endpoint.create",
            owned.endpoint.rsplit('/').next().unwrap(),
        ),
    ] {
        let found = events.iter().find(|event| event["action"] == action);
        let found = found.unwrap_or_else(|| panic!("no {action} in {events:?}"));
        assert_eq!(found["target"]["id"], target);
        assert!(found["requestId"].is_string());
    }
}

/// After the answer, nothing that the key begins succeeds, and what it follows ends.
fn revoke(owned: &Owned) {
    let events = owned.key.events("/v1/events");
    events.until("the stream is open", SOON, |name, _| name == "synced");
    let path = format!("/v1/api-keys/{}", owned.key_id);
    assert_eq!(owned.key.delete(&path).status, 204);
    let answer = owned.key.get("/v1/me");
    let challenge = answer
        .header("www-authenticate")
        .unwrap_or_default()
        .to_owned();
    answer.refused(401, "invalid_token");
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    assert!(events.ends_within(SOON), "the stream goes on");
}
