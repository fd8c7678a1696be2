//! Projects from HTTP to the custom resource and back.

use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams, PostParams};
use reqwest::Method;
use serde_json::{Value, json};

use kisenon::crd::Project;

use super::app::{App, Client, until};
use crate::cluster;

#[tokio::test]
async fn a_project_lives_from_create_to_delete() {
    let home = cluster::tenant("project", "project").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let body = json!({"name": "shop", "displayName": "Shop", "network": {"allowedCidrs": ["203.0.113.0/24"]}});
    let made = client.post("/v1/projects", body).await;
    let location = made.header("location").to_owned();
    let etag = made.header("etag").to_owned();
    let made = made.ok(201);
    assert_eq!(
        location,
        format!("/v1/projects/{}", made["id"].as_str().unwrap())
    );
    assert_eq!(etag, format!("\"{}\"", made["etag"].as_str().unwrap()));
    assert_eq!(
        (&made["name"], &made["displayName"]),
        (&json!("shop"), &json!("Shop"))
    );
    // What was left out has the defaults of the API server.
    assert_eq!(
        (&made["postgresVersion"], &made["quota"]["endpoints"]),
        (&json!("17"), &json!(10))
    );
    let stored: Project = home.api().get("shop").await.unwrap();
    assert_eq!(
        stored.managed_fields()[0].manager.as_deref(),
        Some("kisenon-api")
    );

    let read = client.get(&location).await;
    assert_eq!(read.header("etag"), etag);
    assert_eq!(read.ok(200), made);
    let headers = [("if-none-match", &*etag)];
    let unchanged = client.send(Method::GET, &location, &headers, None).await;
    assert_eq!((unchanged.status, &*unchanged.text), (304, ""));

    let patch = json!({"displayName": null, "quota": {"endpoints": 3}, "deletionProtection": true});
    let changed = client.patch(&location, &made["etag"], patch).await.ok(200);
    assert_eq!(changed.get("displayName"), None);
    assert_eq!(
        (&changed["quota"]["endpoints"], &changed["quota"]["cpu"]),
        (&json!(3), &json!("8"))
    );
    client
        .delete(&location)
        .await
        .refused(409, "deletion_protected");

    let open = json!({"deletionProtection": false});
    client
        .patch(&location, &changed["etag"], open)
        .await
        .ok(200);
    assert_eq!(client.delete(&location).await.status, 204);
    client.get(&location).await.refused(404, "not_found");
    assert_eq!(client.get("/v1/projects").await.ok(200)["items"], json!([]));
}

#[tokio::test]
async fn a_list_shows_every_change_at_once_and_to_each_caller_its_own() {
    let home = cluster::tenant("fresh", "fresh").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let bound = app.key(&home, json!({"project": "b"})).await;
    let names = async |client: &Client<'_>| {
        // The second answer may be the first one, kept.
        client.get("/v1/projects").await.ok(200);
        let list = client.get("/v1/projects").await.ok(200);
        let name = |item: &Value| item["displayName"].as_str().unwrap().to_owned();
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(name)
            .collect::<Vec<_>>()
    };
    assert!(names(&client).await.is_empty());
    let mut made = Vec::new();
    for name in ["a", "b"] {
        let body = json!({"name": name, "displayName": name, "network": {"allowedCidrs": ["203.0.113.0/24"]}});
        made.push(client.post("/v1/projects", body).await.ok(201));
        assert_eq!(names(&client).await.last().unwrap(), name);
    }
    let path = |number: usize| format!("/v1/projects/{}", made[number]["id"].as_str().unwrap());
    let patch = json!({"displayName": "c"});
    client
        .patch(&path(0), &made[0]["etag"], patch)
        .await
        .ok(200);
    assert_eq!(names(&client).await, ["c", "b"]);
    assert_eq!(names(&bound).await, ["b"]);
    let first = client.get("/v1/projects?limit=1").await.ok(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 1);
    assert_eq!(client.delete(&path(0)).await.status, 204);
    assert_eq!(names(&client).await, ["b"]);
    assert_eq!(client.delete(&path(1)).await.status, 204);
    assert!(names(&client).await.is_empty() && names(&bound).await.is_empty());
}

#[tokio::test]
async fn a_stale_etag_changes_nothing() {
    let home = cluster::tenant("stale", "stale").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let made = client
        .post("/v1/projects", json!({"name": "shop"}))
        .await
        .ok(201);
    let path = format!("/v1/projects/{}", made["id"].as_str().unwrap());
    let name = |name: &str| json!({ "displayName": name });
    client
        .patch(&path, &made["etag"], name("one"))
        .await
        .ok(200);
    let stale = client.patch(&path, &made["etag"], name("two")).await;
    stale.refused(412, "precondition_failed");
    for tag in ["x", "99999999999999999999999", "-1"] {
        let refused = client.patch(&path, &json!(tag), name("two")).await;
        refused.refused(412, "precondition_failed");
    }
    let missing = client
        .send(Method::PATCH, &path, &[], Some(name("two")))
        .await;
    missing.refused(428, "precondition_required");
    let headers = [("if-match", "\"1\"")];
    let stale = client.send(Method::DELETE, &path, &headers, None).await;
    stale.refused(412, "precondition_failed");
    assert_eq!(client.get(&path).await.ok(200)["displayName"], "one");
}

