//! The database away, full or wrong: said as it is, and without what only we may know.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

const SECRET: &str = "planted-secret";

/// All that could be logged of an error.
fn words(error: StoreError) -> String {
    let debug = format!("{error:?}");
    format!("{debug} {:#}", anyhow::Error::from(error))
}

async fn refusal(url: String) -> StoreError {
    Store::open(&SecretString::from(url)).await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_does_not_listen_is_away() {
    let error = refusal(format!("postgres://user:{SECRET}@127.0.0.1:1/{SECRET}")).await;
    assert!(error.is_unavailable());
    assert_eq!(error.to_string(), "failed to open the database");
    let words = words(error);
    assert!(
        !words.contains(SECRET) && !words.contains("127.0.0.1"),
        "{words}"
    );
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_away_and_not_named() {
    let error = refusal(server::shared().url(SECRET)).await;
    assert!(error.is_unavailable());
    let words = words(error);
    assert!(
        !words.contains(SECRET) && words.contains("3D000"),
        "{words}"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none").join(SECRET);
    for path in [missing.as_path(), folder.path()] {
        let error = refusal(format!("sqlite://{}", path.display())).await;
        assert!(error.is_unavailable(), "{error:?}");
        let words = words(error);
        assert!(
            !words.contains(SECRET) && !words.contains("none"),
            "{words}"
        );
    }
}

#[tokio::test]
async fn a_url_of_nothing_that_can_be_used_is_a_setting_to_correct() {
    for url in [
        "",
        "mysql://h/planted-secret",
        "planted-secret",
        "postgres://h:planted-secret/d",
        "sqlite::memory:",
        "sqlite://x?mode=memory",
    ] {
        let error = refusal(url.to_owned()).await;
        assert!(!error.is_unavailable(), "{url}");
        assert!(!words(error).contains(SECRET), "{url}");
    }
}

#[tokio::test]
async fn the_file_and_its_log_are_for_their_owner_alone() {
    let database = Database::sqlite();
    let store = database.store().await;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(database.folder.as_ref().unwrap().path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{entry:?}"
        );
        names.push(entry.file_name());
    }
    names.sort();
    assert_eq!(names, ["kisenon.db", "kisenon.db-shm", "kisenon.db-wal"]);
    assert_eq!(format!("{store:?}"), "Store { .. }");
}

#[tokio::test]
async fn a_server_that_goes_away_is_found_again_with_all_it_held() {
    let mut server = tokio::task::spawn_blocking(|| server::Server::new().unwrap())
        .await
        .unwrap();
    let store = Store::open(&server.url("postgres").into()).await.unwrap();
    store.migrate().await.unwrap();
    let ada = ada(&store).await;
    store.ping().await.unwrap();

    server.stop();
    let gone = [
        store.ping().await.unwrap_err(),
        store.user(&ada.user_id).await.unwrap_err(),
        store
            .end_sessions_of(&ada.user_id, at(1))
            .await
            .unwrap_err(),
    ];
    for error in gone {
        assert!(error.is_unavailable(), "{error:?}");
    }

    let server = tokio::task::spawn_blocking(move || server.start().map(|()| server));
    let _server = server.await.unwrap().unwrap();
    patiently(|| store.ping()).await;
    assert!(store.user(&ada.user_id).await.unwrap().is_some());
}

on_both_engines! {
    async fn a_defect_is_no_absence_and_quotes_no_row(database) {
        let store = database.store().await;
        store.allow("@example.org", AllowSource::Admin, at(0)).await.unwrap();
        for subject in ["a", "b"] {
            let person = Person::new(subject, "planted-secret@example.org");
            let sign_in = SignIn { user_id: SECRET, ..person.sign_in(at(0)) };
            let result = store.sign_in(sign_in).await;
            if subject == "a" {
                result.unwrap().unwrap();
                continue;
            }
            let error = result.unwrap_err();
            assert!(!error.is_unavailable());
            assert_eq!(error.to_string(), "failed to sign in");
            assert!(!words(error).contains(SECRET));
        }
        // What failed left nothing.
        assert!(store.is_user_allowed(SECRET).await.unwrap());
        assert_eq!(store.user(SECRET).await.unwrap().unwrap().tenant.id, "tenant-a");
    }

    async fn without_tables_every_call_is_a_defect(database) {
        let store = database.open().await;
        store.ping().await.unwrap();
        let error = store.allow_list().await.unwrap_err();
        assert!(!error.is_unavailable(), "{}", words(error));
    }
}

#[test]
fn sql_is_written_as_literals_only() {
    // The driver takes nothing else, unless one of these says that it may.
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut folders = vec![std::path::PathBuf::from(root)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for way in [
                    "AssertSqlSafe",
                    "QueryBuilder",
                    "raw_sql",
                    "SqlStr",
                    ".leak()",
                ] {
                    assert!(!text.contains(way), "{}: {way}", path.display());
                }
            }
        }
    }
}
