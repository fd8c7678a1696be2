//! psql in the place of this program: it has the terminal and its signals to itself, and its exit
//! code is ours.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::form;
use crate::cli::error::Error;
use crate::wire::endpoint::connection::ConnectionView;

/// Variables of libpq that say neither where to connect nor how safely, so the person's own stand
/// (PostgreSQL manual, "Environment Variables"). Any other, known today or not, is taken out.
const HARMLESS: [&str; 8] = [
    "PGAPPNAME",
    "PGCLIENTENCODING",
    "PGCONNECT_TIMEOUT",
    "PGDATESTYLE",
    "PGGEQO",
    "PGLOCALEDIR",
    "PGOPTIONS",
    "PGTZ",
];
/// How a password is given that keon does not know.
const OWN_PASSWORD: [&str; 2] = ["PGPASSFILE", "PGPASSWORD"];

/// Becomes psql. Returns only where that fails. `set` is what the environment has of libpq.
pub(super) fn replace(
    connection: &ConnectionView,
    authority: &Path,
    set: &[OsString],
    arguments: &[OsString],
) -> Error {
    let mut psql = Command::new("psql");
    for name in set.iter().filter(|name| !is_kept(name, connection)) {
        psql.env_remove(name);
    }
    let error = psql
        .envs(form::variables(connection, authority))
        // Encryption by Kerberos would take the place of TLS, and of the certificate.
        .env("PGGSSENCMODE", "disable")
        .args(arguments)
        .exec();
    if error.kind() == io::ErrorKind::NotFound {
        return Error::refused("psql is not installed").hinting(
            "install it (apt install postgresql-client, dnf install postgresql, brew install \
             libpq), or use another client: keon connection-string",
        );
    }
    Error::Program {
        program: "psql".to_owned(),
        source: error,
    }
}

fn is_kept(name: &OsString, connection: &ConnectionView) -> bool {
    HARMLESS.iter().any(|of| name == of)
        || (connection.password.is_none() && OWN_PASSWORD.iter().any(|of| name == of))
}
