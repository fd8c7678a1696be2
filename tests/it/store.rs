//! The store on both engines. Every behaviour is one test on SQLite and one on Postgres, each on
//! a database of its own.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test they help"
)]

use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use kisenon::store::{AllowSource, NewSession, SignIn, Store, StoreError};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

mod allow_list;
mod audit_events;
mod cli_codes;
mod device_codes;
mod failure;
mod idempotency;
mod migration;
mod replicas;
pub(crate) mod server;
mod sessions;
mod signing_keys;
mod users;

/// Makes of each behaviour one test on SQLite and one on Postgres.
macro_rules! on_both_engines {
    ($(async fn $name:ident($database:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn behaviour($database: $crate::store::Database) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                behaviour($crate::store::Database::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                behaviour($crate::store::Database::postgres().await).await;
            }
        }
    )*};
}
use on_both_engines;

/// An empty database of one test.
struct Database {
    url: SecretString,
    /// Holds the file of SQLite.
    folder: Option<tempfile::TempDir>,
}

impl Database {
    fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("kisenon.db").display());
        Self {
            url: url.into(),
            folder: Some(folder),
        }
    }

    async fn postgres() -> Self {
        Self {
            url: empty_postgres().await.into(),
            folder: None,
        }
    }

    /// Another process's view of the database.
    async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    /// The database with all tables.
    async fn store(&self) -> Store {
        let store = self.open().await;
        store.migrate().await.unwrap();
        store
    }
}

/// URL of an empty database on the server that all tests share.
pub(crate) async fn empty_postgres() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let server = server::shared();
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let mut admin = PgConnection::connect(&server.url("postgres"))
        .await
        .unwrap();
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    admin.execute(create).await.unwrap();
    server.url(&name)
}

/// A moment: seconds after the start of every test's world.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// A digest that nothing else has.
fn digest(text: &str) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().try_into().unwrap()
}

/// Someone who signs in with `google` as `subject`; the ids derive from it.
struct Person {
    subject: String,
    email: String,
    user_id: String,
    tenant_id: String,
}

impl Person {
    fn new(subject: &str, email: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            email: email.to_owned(),
            user_id: format!("usr-{subject}"),
            tenant_id: format!("tenant-{subject}"),
        }
    }

    fn sign_in(&self, now: Timestamp) -> SignIn<'_> {
        SignIn {
            provider: "google",
            subject: &self.subject,
            email: &self.email,
            name: Some("Ada"),
            user_id: &self.user_id,
            tenant_id: &self.tenant_id,
            now,
        }
    }
}

/// Ada, who is on the list by her address and has signed in.
async fn ada(store: &Store) -> Person {
    let ada = Person::new("ada", "ada@example.org");
    store
        .allow(&ada.email, AllowSource::Admin, at(0))
        .await
        .unwrap();
    store.sign_in(ada.sign_in(at(0))).await.unwrap().unwrap();
    ada
}

/// A session of twelve hours from `at(0)`, whose first refresh token is the digest of its id.
async fn begin_session(store: &Store, user_id: &str, id: &str) -> bool {
    let session = NewSession {
        id,
        user_id,
        refresh_hash: &digest(id),
        now: at(0),
        ends_at: at(12 * 3600),
    };
    store.begin_session(session).await.unwrap()
}

/// Repeats a call that a busy machine did not get to in time, as a client does on 503.
async fn patiently<T, F>(mut call: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, StoreError>>,
{
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(error) if error.is_unavailable() => {}
            Err(error) => panic!("{error}: {error:?}"),
        }
    }
}

/// Runs all at once, and answers in the order given.
async fn all<T: Send + 'static>(
    calls: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks = calls.into_iter().map(tokio::spawn).collect::<Vec<_>>();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}
