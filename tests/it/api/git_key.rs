//! A key that Git keeps in a namespace that an administrator has labelled.

use kisenon::auth::{key_hash, random};
use kisenon::crd::{ApiKey, Project};
use kisenon::domain::api_key::PlainKey;
use kube::ResourceExt as _;
use kube::api::{Api, Patch, PatchParams, PostParams};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::app::{Answer, App};
use crate::cluster::Namespace;
use crate::operator::site;

/// What Git holds, and applies again and again.
struct GitKey {
    plain: PlainKey,
    document: Value,
    keys: Api<ApiKey>,
}

impl GitKey {
    async fn new(home: &Namespace, more: Value) -> Self {
        let plain = PlainKey::generate(&mut random::fill).unwrap();
        let mut document = json!({
            "apiVersion": "kisenon.com/v1alpha1",
            "kind": "ApiKey",
            "metadata": {"name": "ci", "namespace": home.name},
            "spec": {
                "label": "ci",
                "role": "ci",
                "lookupId": plain.lookup_id(),
                "hash": key_hash::hash(&plain).unwrap(),
            },
        });
        let spec = document["spec"].as_object_mut().unwrap();
        spec.extend(more.as_object().unwrap().clone());
        let keys = home.api();
        let key = Self {
            plain,
            document,
            keys,
        };
        key.sync().await.unwrap();
        key
    }

    async fn sync(&self) -> kube::Result<ApiKey> {
        let manager = PatchParams::apply("flux");
        self.keys
            .patch("ci", &manager, &Patch::Apply(&self.document))
            .await
    }

    fn text(&self) -> &str {
        self.plain.text().expose_secret()
    }
}

async fn until_accepted(app: &App, key: &GitKey) -> Answer {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    for _ in 0..500 {
        ticks.tick().await;
        let me = app
            .send(Method::GET, "/v1/me", Some(key.text()), None)
            .await;
        if me.status == 200 {
            return me;
        }
    }
    panic!("a key of Git is not accepted");
}

async fn acme() -> Namespace {
    tokio::task::spawn_blocking(site::operator).await.unwrap();
    site::SHARED.plane.tenant("acme", "acme").await
}

#[tokio::test]
async fn a_key_of_git_works_for_exactly_its_namespace() {
    let app = App::shared().await;
    let (home, other) = (acme().await, acme().await);
    let key = GitKey::new(&home, json!({})).await;
    let me = until_accepted(app, &key).await.expect(200);
    assert_eq!(me["tenant"], json!({"id": "acme", "namespace": home.name}));
    assert_eq!(me.get("user"), None::<&Value>);
    let call =
        async |method, path: &str, body| app.send(method, path, Some(key.text()), body).await;

    // What kubectl makes there is seen; what it makes elsewhere is not, not even under the same id.
    let mut ids = Vec::new();
    for namespace in [&home, &other] {
        let project = json!({"metadata": {"name": "theirs"}, "spec": {}});
        let project = serde_json::from_value::<Project>(project).unwrap();
        let projects = namespace.api::<Project>();
        let made = projects
            .create(&PostParams::default(), &project)
            .await
            .unwrap();
        ids.push(kisenon::domain::id::project_id(&made.uid().unwrap()).unwrap());
    }
    let made = call(Method::POST, "/v1/projects", Some(json!({"name": "ours"}))).await;
    made.expect(201);
    let ours = home.api::<Project>().get("ours").await.unwrap();
    assert_eq!(ours.namespace(), Some(home.name.clone()));
    let mut names = Vec::new();
    for _ in 0..200 {
        let listed = call(Method::GET, "/v1/projects", None).await.expect(200);
        let items = listed["items"].as_array().unwrap().iter();
        names = items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        if names.len() > 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(names, ["ours", "theirs"]);
    let foreign = format!("/v1/projects/{}", ids[1]);
    let own = format!("/v1/projects/{}", ids[0]);
    call(Method::GET, &own, None).await.expect(200);
    assert_eq!(
        call(Method::GET, &foreign, None).await.refusal(404),
        "not_found"
    );
    assert_eq!(
        call(Method::DELETE, &foreign, None).await.refusal(404),
        "not_found"
    );
    let person = app.person("neighbour").await;
    assert_eq!(person.get(&own).await.refusal(404), "not_found");
    // The API neither makes nor counts what is Git's.
    let quotas = home.api::<k8s_openapi::api::core::v1::ResourceQuota>();
    assert!(
        quotas
            .list(&Default::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[tokio::test]
async fn a_key_of_git_is_marked_and_never_deleted_and_git_cannot_bring_it_back() {
    let app = App::shared().await;
    let home = acme().await;
    let key = GitKey::new(&home, json!({})).await;
    let me = until_accepted(app, &key).await.expect(200);
    let path = format!("/v1/api-keys/{}", me["credential"]["id"].as_str().unwrap());
    let call = async |method, token: &str| app.send(method, &path, Some(token), None).await;
    call(Method::DELETE, key.text()).await.expect(204);
    assert_eq!(
        call(Method::GET, key.text()).await.refusal(401),
        "invalid_token"
    );
    let left = key.keys.get("ci").await.unwrap();
    assert!(left.spec.revoked && left.metadata.deletion_timestamp.is_none());
    let uid = left.uid();
    // Git applies what it holds again: the mark is not Git's, and stays.
    let synced = key.sync().await.unwrap();
    assert!(synced.spec.revoked && synced.uid() == uid);
    let mut wrong = json!({"spec": {"revoked": false}});
    let refused = key
        .keys
        .patch("ci", &PatchParams::default(), &Patch::Merge(wrong.take()))
        .await;
    assert!(refused.is_err(), "revocation is one-way");
    assert_eq!(
        call(Method::GET, key.text()).await.refusal(401),
        "invalid_token"
    );
}

#[tokio::test]
async fn a_namespace_that_loses_its_label_loses_its_keys() {
    let app = App::shared().await;
    let home = acme().await;
    let key = GitKey::new(&home, json!({"scopes": ["read"]})).await;
    until_accepted(app, &key).await.expect(200);
    let namespaces = Api::<k8s_openapi::api::core::v1::Namespace>::all(home.client.clone());
    let unlabel = Patch::Merge(json!({"metadata": {"labels": {"kisenon.com/tenant": null}}}));
    namespaces
        .patch(&home.name, &PatchParams::default(), &unlabel)
        .await
        .unwrap();
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    for _ in 0..500 {
        ticks.tick().await;
        let me = app
            .send(Method::GET, "/v1/me", Some(key.text()), None)
            .await;
        if me.status == 401 {
            return;
        }
    }
    panic!("the keys of a namespace that is no tenant's are accepted");
}
