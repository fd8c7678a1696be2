//! Connection strings: real clients connect with them, with the certificate checked.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::machine::{KEON, Machine, Outcome};
use super::postgres::PASSWORD;
use super::shop::{Shop, key_of};

/// The certificate that is checked, as the server sees it.
const IS_TLS: &str = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";

/// Runs a line of a shell on a machine; `keon` is what is tested.
fn sh(machine: &Machine, line: &str) -> Outcome {
    let line = line.replace("keon", KEON);
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", &line])
        .env_clear()
        .envs(machine.environment());
    Outcome::of(&[&line], shell.output().unwrap())
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_of_a_connection_string_connects_with_the_certificate_checked() {
    let shop = Shop::served("forms").await;
    let machine = &shop.machine;
    for line in [
        format!("psql -tA -c '{IS_TLS}' \"$(keon connection-string shop-main)\""),
        format!("psql -tA -c '{IS_TLS}' \"$(keon connection-string shop-main --format keywords)\""),
        format!(
            "eval \"$(keon connection-string shop-main --format env)\"; psql -tA -c '{IS_TLS}'"
        ),
    ] {
        let outcome = sh(machine, &line);
        assert_eq!(outcome.stderr, "", "{line}");
        assert_eq!(outcome.ok(), "t\n", "{line}");
    }
    // What the person has set for another server does not lead there.
    let misled = Machine::new()
        .with("KISENON_API_URL", &shop.app.base)
        .with("KISENON_API_KEY", &key_of(machine))
        .with("PGHOSTADDR", "192.0.2.1")
        .with("PGSSLMODE", "disable")
        .with("PGHOST", "192.0.2.1")
        .with("PGCONNECT_TIMEOUT", "10");
    let line = "eval \"$(keon connection-string shop-main --format env)\"; psql -tAc 'select 1'";
    assert_eq!(sh(&misled, line).ok(), "1\n");

    let uri = machine.keon(&["connection-string", "shop-main"]).ok();
    assert_eq!(uri.lines().count(), 1);
    let folder = machine.home().join(".cache/keon/authorities");
    assert_eq!(mode(&folder), 0o700);
    let files = std::fs::read_dir(&folder).unwrap();
    let files = files.map(|of| of.unwrap().path()).collect::<Vec<_>>();
    assert_eq!(files.len(), 1, "one authority is one file: {files:?}");
    assert_eq!(mode(&files[0]), 0o600);
    let path = files[0].display().to_string().replace('/', "%2F");
    assert!(
        uri.contains(&format!("sslmode=verify-full&sslrootcert={path}")),
        "{uri}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_is_what_the_api_answers_and_the_password_can_be_left_out() {
    let shop = Shop::new("connection-json").await;
    shop.opened("198.51.100.7", "CA\n").await;
    let machine = &shop.machine;
    let told = machine
        .keon(&["connection-string", "shop-main", "-o", "json"])
        .json();
    assert_eq!(told["password"], PASSWORD);
    assert_eq!(told["caCertificate"], "CA\n");
    let args = ["connection-string", "shop-main", "--no-password"];
    let uri = machine.keon(&args).ok();
    let start = "postgresql://app@198.51.100.7:5432/main?sslmode=verify-full&sslrootcert=%2F";
    assert!(uri.starts_with(start), "{uri}");
    let told = machine.keon(&[&args[..], &["-o", "json"]].concat()).json();
    assert_eq!(told.get("password"), None);
    assert!(!told.to_string().contains("p%27w"), "{told}");
    let file = machine.home().join("of mine.pem");
    let args = [
        "connection-string",
        "shop-main",
        "--write-ca",
        "of mine.pem",
        "--format",
        "env",
    ];
    let mut command = machine.command(&args);
    let outcome = Outcome::of(&args, command.current_dir(machine.home()).output().unwrap());
    let line = format!("export PGSSLROOTCERT='{}'\n", file.display());
    assert!(outcome.ok().contains(&line));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "CA\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_connected_to_is_told_with_what_to_do() {
    let shop = Shop::new("unready").await;
    let machine = &shop.machine;
    let told = machine.keon(&["connection-string", "shop-main"]).fails(1);
    assert!(
        told.contains("shop-main has no address yet: Pending"),
        "{told}"
    );
    assert!(
        told.contains("hint: look again: keon endpoints get shop-main"),
        "{told}"
    );
    let told = machine.keon(&["psql", "shop-main"]).fails(1);
    assert!(told.contains("takes no clients yet: Pending"), "{told}");

    let narrow = shop.machine_with(json!({"scopes": ["read"]})).await;
    let told = narrow.keon(&["connection-string", "shop-main"]).fails(1);
    assert!(told.contains("does not have the scope write"), "{told}");
    assert!(
        told.contains("hint: a connection holds the password"),
        "{told}"
    );

    shop.opened("198.51.100.7", "CA\n").await;
    let key = shop.app.with(&key_of(machine));
    let list = key.get("/v1/endpoints").await.ok(200);
    let path = format!("/v1/endpoints/{}", list["items"][0]["id"].as_str().unwrap());
    key.post(&format!("{path}/suspend"), json!({}))
        .await
        .ok(200);
    shop.status(json!({"phase": "Stopped"})).await;
    let told = machine.keon(&["psql", "shop-main"]).fails(1);
    let hint =
        "error: endpoint shop-main is suspended\nhint: start it: keon endpoints resume shop-main\n";
    assert_eq!(told, hint);
    // Address and password are kept, so there is something to print.
    let outcome = machine.keon(&["connection-string", "shop-main"]);
    assert_eq!(outcome.stderr, "endpoint shop-main is suspended\n");
    assert!(outcome.ok().starts_with("postgresql://app:"));

    // Who has reset the password has seen it, and nobody else can.
    key.post(&format!("{path}/reset-password"), json!({}))
        .await
        .ok(200);
    let outcome = machine.keon(&["connection-string", "shop-main"]);
    let hint = "keon endpoints reset-password shop-main";
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    assert!(outcome.ok().starts_with("postgresql://app@"));
    let told = machine.keon(&["psql", "shop-mian"]).fails(1);
    assert!(told.contains("hint: did you mean shop-main?"), "{told}");
}
