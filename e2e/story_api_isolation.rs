//! What the API keeps apart: strangers, tenants, keys and their makers, callers and their limits.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::{Answer, Api, Body, Request, Session, id_token, new_person};
use crate::cluster_handle::{Cluster, Host};
use crate::stage;
use crate::tenant::{Tenant, unique};
use crate::wait::eventually;

const SYSTEM: &str = "kisenon-system";
const SOON: Duration = Duration::from_secs(15);

#[tokio::test]
async fn who_is_not_on_the_list_leaves_no_trace_until_let_in() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let nobody = Api::anonymous(&cluster, Host::Client);
    let stranger = format!("{}@elsewhere.test", unique("stranger"));
    let friend = new_person("friend");
    let welcome = nobody.sign_in(&friend);
    let _tenant = Tenant::signed_in(&cluster, &welcome.namespace).await;

    let proof = json!({"provider": "dev", "idToken": id_token(&stranger)});
    let refused = nobody.post("/v1/auth/exchange", proof);
    refused.refused(403, "access_denied");
    assert!(
        store_holds(&cluster, &friend),
        "this is where people are kept"
    );
    assert!(
        !store_holds(&cluster, &stranger),
        "nothing of a stranger is"
    );

    admin(&cluster, &["allow", &stranger]).await;
    let session = nobody.sign_in(&stranger);
    let _tenant = Tenant::signed_in(&cluster, &session.namespace).await;
    let made = session.api.post("/v1/api-keys", json!({"label": "one"}));
    let key = nobody.with(made.expect(201)["key"].as_str().unwrap());
    key.get("/v1/me").expect(200);

    admin(&cluster, &["deny", &stranger]).await;
    for caller in [&session.api, &key] {
        let ended = || {
            let status = caller.get("/v1/me").status;
            async move {
                if status == 401 {
                    Ok(())
                } else {
                    Err(status.to_string())
                }
            }
        };
        eventually("the end of what was given", SOON, ended).await;
    }
    let refresh = json!({"refreshToken": session.refresh});
    nobody
        .post("/v1/auth/refresh", refresh)
        .refused(400, "invalid_grant");
    welcome.api.get("/v1/me").expect(200);
}

/// Runs `kisenon admin` where the store is.
async fn admin(cluster: &Cluster, arguments: &[&str]) {
    let program = [
        "exec",
        "deployment/kisenon-api",
        "--",
        "/usr/local/bin/kisenon",
        "admin",
    ];
    let command = [&["-n", SYSTEM][..], &program, arguments].concat();
    cluster.kubectl(&command).output();
}

/// Whether the files of the store hold this text.
fn store_holds(cluster: &Cluster, text: &str) -> bool {
    let claim = [
        "-n",
        SYSTEM,
        "get",
        "pvc",
        "kisenon-api",
        "-o",
        "jsonpath={.spec.volumeName}",
    ];
    let volume = cluster.kubectl(&claim).output();
    let place = "jsonpath={.spec.hostPath.path}{.spec.local.path}";
    let folder = cluster
        .kubectl(&["get", "pv", &volume, "-o", place])
        .output();
    let files = std::fs::read_dir(Path::new(&folder)).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .any(|content| {
            content
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        })
}

/// A tenant with a project, an endpoint that does not run, and a key.
async fn furnished(cluster: &Cluster, story: &str) -> (Tenant, Session, [String; 3]) {
    let session = Api::anonymous(cluster, Host::Client).sign_in(&new_person(story));
    let tenant = Tenant::signed_in(cluster, &session.namespace).await;
    let make = |path: &str, body: Value| {
        let made = session.api.post(path, body).expect(201);
        made["id"].as_str().unwrap().to_owned()
    };
    let project = make(
        "/v1/projects",
        json!({"name": "shop", "network": {"allowedCidrs": ["10.77.0.20/32"]}}),
    );
    let body = json!({"project": project, "name": "e2e-main", "desiredState": "Suspended"});
    let endpoint = make("/v1/endpoints", body);
    let key = make("/v1/api-keys", json!({"label": "one"}));
    (tenant, session, [project, endpoint, key])
}

#[tokio::test]
async fn another_tenants_things_look_absent() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let (_theirs, owner, ids) = furnished(&cluster, "owner").await;
    let (_ours, other, _) = furnished(&cluster, "other").await;
    let absent = [
        "prj-00000000000000000000beef",
        "ep-000000000000beef",
        "key-000000000000beef",
    ];
    for (index, kind) in ["projects", "endpoints", "api-keys"]
        .into_iter()
        .enumerate()
    {
        for (method, suffix, body) in routes(kind) {
            let ask = |id: &str| {
                let path = format!("/v1/{kind}/{id}{suffix}");
                other.api.send(&Request {
                    method,
                    path: &path,
                    body: body.clone().map(Body::Json),
                    headers: &[("If-Match", "\"1\"")],
                })
            };
            let what = format!("{method} {kind}{suffix}");
            assert_eq!(words(ask(&ids[index])), words(ask(absent[index])), "{what}");
        }
        let shown = owner
            .api
            .get(&format!("/v1/{kind}/{}", ids[index]))
            .expect(200);
        assert_eq!(shown["id"], *ids[index], "it is there, and untouched");
    }
    lists_hold_nothing_of(&other, &ids);
    let foreign = format!(
        "{{apiVersion: kisenon.com/v1alpha1, kind: Project, metadata: {{name: shop, namespace: {}}}, spec: {{}}}}",
        owner.namespace
    );
    let refused = other
        .api
        .post_text("/v1/manifests", "application/yaml", &foreign);
    assert!((400..500).contains(&refused.status), "{refused:?}");
}

