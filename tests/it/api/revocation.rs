//! Revocation over two replicas on one Postgres and one Kubernetes: nothing that begins after the
//! answer succeeds, and nothing succeeds for longer than a second, whoever ended the credential
//! and by which way.

use std::sync::LazyLock;

use jiff::Timestamp;
use kisenon::crd::ApiKey;
use kisenon::server::admin;
use kisenon::store::{AllowSource, Store};
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use reqwest::Method;
use serde_json::{Value, json};

use super::app::{App, Person, Setting};
use crate::operator::site;
use crate::store::empty_postgres;
use race::race;

mod apart;
mod mint;
mod race;

/// Requests of the races that the issue names, and of the others.
const MANY: usize = 10_000;
const SOME: usize = 3_000;

static PAIR: LazyLock<[App; 2]> = LazyLock::new(|| {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let setting = Setting {
        database_url: Some(runtime.block_on(empty_postgres())),
        proxies: 1,
        ..Setting::default()
    };
    [App::start(setting.clone()), App::start(setting)]
});

/// Two replicas that the tests here share.
pub(super) async fn pair() -> [&'static App; 2] {
    tokio::task::spawn_blocking(|| {
        site::operator();
        PAIR.each_ref()
    })
    .await
    .unwrap()
}

/// A key that both replicas know, and have hashed once.
async fn known_key(replicas: [&App; 2], person: &Person<'_>, body: Value) -> (String, String) {
    let (key, id) = person.key(body).await;
    until_accepted(replicas, &key).await;
    (key, id)
}

async fn until_accepted(replicas: [&App; 2], token: &str) {
    for replica in replicas {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
        let mut count = 0;
        loop {
            ticks.tick().await;
            let me = replica.send(Method::GET, "/v1/me", Some(token), None).await;
            if me.status == 200 {
                break;
            }
            count += 1;
            assert!(count < 500, "{me:?}");
        }
    }
}

/// The object of a key, as an administrator has it.
async fn object_of(person: &Person<'_>, key: &str) -> (Api<ApiKey>, String) {
    let me = person.get("/v1/me").await.expect(200);
    let namespace = me["tenant"]["namespace"].as_str().unwrap();
    let keys = Api::<ApiKey>::namespaced(site::SHARED.plane.client().await, namespace);
    let all = keys.list(&Default::default()).await.unwrap();
    let lookup_id = &key[4..14];
    let found = all.iter().find(|key| key.spec.lookup_id == lookup_id);
    (keys, found.unwrap().metadata.name.clone().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn j10_a_key_that_is_revoked_is_refused_by_all_once_it_is_said() {
    let replicas = pair().await;
    let person = replicas[0].person("revoker").await;
    let (key, id) = known_key(replicas, &person, json!({"label": "race"})).await;
    let race = race(replicas, &key, MANY, || async {
        let gone = person.delete(&format!("/v1/api-keys/{id}")).await;
        gone.expect(204);
    });
    race.await.is_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn j10_a_session_that_signs_out_is_refused_by_all_once_it_is_said() {
    let replicas = pair().await;
    let person = replicas[0].person("leaver").await;
    until_accepted(replicas, &person.token).await;
    let race = race(replicas, &person.token, MANY, || async {
        person.post("/v1/auth/signout", json!({})).await.expect(204);
    });
    race.await.is_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn j10_what_a_key_has_minted_ends_with_it() {
    let replicas = pair().await;
    let person = replicas[0].person("parent").await;
    let (parent, id) = known_key(replicas, &person, json!({"label": "parent"})).await;
    let mut key = parent;
    // The child by one replica, the grandchild by the other.
    for replica in [replicas[1], replicas[0]] {
        let body = Some(json!({"label": "child"}));
        let made = replica
            .send(Method::POST, "/v1/api-keys", Some(&key), body)
            .await;
        made.expect(201)["key"]
            .as_str()
            .unwrap()
            .clone_into(&mut key);
        until_accepted(replicas, &key).await;
    }
    let race = race(replicas, &key, SOME, || async {
        let gone = person.delete(&format!("/v1/api-keys/{id}")).await;
        gone.expect(204);
    });
    race.await.is_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_kubectl_deletes_is_refused_within_a_second() {
    let replicas = pair().await;
    let person = replicas[0].person("kubectl").await;
    let (key, _) = known_key(replicas, &person, json!({"label": "deleted"})).await;
    let (keys, name) = object_of(&person, &key).await;
    let race = race(replicas, &key, SOME, || async {
        keys.delete(&name, &DeleteParams::default()).await.unwrap();
    });
    race.await.is_reached();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_kubectl_marks_is_refused_within_a_second() {
    let replicas = pair().await;
    let person = replicas[0].person("marked").await;
    let (key, _) = known_key(replicas, &person, json!({"label": "marked"})).await;
    let (keys, name) = object_of(&person, &key).await;
    let race = race(replicas, &key, SOME, || async {
        let revoked = Patch::Merge(json!({"spec": {"revoked": true}}));
        let params = PatchParams::default();
        keys.patch(&name, &params, &revoked).await.unwrap();
    });
    race.await.is_reached();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_taken_off_the_list_is_refused_within_a_second() {
    let replicas = pair().await;
    let store = Store::open(&replicas[0].database_url.clone().into())
        .await
        .unwrap();
    let kubernetes = site::SHARED.plane.client().await;
    for with_key in [false, true] {
        let email = format!("{with_key}@guests.test");
        let now = Timestamp::now();
        store.allow(&email, AllowSource::Admin, now).await.unwrap();
        let person = replicas[0].sign_in(&email).await;
        let (key, _) = known_key(replicas, &person, json!({"label": "guest"})).await;
        let token = if with_key { &key } else { &person.token };
        until_accepted(replicas, token).await;
        let race = race(replicas, token, SOME, || async {
            assert_eq!(
                store.deny(&email, now).await.unwrap(),
                std::slice::from_ref(&person.user_id)
            );
            admin::end_keys_of_strangers(&kubernetes, &store)
                .await
                .unwrap();
        });
        race.await.is_reached();
        // Neither is left, nor can another be had.
        for token in [&key, &person.token] {
            let me = replicas[1]
                .send(Method::GET, "/v1/me", Some(token), None)
                .await;
            assert_eq!(me.refusal(401), "invalid_token");
        }
        let body = Some(json!({"refreshToken": person.refresh}));
        let refreshed = replicas[1]
            .anonymous(Method::POST, "/v1/auth/refresh", body)
            .await;
        assert_eq!(refreshed.refusal(400), "invalid_grant");
    }
}
