//! How the database is reached: connections, transactions, time limits, migrations.
//!
//! SQLite has one writer at a time. Within this process writers queue for a turn, first come,
//! first served, before they take a connection; SQLite's own waiting (5 s) is only for other
//! processes, such as an administrator's. Postgres needs no turns: rows are locked there.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::any::{Any, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, AnyPool, Connection as _, Executor as _, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::StoreError;

pub(super) mod column;
mod file;
mod purge;

/// Connections of one process: two replicas and a command fit any server's default limit.
const CONNECTIONS: u32 = 8;
/// Longest wait for a connection. A server that is away costs a request this much, so it is less
/// than the second in which every request is to be answered.
const CONNECT: Duration = Duration::from_millis(800);
/// Longest time of one call of the store, whatever it waits for.
const CALL: Duration = Duration::from_secs(10);
/// Longest time of all migrations together.
const MIGRATION: Duration = Duration::from_secs(600);

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations");

/// The database of one process. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    pub(super) pool: AnyPool,
    /// One permit, for SQLite only.
    turn: Option<Arc<Semaphore>>,
}

impl std::fmt::Debug for Store {
    // The pool's own text holds the URL.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Connects to `sqlite://<file>`, which is made with mode 0600 if it is missing, or to
    /// `postgres://…`. Does not migrate.
    ///
    /// # Errors
    /// When the URL is no such URL or the database does not answer.
    pub async fn open(url: &SecretString) -> Result<Self, StoreError> {
        const ACTION: &str = "open the database";
        sqlx::any::install_default_drivers();
        let url = url.expose_secret();
        let turn = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => {
                file::prepare(ACTION, url).await?;
                Some(Arc::new(Semaphore::new(1)))
            }
            Some("postgres" | "postgresql") => None,
            _ => {
                return Err(StoreError::setting(
                    ACTION,
                    "it is neither sqlite nor postgres",
                ));
            }
        };
        let options = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECT)
            .after_connect(|connection, _| Box::pin(set_up(connection)));
        let pool = within(ACTION, options.connect(url)).await?;
        Ok(Self { pool, turn })
    }

    /// Brings the tables to the version of this program. Safe while others do the same.
    ///
    /// # Errors
    /// When the database is away, or newer than this program.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        const ACTION: &str = "migrate the database";
        match tokio::time::timeout(MIGRATION, self.run_migrations()).await {
            Ok(result) => result.map_err(|error| StoreError::new(ACTION, error)),
            Err(_) => Err(StoreError::timed_out(ACTION)),
        }
    }

    async fn run_migrations(&self) -> Result<(), sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        // A failed migration leaves its lock with the connection, so this one is used up.
        connection.close_on_drop();
        if self.turn.is_some() {
            // sqlx locks Postgres but not SQLite; within a transaction its own become savepoints.
            let mut all = connection.begin_with("BEGIN IMMEDIATE").await?;
            MIGRATIONS.run_direct(None, &mut *all, false).await?;
            all.commit().await
        } else {
            connection.execute("SET statement_timeout = 0").await?;
            MIGRATIONS.run_direct(None, &mut *connection, false).await?;
            Ok(())
        }
    }

    /// Whether the database answers now.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        within("reach the database", async {
            sqlx::query("SELECT 1").execute(&self.pool).await?;
            Ok(())
        })
        .await
    }

    /// A transaction that may write. Dropped without a commit, it never was.
    pub(super) async fn begin(&self) -> Result<Change, sqlx::Error> {
        let (statement, turn) = match &self.turn {
            Some(turn) => {
                let turn = Arc::clone(turn).acquire_owned().await;
                // Nobody closes the semaphore.
                let turn = turn.map_err(|_| sqlx::Error::PoolClosed)?;
                // A lock from the first: one taken later can fail at once, whatever the patience.
                ("BEGIN IMMEDIATE", Some(turn))
            }
            None => ("BEGIN", None),
        };
        let transaction = self.pool.begin_with(statement).await?;
        Ok(Change { transaction, turn })
    }
}

/// A transaction that may write.
pub(super) struct Change {
    transaction: Transaction<'static, Any>,
    turn: Option<OwnedSemaphorePermit>,
}

impl Change {
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        self.transaction.commit().await?;
        drop(self.turn);
        Ok(())
    }

    /// Raises a counter and thereby holds its lock until the transaction ends.
    pub(super) async fn raise(&mut self, counter: &'static str) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value")
            .bind(counter)
            .fetch_one(&mut **self)
            .await
    }
}

impl Deref for Change {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.transaction
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}

/// Bounds one call of the store and says what it was when it fails.
pub(super) async fn within<T>(
    action: &'static str,
    call: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(CALL, call).await {
        Ok(result) => result.map_err(|error| StoreError::new(action, error)),
        Err(_) => Err(StoreError::timed_out(action)),
    }
}

/// What every connection is told first.
async fn set_up(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    if connection.backend_name() == "PostgreSQL" {
        // The server gives up no later than we do, so a lost client holds no lock. Conditional
        // updates are written for READ COMMITTED, whatever the database's default.
        connection
            .execute(
                "SET statement_timeout = 10000;
                 SET idle_in_transaction_session_timeout = 10000;
                 SET default_transaction_isolation = 'read committed'",
            )
            .await?;
    }
    Ok(())
}