/// Routes below one object of a kind, with a body that would be taken.
fn routes(kind: &str) -> Vec<(&'static str, &'static str, Option<Value>)> {
    let mut routes = vec![("GET", "", None), ("DELETE", "", None)];
    match kind {
        "projects" => routes.push(("PATCH", "", Some(json!({"displayName": "mine"})))),
        "api-keys" => routes.push(("PATCH", "", Some(json!({"label": "mine"})))),
        _ => {
            let access = json!({"allowedCidrs": ["10.77.0.30/32"]});
            routes.push(("PATCH", "", Some(json!({"desiredState": "Running"}))));
            routes.push(("PUT", "/access", Some(access)));
            routes.extend(["/access", "/connection", "/events"].map(|part| ("GET", part, None)));
            let verbs = ["/suspend", "/resume", "/reset-password"];
            routes.extend(verbs.map(|verb| ("POST", verb, Some(json!({})))));
        }
    }
    routes
}

/// A refusal without what tells one request from another.
#[track_caller]
fn words(answer: Answer) -> Value {
    let mut body = answer.refused(404, "not_found");
    body.as_object_mut().unwrap().remove("requestId");
    body
}

fn lists_hold_nothing_of(other: &Session, ids: &[String]) {
    for list in ["projects", "endpoints", "api-keys", "audit-events"] {
        let shown = other.api.get(&format!("/v1/{list}?limit=200")).expect(200);
        let text = shown.to_string();
        assert!(!ids.iter().any(|id| text.contains(&**id)), "{list}: {text}");
    }
}

#[tokio::test]
async fn a_key_is_never_wider_than_what_made_it() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let (_tenant, session, [project, ..]) = furnished(&cluster, "keys").await;
    let another = json!({"name": "another", "network": {"allowedCidrs": ["10.77.0.20/32"]}});
    let another = session.api.post("/v1/projects", another).expect(201);
    let make = |maker: &Api, body: Value| {
        let made = maker.post("/v1/api-keys", body).expect(201);
        let id = made["id"].as_str().unwrap().to_owned();
        (session.api.with(made["key"].as_str().unwrap()), id)
    };

    let (reader, _) = make(&session.api, json!({"label": "reader", "scopes": ["read"]}));
    reader.get("/v1/projects").expect(200);
    let body = json!({"name": "third", "network": {"allowedCidrs": ["10.77.0.20/32"]}});
    reader
        .post("/v1/projects", body)
        .refused(403, "insufficient_scope");

    let (bound, _) = make(&session.api, json!({"label": "bound", "project": project}));
    bound.get(&format!("/v1/projects/{project}")).expect(200);
    let path = format!("/v1/projects/{}", another["id"].as_str().unwrap());
    let status = bound.get(&path).status;
    assert!([403, 404].contains(&status), "{status}");

    let (parent, parent_id) = make(&session.api, json!({"label": "parent"}));
    let (child, child_id) = make(&parent, json!({"label": "child"}));
    let shown = session
        .api
        .get(&format!("/v1/api-keys/{child_id}"))
        .expect(200);
    assert_eq!(shown["parent"], *parent_id);
    child.get("/v1/me").expect(200);
    assert_eq!(
        session
            .api
            .delete(&format!("/v1/api-keys/{parent_id}"))
            .status,
        204
    );
    for gone in [&parent, &child] {
        gone.get("/v1/me").refused(401, "invalid_token");
    }
    session.api.get("/v1/me").expect(200);
}

/// The API sees who calls: one caller's limit is not another's.
#[tokio::test]
async fn who_guesses_is_slowed_down_alone() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let guess = "curl --silent --output /dev/null --write-out '%{http_code}\\n' --cacert \"$KISENON_CA_FILE\" \
                 --header 'Authorization: Bearer nsk_guess' 'https://10.77.0.90/v1/me?n=[1-150]'";
    let said = cluster.lan(Host::Other, &[], guess).output();
    let (first, last) = (said.lines().next(), said.lines().last());
    assert_eq!((first, last), (Some("401"), Some("429")), "{said}");
    let session = Api::anonymous(&cluster, Host::Client).sign_in(&new_person("calm"));
    session.api.get("/v1/me").expect(200);
}

/// Nothing but TLS on port 443 is open at its address.
#[tokio::test]
async fn plain_http_and_other_ports_are_closed() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    for address in [
        "http://10.77.0.90",
        "http://10.77.0.90:8080/metrics",
        "https://10.77.0.90:8443",
    ] {
        let command = format!("curl --silent --insecure --max-time 3 --output /dev/null {address}");
        cluster.lan(Host::Client, &[], &command).refusal();
    }
}
