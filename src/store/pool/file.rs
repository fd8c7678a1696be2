//! The file of an SQLite database, before the first connection of the pool.

use std::io;
use std::path::Path;
use std::time::Duration;

use backon::{ConstantBuilder, Retryable as _};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Executor as _};

use crate::store::error::StoreError;

/// Waits for another process that opens the same file for the first time.
const ATTEMPT: Duration = Duration::from_millis(20);
const ATTEMPTS: usize = 250;

/// Makes the file, for its owner alone, and turns its write-ahead log on, which is kept in the
/// file: readers then never wait for the writer.
pub(super) async fn prepare(action: &'static str, url: &str) -> Result<(), StoreError> {
    let options: SqliteConnectOptions = url
        .parse()
        .map_err(|error| StoreError::new(action, error))?;
    let path = options.get_filename();
    // Each connection would have a database of its own there.
    if url.contains(":memory:") || url.contains("mode=memory") || path == Path::new("") {
        return Err(StoreError::setting(action, "it names no file"));
    }
    create(path).map_err(|error| StoreError::file(action, &error))?;
    // SQLite cannot be told to wait here.
    (|| turn_log_on(&options))
        .retry(
            ConstantBuilder::default()
                .with_delay(ATTEMPT)
                .with_max_times(ATTEMPTS),
        )
        .sleep(tokio::time::sleep)
        .when(is_busy)
        .await
        .map_err(|error| StoreError::new(action, error))
}

/// The log and the index that SQLite puts beside the file get the file's own mode.
fn create(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

async fn turn_log_on(options: &SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnection::connect_with(options).await?;
    connection.execute("PRAGMA journal_mode = WAL").await?;
    connection.close().await
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| code & 0xff == 5)
}
