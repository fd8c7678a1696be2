//! What went wrong with the database.
//!
//! Neither text nor `Debug` of an error holds the database's URL or a value of a row: drivers put
//! both into theirs, so no error of a driver is kept whole.

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;
use thiserror::Error;

/// The database did not do what was asked of it.
#[derive(Debug, Error)]
#[error("failed to {action}")]
pub struct StoreError {
    action: &'static str,
    #[source]
    cause: Cause,
}

/// Why; text that is safe to log.
#[derive(Debug, Error)]
enum Cause {
    #[error("the database is away: {0}")]
    Away(String),
    #[error("the database URL cannot be used: {0}")]
    Setting(&'static str),
    #[error("the database refused: {message} ({code})")]
    Refused { code: String, message: String },
    #[error("{0}")]
    Other(String),
}

impl StoreError {
    pub(super) fn new(action: &'static str, error: sqlx::Error) -> Self {
        let cause = explain(error);
        Self { action, cause }
    }

    pub(super) fn timed_out(action: &'static str) -> Self {
        let cause = Cause::Away("no answer in time".to_owned());
        Self { action, cause }
    }

    pub(super) fn setting(action: &'static str, why: &'static str) -> Self {
        let cause = Cause::Setting(why);
        Self { action, cause }
    }

    pub(super) fn file(action: &'static str, error: &std::io::Error) -> Self {
        let cause = Cause::Away(error.kind().to_string());
        Self { action, cause }
    }

    /// Whether the database is away, full or overloaded: the same call may succeed later. Else
    /// the error is a defect or a setting.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self.cause, Cause::Away(_))
    }
}

fn explain(error: sqlx::Error) -> Cause {
    match error {
        sqlx::Error::Database(error) => explain_answer(&*error),
        // Their texts may hold the URL or its parts.
        sqlx::Error::Io(error) => Cause::Away(error.kind().to_string()),
        sqlx::Error::Tls(_) => Cause::Away("TLS could not be agreed".to_owned()),
        sqlx::Error::Configuration(_) => Cause::Setting("it is malformed"),
        error @ (sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed) => Cause::Away(error.to_string()),
        sqlx::Error::Migrate(error) => explain_migration(*error),
        error => Cause::Other(error.to_string()),
    }
}

fn explain_migration(error: MigrateError) -> Cause {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => explain(error),
        MigrateError::VersionMissing(version) => Cause::Other(format!(
            "the database was migrated by a newer program (to version {version})"
        )),
        error => Cause::Other(error.to_string()),
    }
}

fn explain_answer(error: &dyn DatabaseError) -> Cause {
    let code = error.code().unwrap_or_default().into_owned();
    if error.try_downcast_ref::<PgDatabaseError>().is_none() {
        return explain_sqlite(code, error);
    }
    // PostgreSQL manual, appendix A. A refused sign-in names the user or the database of the URL.
    match code.as_str() {
        code if code.starts_with("28") || code.starts_with("3D") => {
            Cause::Away(format!("it does not let us in ({code})"))
        }
        // Connection, resources, system, shutdown, read-only standby; conflicts and time limits
        // that a second attempt gets over.
        "57P01" | "57P02" | "57P03" | "57014" | "55P03" | "40001" | "40P01" | "25006" => {
            Cause::Away(error.message().to_owned())
        }
        code if ["08", "53", "58"].contains(&code.get(..2).unwrap_or_default()) => {
            Cause::Away(error.message().to_owned())
        }
        // Not the detail, which quotes the row.
        _ => Cause::Refused {
            code,
            message: error.message().to_owned(),
        },
    }
}

fn explain_sqlite(code: String, error: &dyn DatabaseError) -> Cause {
    let message = error.message().to_owned();
    // An extended code holds the primary one in its low byte: busy, locked, read-only, I/O error,
    // full, cannot open.
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(5 | 6 | 8 | 10 | 13 | 14) => Cause::Away(message),
        _ => Cause::Refused { code, message },
    }
}
