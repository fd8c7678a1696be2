//! The forms of a connection. Pure.

use std::ffi::OsString;
use std::path::Path;

use url::{Url, form_urlencoded};

use crate::cli::args::endpoint::ConnectionFormat;
use crate::wire::endpoint::connection::ConnectionView;

/// Variables of libpq that win over `PGHOST` or bring settings of their own, so that whoever sets
/// them would connect somewhere else (PostgreSQL manual, "Environment Variables").
const MISLEADING: [&str; 3] = ["PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE"];

/// Leaves the password out.
pub(super) fn forget_password(connection: &mut ConnectionView) {
    connection.password = None;
    if let Ok(mut uri) = Url::parse(&connection.uri)
        && uri.set_password(None).is_ok()
    {
        connection.uri = uri.into();
    }
}

/// libpq's variables for this connection.
pub(super) fn variables(
    connection: &ConnectionView,
    authority: &Path,
) -> Vec<(&'static str, OsString)> {
    let mut variables = vec![
        ("PGHOST", connection.host.clone().into()),
        ("PGPORT", connection.port.to_string().into()),
        ("PGDATABASE", connection.database.clone().into()),
        ("PGUSER", connection.username.clone().into()),
        ("PGSSLMODE", "verify-full".into()),
        ("PGSSLROOTCERT", authority.into()),
    ];
    if let Some(password) = &connection.password {
        variables.push(("PGPASSWORD", password.into()));
    }
    variables
}

/// A connection in one of its forms, with a line's end. `set` is what the shell has set of libpq.
pub(super) fn text(
    connection: &ConnectionView,
    authority: &Path,
    form: ConnectionFormat,
    set: &[OsString],
) -> String {
    match form {
        ConnectionFormat::Uri => uri(connection, authority) + "\n",
        ConnectionFormat::Env => env(connection, authority, set),
        ConnectionFormat::Keywords => keywords(connection, authority) + "\n",
    }
}

fn uri(connection: &ConnectionView, authority: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let path = form_urlencoded::byte_serialize(authority.as_os_str().as_bytes());
    // A plus is a space in forms, and a plus in libpq.
    let path = path.collect::<String>().replace('+', "%20");
    format!("{}&sslrootcert={path}", connection.uri)
}

fn env(connection: &ConnectionView, authority: &Path, set: &[OsString]) -> String {
    let is_set = |name: &&str| set.iter().any(|of| of == name);
    let unset = MISLEADING.into_iter().filter(is_set);
    let unset = unset.map(|name| format!("unset {name}\n"));
    let export = variables(connection, authority).into_iter();
    let export = export.map(|(name, value)| {
        let value = quoted(&value.to_string_lossy(), r"'\''", is_plain_in_shells);
        format!("export {name}={value}\n")
    });
    unset.chain(export).collect()
}

/// PostgreSQL manual, "Keyword/Value Connection Strings".
fn keywords(connection: &ConnectionView, authority: &Path) -> String {
    let port = connection.port.to_string();
    let authority = authority.to_string_lossy();
    let mut pairs = vec![
        ("host", &*connection.host),
        ("port", &port),
        ("dbname", &connection.database),
        ("user", &connection.username),
    ];
    if let Some(password) = &connection.password {
        pairs.push(("password", password));
    }
    pairs.push(("sslmode", "verify-full"));
    pairs.push(("sslrootcert", &authority));
    let is_plain = |c: char| !c.is_whitespace() && c != '\'' && c != '\\';
    let pairs = pairs.into_iter().map(|(name, value)| {
        let value = value.replace('\\', r"\\");
        format!("{name}={}", quoted(&value, r"\'", is_plain))
    });
    pairs.collect::<Vec<_>>().join(" ")
}

/// In single quotes where it is needed; `quote` stands for one within them.
fn quoted(value: &str, quote: &str, is_plain: impl Fn(char) -> bool) -> String {
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', quote))
}

fn is_plain_in_shells(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._/:@%+,".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::endpoint::PasswordSource;

    fn connection(password: Option<&str>) -> ConnectionView {
        let secret = password.map_or_else(String::new, |_| ":p%27w".to_owned());
        ConnectionView {
            host: "203.0.113.10".to_owned(),
            port: 5432,
            database: "app".to_owned(),
            username: "app".to_owned(),
            password: password.map(str::to_owned),
            uri: format!("postgresql://app{secret}@203.0.113.10:5432/app?sslmode=verify-full"),
            ca_certificate: String::new(),
            password_source: PasswordSource::Operator,
        }
    }

    fn written(form: ConnectionFormat, path: &str, set: &[&str]) -> String {
        let set = set.iter().map(OsString::from).collect::<Vec<_>>();
        text(&connection(Some("p'w")), Path::new(path), form, &set)
    }

    #[test]
    fn a_uri_names_the_authority_as_libpq_reads_it() {
        let uri = written(ConnectionFormat::Uri, "/home/é +/a.pem", &[]);
        let end = "sslmode=verify-full&sslrootcert=%2Fhome%2F%C3%A9%20%2B%2Fa.pem\n";
        assert!(uri.ends_with(end), "{uri}");
    }

    #[test]
    fn variables_are_quoted_for_shells_and_what_misleads_is_unset() {
        let env = written(
            ConnectionFormat::Env,
            "/home/a b.pem",
            &["PGHOSTADDR", "PGTZ"],
        );
        assert!(
            env.starts_with("unset PGHOSTADDR\nexport PGHOST=203.0.113.10\n"),
            "{env}"
        );
        assert!(
            env.contains("export PGSSLROOTCERT='/home/a b.pem'\n"),
            "{env}"
        );
        assert!(env.contains(r"export PGPASSWORD='p'\''w'"), "{env}");
        assert!(!env.contains("PGTZ"), "{env}");
    }

    #[test]
    fn keywords_are_quoted_for_libpq() {
        let pairs = written(ConnectionFormat::Keywords, r"/home/a b\c.pem", &[]);
        assert_eq!(
            pairs,
            "host=203.0.113.10 port=5432 dbname=app user=app password='p\\'w' \
             sslmode=verify-full sslrootcert='/home/a b\\\\c.pem'\n"
        );
    }

    #[test]
    fn a_password_can_be_left_out() {
        let mut connection = connection(Some("p'w"));
        forget_password(&mut connection);
        let uri = "postgresql://app@203.0.113.10:5432/app?sslmode=verify-full";
        assert_eq!((&*connection.uri, connection.password), (uri, None));
    }
}
