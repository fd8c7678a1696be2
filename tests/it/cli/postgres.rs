//! A real Postgres that speaks TLS with a certificate of an authority like the operator's.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use jiff::Timestamp;
use kisenon::auth::certificate::{Authority, KeyedCertificate, Names};
use secrecy::ExposeSecret as _;

use crate::store::server::Server;

/// As endpoints have them by default.
const ROLE: &str = "app";
const DATABASE: &str = "main";
/// With everything in it that must be quoted somewhere.
pub(super) const PASSWORD: &str = "p'w \\\"%$+/:@é";
/// Only who brings the password over TLS is let in.
const HBA: &str = "local all all trust\nhostssl all all 0.0.0.0/0 scram-sha-256\n";

/// The one that tests share.
static SHARED: OnceLock<Postgres> = OnceLock::new();

/// A server with the role and the database of an endpoint.
pub(super) struct Postgres {
    /// Where it listens, on port 5432.
    pub(super) host: String,
    /// Certificate of the authority that signed its own.
    pub(super) authority: String,
    server: Server,
}

impl Postgres {
    /// The one that tests share, started by the first.
    pub(super) fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start)
    }

    fn start() -> Self {
        // A loopback address of this process' own, so that the port is the usual one.
        let [.., high, low] = std::process::id().to_be_bytes();
        let host = Ipv4Addr::new(127, 79, high, low.max(1)).to_string();
        let stored = Authority::generate(Timestamp::now()).unwrap();
        let names = Names {
            host: host.clone(),
            address: None,
        };
        let authority = Authority::load(&stored).unwrap();
        let certificate = authority.issue(&names, Timestamp::now()).unwrap();
        let server = Server::configured(|data| {
            put(data, &certificate);
            let on = |name: &str| format!("-c{name}");
            Ok(vec![
                on(&format!("listen_addresses={host}")),
                on("ssl=on"),
                on("ssl_cert_file=it.crt"),
                on("ssl_key_file=it.key"),
            ])
        });
        let server = server.unwrap();
        sql(
            &server,
            &format!(
                "create role {ROLE} login password '{}'",
                PASSWORD.replace('\'', "''")
            ),
        );
        sql(&server, &format!("create database {DATABASE} owner {ROLE}"));
        Self {
            host,
            authority: authority.certificate().to_owned(),
            server,
        }
    }

    /// What the server answers its administrator.
    pub(super) fn ask(&self, query: &str) -> String {
        sql(&self.server, query)
    }
}

/// Files as Postgres wants them: its own, the key for it alone.
fn put(data: &Path, certificate: &KeyedCertificate) {
    let owner = fs::metadata(data).unwrap();
    let files = [
        ("it.crt", &*certificate.certificate),
        ("it.key", certificate.key.expose_secret()),
        ("pg_hba.conf", HBA),
    ];
    for (name, text) in files {
        let path = data.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
}

fn sql(server: &Server, statement: &str) -> String {
    let socket = server.socket();
    let output = Command::new("psql")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .args([
            "-tA",
            "--no-psqlrc",
            "--username=kisenon",
            "--dbname=postgres",
            "--host",
        ])
        .arg(socket.parent().unwrap())
        .args(["--command", statement])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
