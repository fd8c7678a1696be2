//! Passwords that the tenant chooses: by a Secret, edited under a running server, and by a verifier.

use std::time::Duration;

use kisenon::auth::password;

use crate::cluster_handle::{Cluster, Host};
use crate::endpoint::Login;
use crate::stage;
use crate::tenant::Tenant;
use crate::wait::eventually;

const SOON: Duration = Duration::from_secs(15);

fn secret(tenant: &Tenant, password: &str) {
    tenant.apply(&format!(
        "{{apiVersion: v1, kind: Secret, metadata: {{name: mine}}, stringData: {{word: \"{password}\"}}}}"
    ));
}

#[tokio::test]
async fn an_edited_password_works_without_a_restart() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::new(&cluster, "password").await;
    secret(&tenant, "first of my words");
    tenant.endpoint(
        "main",
        "role: {name: me, passwordSecretRef: {name: mine, key: word}}",
    );
    tenant.ready("main").await;
    let first = tenant.login("main").await;
    assert_eq!(first.password, "first of my words");
    let started = tenant.query(&first, "SELECT pg_postmaster_start_time()");

    secret(&tenant, "second: 'of' my $words");
    let second = first.with_password("second: 'of' my $words");
    let still = log_in(&second, "the new password").await;
    assert_eq!(still, started, "it took no restart");
    first.sql(Host::Client, "SELECT 1").refusal();
    let told = || async {
        let login = tenant.login("main").await;
        let is_new = login.password == second.password;
        if is_new {
            Ok(())
        } else {
            Err("the Secret has the old one".to_owned())
        }
    };
    eventually("the connection Secret has it too", SOON, told).await;
}

#[tokio::test]
async fn a_verifier_needs_no_password_in_the_cluster() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::new(&cluster, "verifier").await;
    let word = "only I know this one";
    let verifier = password::verifier(&word.to_owned().into()).unwrap();
    tenant.endpoint(
        "main",
        &format!("role: {{passwordVerifier: \"{verifier}\"}}"),
    );
    tenant.ready("main").await;
    let login = tenant.login("main").await;
    assert_eq!(login.password, "", "the operator has none to tell");
    assert_eq!(tenant.query(&login.with_password(word), "SELECT 1"), "1");
    login
        .with_password("another")
        .sql(Host::Client, "SELECT 1")
        .refusal();
}

async fn log_in(login: &Login, what: &str) -> String {
    let ask = || {
        let answer = login.sql(Host::Client, "SELECT pg_postmaster_start_time()");
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
