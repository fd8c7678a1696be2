//! `keon psql`: the real psql takes the place of keon, and reaches the endpoint or nobody.

use std::os::unix::fs::PermissionsExt as _;

use super::machine::Machine;
use super::postgres::{PASSWORD, Postgres};
use super::shop::{Shop, key_of};
use crate::resource::app::until;

/// Settings of the person's that lead elsewhere, or to less safety.
const HOSTILE: [(&str, &str); 9] = [
    ("PGHOST", "192.0.2.1"),
    ("PGHOSTADDR", "192.0.2.1"),
    ("PGPORT", "1"),
    ("PGSSLMODE", "disable"),
    ("PGSSLROOTCERT", "/dev/null"),
    ("PGREQUIREPEER", "root"),
    ("PGSERVICE", "elsewhere"),
    ("PGPASSWORD", "another"),
    ("PGOFTOMORROW", "unsafe"),
];

/// The machine with all of these set.
fn hostile(shop: &Shop) -> Machine {
    let machine = Machine::new()
        .with("KISENON_API_URL", &shop.app.base)
        .with("KISENON_API_KEY", &key_of(&shop.machine));
    let service = machine.home().join("service.conf");
    std::fs::write(
        &service,
        "[elsewhere]\nhostaddr=192.0.2.1\nsslmode=disable\n",
    )
    .unwrap();
    let path = service.display().to_string();
    let machine = machine
        .with("PGSERVICEFILE", &path)
        .with("PGTZ", "Asia/Tokyo");
    let set = HOSTILE.into_iter();
    set.fold(machine, |machine, (name, value)| machine.with(name, value))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn psql_connects_over_checked_tls_whatever_is_set_for_other_servers() {
    let shop = Shop::served("psql").await;
    let query = "select ssl, current_user, current_database(), current_setting('timezone') \
        from pg_stat_ssl where pid = pg_backend_pid()";
    for (machine, zone) in [(&shop.machine, ""), (&hostile(&shop), "Asia/Tokyo")] {
        let outcome = machine.keon(&["psql", "shop-main", "--", "-tAc", query]);
        assert_eq!(outcome.stderr, "");
        let row = outcome.ok();
        assert!(
            row.starts_with("t|app|main|") && row.contains(zone),
            "{row}"
        );
    }
    // Its own exit code, and its own way with standard input.
    let args = ["psql", "shop-main", "--", "-v", "ON_ERROR_STOP=1"];
    let outcome = shop.machine.keon_with_input(&args, "select 1/0;");
    assert_eq!(outcome.code, 3, "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_the_authority_has_not_signed_is_not_given_the_password() {
    let postgres = tokio::task::spawn_blocking(Postgres::shared).await.unwrap();
    let other = kisenon::auth::certificate::Authority::generate(jiff::Timestamp::now()).unwrap();
    let shop = Shop::new("impostor").await;
    shop.opened(&postgres.host, &other.certificate).await;
    let told = shop
        .machine
        .keon(&["psql", "shop-main", "--", "-c", "select 1"])
        .fails(2);
    assert!(told.contains("certificate verify failed"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_is_in_no_argument_and_nothing_foreign_in_the_environment() {
    let shop = Shop::new("psql-env").await;
    shop.opened("198.51.100.7", "CA\n").await;
    let machine = hostile(&shop);
    let programs = machine.home().join("programs");
    std::fs::create_dir(&programs).unwrap();
    let psql = programs.join("psql");
    let script = "#!/bin/sh\nprintf 'argument %s\\n' \"$@\"\nenv | grep ^PG | sort\n";
    std::fs::write(&psql, script).unwrap();
    std::fs::set_permissions(&psql, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let machine = machine.with("PATH", &path);
    let seen = machine
        .keon(&["psql", "shop-main", "--", "-c", "select 1"])
        .ok();
    let authority = seen
        .lines()
        .find_map(|line| line.strip_prefix("PGSSLROOTCERT="));
    let authority = authority.unwrap().to_owned();
    assert_eq!(std::fs::read_to_string(&authority).unwrap(), "CA\n");
    let wanted = format!(
        "argument -c\nargument select 1\nPGDATABASE=main\nPGGSSENCMODE=disable\nPGHOST=198.51.100.7\n\
         PGPASSWORD={PASSWORD}\nPGPORT=5432\nPGSSLMODE=verify-full\nPGSSLROOTCERT={authority}\n\
         PGTZ=Asia/Tokyo\nPGUSER=app\n"
    );
    assert_eq!(seen, wanted);

    let told = machine
        .with("PATH", "/nowhere")
        .keon(&["psql", "shop-main"])
        .fails(1);
    assert!(
        told.contains("error: psql is not installed\nhint: install it"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_is_for_psql_and_the_shell_stays() {
    let shop = Shop::served("ctrl-c").await;
    let mut terminal = shop
        .machine
        .terminal(&["psql", "shop-main", "--", "--no-psqlrc"]);
    terminal.shows("main=>");
    terminal.types("select pg_sleep(600), 'ctrl-c';\n");
    let running = "select count(*) from pg_stat_activity \
        where state = 'active' and query like 'select pg_sleep(600), ''ctrl-c''%'";
    let postgres = Postgres::shared();
    until("the statement runs", async || {
        (postgres.ask(running) == "1\n").then_some(())
    })
    .await;
    terminal.interrupt();
    terminal.shows("canceling statement due to user request");
    terminal.types("select 40 + 2 as answer;\n");
    terminal.shows("42");
    terminal.types("\\q\n");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
}
