//! The first minutes of a new user: apply, wait, connect, and what stays refused.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::api::Api;
use tempfile::NamedTempFile;

use crate::cluster_handle::{Cluster, Host};
use crate::endpoint::{Login, text};
use crate::stage;
use crate::tenant::Tenant;
use crate::wait::watched;

/// Entries that the Service Binding specification names, and ours.
const BINDING: [&str; 9] = [
    "ca.crt", "database", "host", "password", "port", "provider", "type", "uri", "username",
];

/// What a tenant's role may not do, each with what its refusal says (N17).
const FORBIDDEN: [(&str, &str); 9] = [
    ("COPY (SELECT 1) TO PROGRAM 'true'", "permission denied"),
    ("COPY (SELECT 1) TO '/tmp/x'", "permission denied"),
    ("SELECT pg_read_file('/etc/passwd')", "permission denied"),
    ("SELECT lo_import('/etc/passwd')", "permission denied"),
    // Neither may be made by it, and dblink is left out of the image where that can be.
    ("CREATE EXTENSION dblink", "dblink"),
    ("ALTER SYSTEM SET work_mem = '1GB'", "permission denied"),
    ("ALTER ROLE CURRENT_USER SUPERUSER", "permission denied"),
    ("SET ROLE postgres", "permission denied"),
    ("CREATE ROLE other LOGIN", "permission denied"),
];

#[tokio::test]
async fn the_example_gives_a_server_on_postgres_17() {
    tour("17").await;
}

#[tokio::test]
async fn the_example_gives_a_server_on_postgres_15() {
    tour("15").await;
}

async fn tour(major: &str) {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::empty(&cluster, &format!("tour{major}")).await;
    apply_example(&tenant, major);
    let endpoint = "endpoint.kisenon.com/shop-main";
    let namespace = &*tenant.namespace;
    cluster
        .kubectl(&[
            "-n",
            namespace,
            "wait",
            "--for=condition=Ready",
            endpoint,
            "--timeout=120s",
        ])
        .output();
    let login = connection(&tenant).await;

    let by_uri = format!("psql '{}' -XAtc 'select 1'", login.uri);
    assert_eq!(cluster.lan(Host::Client, &[], &by_uri).output(), "1");
    let version = tenant.query(&login, "SHOW server_version_num");
    assert!(version.starts_with(major), "{version}");
    let seen = tenant.query(&login, "SELECT host(inet_client_addr())");
    assert_eq!(
        seen,
        Host::Client.address(),
        "the address that Postgres sees"
    );
    refuses_bad_clients(&tenant, &login);
    role_is_powerless(&tenant, &login);
}

/// The example as it is shipped, in a namespace of this story's.
#[track_caller]
fn apply_example(tenant: &Tenant, major: &str) {
    let example = include_str!("../examples/shop.yaml")
        .replace("name: acme", &format!("name: {}", tenant.namespace))
        .replace(
            "namespace: acme",
            &format!("namespace: {}", tenant.namespace),
        )
        .replace("tenant: acme", &format!("tenant: {}", tenant.namespace))
        .replace(
            "  network:\n",
            &format!("  postgresVersion: \"{major}\"\n  network:\n"),
        );
    tenant.apply(&example);
}

async fn connection(tenant: &Tenant) -> Login {
    let secrets = Api::<Secret>::namespaced(tenant.cluster.client.clone(), &tenant.namespace);
    let exists = |secret: Option<&Secret>| secret.is_some();
    let limit = Duration::from_secs(5);
    let secret = watched(secrets, "shop-main-connection", limit, exists)
        .await
        .unwrap();
    assert_eq!(
        secret.type_.as_deref(),
        Some("servicebinding.io/postgresql")
    );
    let keys = secret.data.iter().flatten().map(|(key, _)| &**key);
    assert_eq!(keys.collect::<BTreeSet<_>>(), BINDING.into());
    assert_eq!(text(&secret, "type").as_deref(), Some("postgresql"));
    assert_eq!(text(&secret, "provider").as_deref(), Some("kisenon"));
    Login::new(&tenant.cluster, &secret)
}

/// A certificate authority that is not the operator's: the cluster's own.
fn other_authority(tenant: &Tenant) -> NamedTempFile {
    let key = "jsonpath={.data.ca\\.crt}";
    let map = [
        "-n",
        &tenant.namespace,
        "get",
        "configmap",
        "kube-root-ca.crt",
        "-o",
        key,
    ];
    let mut file = NamedTempFile::new().unwrap();
    let certificate = tenant.cluster.kubectl(&map).output();
    file.write_all(certificate.as_bytes()).unwrap();
    file
}

fn refuses_bad_clients(tenant: &Tenant, login: &Login) {
    let wrong_password = login.with_password("not the password");
    let said = wrong_password.sql(Host::Client, "SELECT 1").refusal();
    assert!(said.contains("password authentication failed"), "{said}");
    let said = login
        .psql(Host::Client, "disable", "", "SELECT 1")
        .refusal();
    assert!(said.contains("pg_hba.conf"), "no TLS: {said}");
    let other = other_authority(tenant);
    let before = format!("PGSSLROOTCERT={}", other.path().display());
    let said = login
        .psql(Host::Client, "verify-full", &before, "SELECT 1")
        .refusal();
    assert!(said.contains("certificate verify failed"), "{said}");
    let said = login.sql(Host::Other, "SELECT 1").refusal();
    assert!(
        !said.contains("password"),
        "another host got through: {said}"
    );
}

fn role_is_powerless(tenant: &Tenant, login: &Login) {
    let powers = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls \
                  OR pg_has_role('pg_execute_server_program', 'MEMBER') \
                  OR pg_has_role('pg_read_server_files', 'MEMBER') \
                  OR pg_has_role('pg_write_server_files', 'MEMBER') \
                  FROM pg_roles WHERE rolname = current_user";
    assert_eq!(tenant.query(login, powers), "f");
    for (sql, expected) in FORBIDDEN {
        let said = login.sql(Host::Client, sql).refusal();
        // Postgres 15 names the missing power instead.
        let is_refused = said.contains(expected) || said.contains("must be superuser");
        assert!(is_refused, "{sql}: {said}");
    }
    let others = "SELECT count(*) FROM pg_database WHERE datallowconn \
                  AND datname <> current_database() \
                  AND has_database_privilege(datname, 'CONNECT')";
    assert_eq!(
        tenant.query(login, others),
        "0",
        "databases of the server's own"
    );
    // It is the owner of its database, and that it can use.
    tenant.query(
        login,
        "CREATE SCHEMA a CREATE TABLE b (c int); DROP SCHEMA a CASCADE",
    );
}
