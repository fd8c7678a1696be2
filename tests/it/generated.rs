//! What is generated and committed is what the code says today.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test they help"
)]

use std::collections::BTreeSet;
use std::path::Path;

use http::Request;
use kisenon::crd::definitions;
use serde_json::Value;

use crate::cluster;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/crds");

#[test]
fn the_definitions_in_crds_are_those_of_the_code() {
    for (file, definition) in definitions() {
        let committed = std::fs::read_to_string(Path::new(FOLDER).join(file)).unwrap();
        let fresh = serde_saphyr::to_string(&definition).unwrap();
        let drift = fresh.lines().zip(committed.lines()).find(|(f, c)| f != c);
        assert!(
            fresh == committed,
            "crds/{file} is not what the code generates, first at {drift:?}: \
             run `make generate` and commit the result"
        );
    }
}

#[test]
fn openapi_json_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap();
    let fresh = kisenon::api::router::document().to_pretty_json().unwrap() + "\n";
    let drift = fresh.lines().zip(committed.lines()).find(|(f, c)| f != c);
    assert!(
        fresh == committed,
        "openapi.json is not what the code generates, first at {drift:?}: \
         run `make generate` and commit the result"
    );
}

#[test]
fn crds_holds_the_definitions_alone_and_kustomize_takes_each() {
    let mut expected = definitions()
        .iter()
        .map(|(file, _)| (*file).to_owned())
        .collect::<BTreeSet<_>>();
    let list = std::fs::read_to_string(Path::new(FOLDER).join("kustomization.yaml")).unwrap();
    let list: Value = serde_saphyr::from_str(&list).unwrap();
    let taken = list["resources"].as_array().unwrap().iter();
    let taken = taken.map(|file| file.as_str().unwrap().to_owned());
    assert_eq!(taken.collect::<BTreeSet<_>>(), expected);

    expected.insert("kustomization.yaml".to_owned());
    let present = std::fs::read_dir(FOLDER).unwrap();
    let present = present.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(present.collect::<BTreeSet<_>>(), expected);
}

/// The columns of `kubectl get`, those of `-o wide` in parentheses.
async fn columns(plural: &str) -> String {
    let client = cluster::client().await;
    let request = Request::get(format!("/apis/kisenon.com/v1alpha1/{plural}"))
        .header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
        .body(Vec::new())
        .unwrap();
    let table = client.request::<Value>(request).await.unwrap();
    let columns = table["columnDefinitions"].as_array().unwrap().iter();
    let names = columns.map(|column| match column["priority"].as_i64() {
        Some(0) => column["name"].as_str().unwrap().to_owned(),
        _ => format!("({})", column["name"].as_str().unwrap()),
    });
    names.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn kubectl_get_shows_what_people_ask_for() {
    let projects = "Name Postgres Endpoints Running Ready Age (Reason) (Namespace)";
    assert_eq!(columns("projects").await, projects);
    let endpoints = "Name Project Phase Address Ready Isolated Age (Reason)";
    assert_eq!(columns("endpoints").await, endpoints);
    let keys = "Name Label Lookup-Id State Expires Age";
    assert_eq!(columns("apikeys").await, keys);
}
