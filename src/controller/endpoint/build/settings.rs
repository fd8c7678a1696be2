//! Text of the server's settings: `postgresql.conf`, `pg_hba.conf`, the role's SQL, and the script
//! that gives a running server the parts that need no restart. Pure.

use std::fmt::Write as _;

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use ipnet::Ipv4Net;
use secrecy::{ExposeSecret, SecretString};

use super::super::materials::Materials;
use super::super::validate::ValidEndpoint;
use super::tenant_pod_cidrs;
use crate::config::Config;

/// Where the entrypoint keeps what a running server may be given anew.
const RUN: &str = "/run/postgresql";
/// What the script says when the server does not listen in time.
pub(in crate::controller::endpoint) const NOT_LISTENING: &str = "the server does not listen yet";
const MARK: &str = "KISENON_END_OF_FILE";
/// Memory that connections and the server's own work need beside the shared buffers.
const SHARED_BUFFERS_SHARE: i128 = 4;

/// What a running server is given without a restart, and its digest.
#[derive(Clone, Debug)]
pub(in crate::controller::endpoint) struct LiveSettings {
    /// A script for `sh -s`.
    pub script: SecretString,
    /// Changes when the script would change something.
    pub digest: String,
}

/// `postgresql.conf`: the tenant's parameters first, so that none can undo what follows.
pub(super) fn postgresql_conf(valid: &ValidEndpoint) -> String {
    let memory_mb = valid.memory_bytes >> 20;
    let buffers_mb = (memory_mb / SHARED_BUFFERS_SHARE).max(16);
    let cache_mb = (memory_mb * 3 / 4).max(32);
    let connections = (memory_mb / 8).clamp(20, 500);
    let mut text = format!(
        "shared_buffers = '{buffers_mb}MB'\n\
         effective_cache_size = '{cache_mb}MB'\n\
         max_connections = '{connections}'\n\
         max_wal_size = '256MB'\n\
         min_wal_size = '64MB'\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n"
    );
    for (name, value) in &valid.parameters {
        // Names and values come from a closed alphabet; this also holds if that ever widens.
        let _ = writeln!(text, "{name} = '{}'", value.replace('\'', "''"));
    }
    text.push_str(
        "listen_addresses = '0.0.0.0'\n\
         port = 5432\n\
         unix_socket_directories = '/run/postgresql'\n\
         unix_socket_permissions = 0700\n\
         hba_file = '/run/postgresql/pg_hba.conf'\n\
         ssl = on\n\
         ssl_cert_file = '/run/postgresql/tls.crt'\n\
         ssl_key_file = '/run/postgresql/tls.key'\n\
         ssl_min_protocol_version = 'TLSv1.2'\n\
         password_encryption = 'scram-sha-256'\n\
         authentication_timeout = 10s\n\
         tcp_keepalives_idle = 60\n\
         tcp_keepalives_interval = 10\n\
         tcp_keepalives_count = 3\n\
         logging_collector = off\n\
         log_destination = 'stderr'\n\
         log_line_prefix = '%m [%p] %q%u@%d '\n",
    );
    text
}

/// `pg_hba.conf`: a second wall behind the policy, in force at the very reload.
pub(super) fn pg_hba_conf(valid: &ValidEndpoint, config: &Config) -> String {
    let (database, role) = (&valid.database, &valid.role);
    let mut text = "local all postgres peer\n".to_owned();
    let mut line = |net: &Ipv4Net, method: &str| {
        // Quoted: a database or role called "all" is just that.
        let _ = writeln!(text, "hostssl \"{database}\" \"{role}\" {net} {method}");
    };
    for net in tenant_pod_cidrs(valid, config) {
        line(net, "scram-sha-256");
    }
    for block in &valid.blocks {
        for net in &block.except {
            line(net, "reject");
        }
        line(&block.cidr, "scram-sha-256");
    }
    text
}

