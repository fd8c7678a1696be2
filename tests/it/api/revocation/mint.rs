//! Keys that are made while what they rest on ends.

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use super::super::app::{Answer, client, finish, somebodys_address};
use super::{known_key, pair};

/// A key that is being revoked mints on both replicas. None of what it minted is left when its
/// end has been said, however the two met: a thief with a leaked key must not make its successor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_cannot_make_its_successor_while_it_is_revoked() {
    let replicas = pair().await;
    for round in 0..3 {
        let person = replicas[0].person("successor").await;
        let (parent, id) = known_key(replicas, &person, json!({"label": "parent"})).await;
        let mut minting = JoinSet::new();
        for count in 0..8 {
            let url = format!("{}/v1/api-keys", replicas[count % 2].base);
            let request = client().post(url).bearer_auth(&parent);
            let request = request.header("x-forwarded-for", somebodys_address());
            minting.spawn(finish(request.json(&json!({"label": "successor"}))));
        }
        let mut first = Vec::new();
        for _ in 0..=round {
            first.push(minting.join_next().await.unwrap().unwrap());
        }
        let gone = person.delete(&format!("/v1/api-keys/{id}")).await;
        gone.expect(204);
        first.extend(minting.join_all().await);
        let made = first.iter().filter(|answer| answer.status == 201);
        for answer in made.clone() {
            let key = answer.json()["key"].as_str().unwrap().to_owned();
            for replica in replicas {
                let me = replica.send(Method::GET, "/v1/me", Some(&key), None).await;
                assert_eq!(me.refusal(401), "invalid_token", "a successor lives");
            }
        }
        assert!(made.count() > round, "nothing was minted: no race");
        let is_refusal = |answer: &&Answer| matches!(answer.status.as_u16(), 401 | 404 | 503);
        let others = first.iter().filter(|answer| answer.status != 201);
        assert!(
            others.clone().all(|answer| is_refusal(&answer)),
            "{others:?}"
        );
        let left = person.get("/v1/api-keys").await.expect(200);
        assert_eq!(left["items"], json!([]));
    }
}

/// Two who end one session at once both wait until all replicas know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_out_second_waits_as_well() {
    let replicas = pair().await;
    for _ in 0..8 {
        let person = replicas[0].person("twice").await;
        let sign_out = async |place: usize| {
            let (path, token) = ("/v1/auth/signout", Some(person.token.as_str()));
            let ended = replicas[place]
                .send(Method::POST, path, token, Some(json!({})))
                .await;
            if ended.status == 204 {
                let other = replicas[1 - place]
                    .send(Method::GET, "/v1/me", token, None)
                    .await;
                assert_eq!(other.refusal(401), "invalid_token");
            }
        };
        tokio::join!(sign_out(0), sign_out(1));
    }
}