#[tokio::test]
async fn what_is_wrong_is_said_by_its_field() {
    let home = cluster::tenant("wrong", "wrong").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let with = |member: &str, value: Value| {
        let mut body = json!({"name": "shop"});
        body[member] = value;
        body
    };
    for (body, words) in [
        (with("size", json!(1)), "unknown field `size`"),
        (
            with("quota", json!({"disk": "1Gi"})),
            "unknown field `disk`",
        ),
        (with("name", json!(7)), "invalid type"),
        (with("deletionPolicy", json!("Keep")), "unknown variant"),
        (json!({}), "missing field `name`"),
    ] {
        let refused = client.post("/v1/projects", body).await;
        let said = refused.refused(400, "invalid_request");
        assert!(said.contains(words), "{said}");
    }
    for (body, field) in [
        (with("name", json!("No Good")), "name"),
        (with("postgresVersion", json!("9")), "postgresVersion"),
        (
            with("network", json!({"allowedCidrs": []})),
            "network.allowedCidrs",
        ),
        (
            with("network", json!({"allowedCidrs": ["10.0.0.1/8"]})),
            "network.allowedCidrs",
        ),
        (with("quota", json!({"cpu": "lots"})), "quota.cpu"),
    ] {
        let refused = client.post("/v1/projects", body).await;
        let said = refused.refused(422, "invalid_object");
        assert_eq!(refused.body["errors"][0]["field"], field, "{said}");
        assert!(!said.contains("lots") && !said.contains("spec."), "{said}");
    }
    client
        .post("/v1/projects", json!({"name": "shop"}))
        .await
        .ok(201);
    let again = client.post("/v1/projects", json!({"name": "shop"})).await;
    again.refused(409, "name_taken");
    let media = [("content-type", "text/plain")];
    let text = client
        .send(Method::POST, "/v1/projects", &media, None)
        .await;
    text.refused(415, "unsupported_media_type");
}

#[tokio::test]
async fn what_kubectl_makes_shows_up_and_the_other_way_round() {
    let home = cluster::tenant("both", "both").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let object = json!({
        "apiVersion": "kisenon.com/v1alpha1", "kind": "Project",
        "metadata": {"name": "by-hand"}, "spec": {"displayName": "mine"},
    });
    let object: Project = serde_json::from_value(object).unwrap();
    let projects = home.api::<Project>();
    projects
        .create(&PostParams::default(), &object)
        .await
        .unwrap();
    let listed = async || {
        let list = client.get("/v1/projects").await.ok(200);
        list["items"].as_array().unwrap().first().cloned()
    };
    let shown = until("the project is listed", listed).await;
    assert_eq!(
        (&shown["name"], &shown["displayName"]),
        (&json!("by-hand"), &json!("mine"))
    );

    let patch = json!({"spec": {"displayName": "yours"}});
    let params = PatchParams::default();
    projects
        .patch("by-hand", &params, &Patch::Merge(patch))
        .await
        .unwrap();
    until("the change is listed", async || {
        listed()
            .await
            .filter(|project| project["displayName"] == "yours")
    })
    .await;
    client
        .post("/v1/projects", json!({"name": "by-api"}))
        .await
        .ok(201);
    assert!(projects.get_opt("by-api").await.unwrap().is_some());
    let path = format!("/v1/projects/{}", shown["id"].as_str().unwrap());
    assert_eq!(client.delete(&path).await.status, 204);
    assert!(projects.get_opt("by-hand").await.unwrap().is_none());
}

#[tokio::test]
async fn pages_together_are_the_list() {
    let home = cluster::tenant("pages", "pages").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let names = ["e", "b", "d", "a", "c"].map(|name| format!("p-{name}"));
    for name in &names {
        client
            .post("/v1/projects", json!({ "name": name }))
            .await
            .ok(201);
    }
    let mut path = "/v1/projects?limit=2".to_owned();
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let page = client.get(&path).await.ok(200);
        let items = page["items"].as_array().unwrap().clone();
        seen.extend(
            items
                .iter()
                .map(|item| item["name"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        match page["nextCursor"].as_str() {
            Some(cursor) => path = format!("/v1/projects?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    seen.sort_unstable();
    let mut names = names.to_vec();
    names.sort_unstable();
    assert_eq!((seen, pages), (names, 3));
    for cursor in ["x", "bnVsbA", "%00"] {
        let refused = client.get(&format!("/v1/projects?cursor={cursor}")).await;
        refused.refused(400, "invalid_cursor");
    }
    for query in ["limit=0", "limit=201", "limit=-1", "limit=x", "offset=1"] {
        let refused = client.get(&format!("/v1/projects?{query}")).await;
        refused.refused(400, "invalid_request");
    }
}

#[tokio::test]
async fn a_request_that_is_sent_again_makes_nothing_twice() {
    let home = cluster::tenant("again", "again").await;
    let app = App::start().await;
    let client = app.key(&home, json!({})).await;
    let send = async |key: &str, name: &str| {
        let headers = [("idempotency-key", key)];
        let body = Some(json!({ "name": name }));
        client
            .send(Method::POST, "/v1/projects", &headers, body)
            .await
    };
    let first = send("k1", "shop").await;
    let again = send("k1", "shop").await;
    for name in ["location", "etag"] {
        assert_eq!(again.header(name), first.header(name));
    }
    assert_eq!(again.ok(201), first.ok(201));
    send("k1", "other")
        .await
        .refused(422, "idempotency_mismatch");
    send("k2", "shop").await.refused(409, "name_taken");
    // A refusal frees the key.
    send("k2", "blog").await.ok(201);
    send("", "x").await.refused(400, "invalid_request");
    let many = futures::future::join_all((0..8).map(|_| send("k3", "many"))).await;
    let made = many.iter().filter(|answer| answer.status == 201);
    assert!(made.count() >= 1);
    for answer in many.iter().filter(|answer| answer.status != 201) {
        answer.refused(409, "idempotency_in_progress");
    }
}