/// SQL that makes the role as it should be, one statement a line: single-user mode reads lines.
pub(super) fn role_sql(valid: &ValidEndpoint, materials: &Materials) -> SecretString {
    let role = &valid.role;
    let verifier = &materials.verifier;
    format!(
        "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{role}') THEN CREATE ROLE \"{role}\"; END IF; END$$;\n\
         ALTER ROLE \"{role}\" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '{verifier}';\n"
    )
    .into()
}

/// SQL that makes the database, run once on a new data directory.
pub(super) fn database_sql(valid: &ValidEndpoint) -> String {
    let (database, role) = (&valid.database, &valid.role);
    format!(
        "CREATE DATABASE \"{database}\" OWNER \"{role}\";\n\
         REVOKE ALL ON DATABASE postgres, template1, \"{database}\" FROM PUBLIC;\n"
    )
}

/// The settings that a running server takes without a restart.
pub(super) fn live(valid: &ValidEndpoint, config: &Config, materials: &Materials) -> LiveSettings {
    let hba = pg_hba_conf(valid, config);
    let role = role_sql(valid, materials);
    let certificate = &materials.certificate;
    let digest = hex(&[
        hba.as_bytes(),
        role.expose_secret().as_bytes(),
        certificate.certificate.as_bytes(),
    ]);
    // A server that comes up listens within a moment; one that recovers is asked again later.
    let mut script = format!(
        "set -eu\numask 077\ncd {RUN}\n\
         n=0\n\
         until pg_isready --quiet --host {RUN} --timeout 1; do\n\
         n=$((n + 1))\n\
         [ $n -lt 60 ] || {{ echo '{NOT_LISTENING}' >&2; exit 1; }}\n\
         sleep 0.05\n\
         done\n"
    );
    for (name, content) in [
        ("pg_hba.conf", &*hba),
        ("tls.crt", &certificate.certificate),
        ("tls.key", certificate.key.expose_secret()),
    ] {
        let _ = write!(
            script,
            "cat > {name}.new <<'{MARK}'\n{}\n{MARK}\nmv {name}.new {name}\n",
            content.trim_end()
        );
    }
    let _ = write!(
        script,
        "psql --quiet --no-psqlrc --tuples-only --set ON_ERROR_STOP=1 --username postgres --dbname postgres >/dev/null <<'{MARK}'\n\
         {}{}{MARK}\n\
         printf %s {} > \"$PGDATA/kisenon.role\"\n\
         exit 0\n",
        role.expose_secret(),
        reload_and_terminate(valid, config),
        hex(&[role.expose_secret().as_bytes()]),
    );
    LiveSettings {
        script: script.into(),
        digest,
    }
}

/// Reloads, waits until this session has seen the reload, then ends the connections of clients
/// that are no longer admitted (N12): a new deny leaves established connections alone.
fn reload_and_terminate(valid: &ValidEndpoint, config: &Config) -> String {
    let inside = |net: &Ipv4Net| format!("client_addr <<= inet '{net}'");
    let mut admitted = tenant_pod_cidrs(valid, config)
        .iter()
        .map(inside)
        .collect::<Vec<_>>();
    for block in &valid.blocks {
        let mut rule = inside(&block.cidr);
        for except in &block.except {
            let _ = write!(rule, " AND NOT {}", inside(except));
        }
        admitted.push(format!("({rule})"));
    }
    let admitted = if admitted.is_empty() {
        "false".to_owned()
    } else {
        admitted.join(" OR ")
    };
    format!(
        "SELECT pg_conf_load_time() AS loaded \\gset\n\
         SELECT pg_reload_conf();\n\
         SELECT set_config('kisenon.loaded', :'loaded', false);\n\
         DO $$BEGIN FOR i IN 1..100 LOOP EXIT WHEN pg_conf_load_time() > current_setting('kisenon.loaded')::timestamptz; PERFORM pg_sleep(0.01); END LOOP; END$$;\n\
         SELECT pg_sleep(0.05);\n\
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND client_addr IS NOT NULL AND NOT ({admitted});\n"
    )
}

/// SHA-256 of the parts, hexadecimal.
pub(super) fn hex(parts: &[&[u8]]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    HEXLOWER.encode(context.finish().as_ref())
}
