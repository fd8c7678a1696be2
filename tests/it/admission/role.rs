//! The role that clients sign in as, its password, and the database.

use serde_json::{Value, json};

use super::{accepts, endpoint, project_with, refuses};

/// Of the password `pencil`: RFC 7677, section 3, in the form of `pg_authid.rolpassword`.
const VERIFIER: &str = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==\
    $WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

fn role(fields: &Value) -> Value {
    json!({"role": fields})
}

#[tokio::test]
async fn each_form_of_password_is_accepted_alone() {
    for form in [
        json!({}),
        json!({"name": "shop_1"}),
        json!({"passwordSecretRef": {"name": "mine", "key": "pw"}}),
        json!({"passwordVerifier": VERIFIER}),
    ] {
        accepts(endpoint(&role(&form))).await;
        accepts(project_with(&role(&form))).await;
    }
}

#[tokio::test]
async fn two_forms_of_password_are_refused() {
    let both = role(&json!({"passwordSecretRef": {"name": "mine"}, "passwordVerifier": VERIFIER}));
    let words = ["give passwordSecretRef or passwordVerifier, not both"];
    refuses(endpoint(&both), &words).await;
    refuses(project_with(&both), &words).await;
}

#[tokio::test]
async fn what_is_no_scram_verifier_is_refused_with_its_form() {
    for bad in [
        "pencil".to_owned(),
        "md5a6343a68d964ca596d9752250d54bb8a".to_owned(),
        VERIFIER.replace("$4096", "$1"),
        VERIFIER.replace("SHA-256", "SHA-1"),
        VERIFIER.replace("U=", "U"),
        format!("{VERIFIER}\n"),
    ] {
        let verifier = role(&json!({"passwordVerifier": bad}));
        let words = [
            "role.passwordVerifier: Invalid value",
            "SCRAM-SHA-256$<iterations, 1000 or more>:<salt>$<stored key>:<server key>",
        ];
        let message = refuses(endpoint(&verifier), &words).await;
        assert!(
            !message.contains(&bad),
            "a password may be shown: {message}"
        );
        let message = refuses(project_with(&verifier), &words).await;
        assert!(
            !message.contains(&bad),
            "a password may be shown: {message}"
        );
    }
}

#[tokio::test]
async fn names_that_need_quotes_are_refused() {
    for bad in ["Shop", "1shop", "my-shop", "shop;drop", "", "shöp"] {
        let words = ["role.name must be lower-case letters, digits and _"];
        refuses(endpoint(&role(&json!({"name": bad}))), &words).await;
        refuses(project_with(&role(&json!({"name": bad}))), &words).await;
        let words = ["database must be lower-case letters, digits and _"];
        refuses(endpoint(&json!({"database": bad})), &words).await;
        refuses(project_with(&json!({"database": bad})), &words).await;
    }
}

#[tokio::test]
async fn names_that_belong_to_the_server_are_refused() {
    for bad in ["postgres", "pg_monitor", "pg_"] {
        let words = [
            "role.name must not be postgres or begin with pg_",
            "write another name",
        ];
        refuses(endpoint(&role(&json!({"name": bad}))), &words).await;
        refuses(project_with(&role(&json!({"name": bad}))), &words).await;
    }
    for bad in ["postgres", "template0", "template1"] {
        let words = ["database must not be postgres, template0 or template1"];
        refuses(endpoint(&json!({"database": bad})), &words).await;
        refuses(project_with(&json!({"database": bad})), &words).await;
    }
}

#[tokio::test]
async fn names_have_at_most_63_characters() {
    let (fits, long) = ("a".repeat(63), "a".repeat(64));
    accepts(endpoint(&json!({"database": fits, "role": {"name": fits}}))).await;
    let words = ["spec.role.name: Too long: may not be more than 63 bytes"];
    refuses(endpoint(&role(&json!({"name": long}))), &words).await;
    let words = ["spec.database: Too long: may not be more than 63 bytes"];
    refuses(endpoint(&json!({"database": long})), &words).await;
}

#[tokio::test]
async fn a_reference_names_its_secret() {
    let empty = role(&json!({"passwordSecretRef": {}}));
    let words = ["spec.role.passwordSecretRef.name: Required value"];
    refuses(endpoint(&empty), &words).await;
}
