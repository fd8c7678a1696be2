//! One request sent many times at once, to both replicas, is done once.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::app::{Answer, App, Person, client, finish, somebodys_address};
use super::revocation::pair;

const AT_ONCE: usize = 50;

/// Sends each body at once with the others, by turns to each replica, under one key.
async fn send_all(replicas: [&App; 2], person: &Person<'_>, bodies: Vec<Value>) -> Vec<Answer> {
    let mut requests = JoinSet::new();
    for (place, body) in bodies.into_iter().enumerate() {
        let url = format!("{}/v1/projects", replicas[place % 2].base);
        let request = client()
            .post(url)
            .bearer_auth(&person.token)
            .header("x-forwarded-for", somebodys_address())
            .header("idempotency-key", "0a1b2c3d-race");
        requests.spawn(finish(request.json(&body)));
    }
    requests.join_all().await
}

async fn projects(person: &Person<'_>) -> Vec<Value> {
    let listed = person.get("/v1/projects").await.expect(200);
    listed["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_at_once_one_makes_the_project_and_all_are_answered_with_it() {
    let replicas = pair().await;
    let person = replicas[0].person("once").await;
    let body = json!({"name": "once"});
    let answers = send_all(replicas, &person, vec![body.clone(); AT_ONCE]).await;
    let mut made = Vec::new();
    for answer in &answers {
        match answer.status.as_u16() {
            201 => made.push(answer.json()),
            _ => {
                assert_eq!(answer.refusal(409), "idempotency_in_progress");
                assert!(!answer.header("retry-after").is_empty());
            }
        }
    }
    let first = made.first().unwrap().clone();
    assert!(made.iter().all(|view| *view == first), "{made:?}");
    // Whoever was told to ask again is answered as the first.
    for answer in send_all(replicas, &person, vec![body; 2]).await {
        assert_eq!(answer.expect(201), first);
    }
    let stored = projects(&person).await;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0]["id"], first["id"]);
    let events = person.get("/v1/audit-events").await.expect(200);
    let events = events["items"].as_array().unwrap().iter();
    let creations = events.filter(|event| event["action"] == "project.create");
    assert_eq!(creations.count(), 1, "done once, recorded once");
    let other = send_all(replicas, &person, vec![json!({"name": "other"})]).await;
    assert_eq!(other[0].refusal(422), "idempotency_mismatch");
    assert_eq!(projects(&person).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_for_two_bodies_at_once_makes_the_one_that_came_first() {
    let replicas = pair().await;
    let person = replicas[1].person("two").await;
    let bodies = (0..20).map(|count| json!({"name": format!("body-{}", count % 4 / 2)}));
    let answers = send_all(replicas, &person, bodies.collect()).await;
    let mut mismatches = 0;
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        match &*code {
            "idempotency_mismatch" => mismatches += 1,
            "idempotency_in_progress" => {}
            _ => panic!("{answer:?}"),
        }
    }
    assert!(mismatches >= 10, "{mismatches}");
    assert_eq!(projects(&person).await.len(), 1);
}

/// Without a key each request is its own: the name tells them apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_key_the_second_finds_the_name_taken() {
    let replicas = pair().await;
    let person = replicas[0].person("keyless").await;
    let make = async |place: usize| {
        let body = Some(json!({"name": "same"}));
        let token = Some(person.token.as_str());
        replicas[place]
            .send(Method::POST, "/v1/projects", token, body)
            .await
    };
    let (one, two) = tokio::join!(make(0), make(1));
    let (made, refused) = if one.status == 201 {
        (one, two)
    } else {
        (two, one)
    };
    made.expect(201);
    assert_eq!(refused.refusal(409), "name_taken");
}
