//! Errors: what is said, in which words, with which exit code.

use std::net::TcpListener;

use super::machine::Machine;
use crate::api::app::App;

/// A port of this machine where nobody listens.
fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_the_cause_and_what_to_check() {
    let person = App::shared().await.person("nobody").await;
    let base = format!("http://127.0.0.1:{}", closed_port());
    let machine = Machine::of(&person).await.with("KISENON_API_URL", &base);
    let said = machine.keon(&["projects", "list"]).fails(1);
    let lines = said.lines().collect::<Vec<_>>();
    assert_eq!(lines[0], format!("error: failed to reach {base}/"));
    assert!(
        lines.contains(&"caused by: Connection refused (os error 111)"),
        "{said}"
    );
    assert!(
        lines.last().unwrap().starts_with("hint: check --api-url"),
        "{said}"
    );
}

#[tokio::test]
async fn whoever_has_not_signed_in_is_told_how() {
    let base = &App::shared().await.base;
    let machine = Machine::new().with("KISENON_API_URL", base);
    for args in [
        &["projects", "list"][..],
        &["endpoints", "get", "x"],
        &["api-keys", "list"],
    ] {
        assert_eq!(
            machine.keon(args).fails(4),
            format!(
                "error: not signed in to {base}/\nhint: run keon login, or set KISENON_API_KEY\n"
            )
        );
    }
}

#[tokio::test]
async fn what_is_set_wrongly_is_told_before_anything_is_sent() {
    let person = App::shared().await.person("wrong").await;
    let machine = Machine::of(&person).await;
    let other = |name: &str, value: &str| machine.again().with(name, value);
    for (machine, said) in [
        (
            other("KISENON_API_KEY", "hunter2"),
            "KISENON_API_KEY is no API key",
        ),
        (
            other("KISENON_API_URL", "http://api.example.com"),
            "would send the API key in clear text",
        ),
        (other("KISENON_API_URL", "ftp://127.0.0.1"), "https://"),
        (other("KISENON_API_URL", "nonsense"), "--api-url"),
    ] {
        let told = machine.keon(&["projects", "list"]).fails(2);
        assert!(told.contains(said) && !told.contains("hunter2"), "{told}");
    }
}

#[tokio::test]
async fn a_key_of_nobody_is_refused_as_not_signed_in() {
    let person = App::shared().await.person("revoked").await;
    let machine = Machine::of(&person).await;
    let listed = machine.keon(&["api-keys", "list", "-o", "json"]).json();
    let id = listed[0]["id"].as_str().unwrap();
    person.delete(&format!("/v1/api-keys/{id}")).await;
    let said = machine.keon(&["projects", "list"]).fails(4);
    assert_eq!(
        said.lines().last().unwrap(),
        "hint: put another key into KISENON_API_KEY, or unset it and run keon login"
    );
}
