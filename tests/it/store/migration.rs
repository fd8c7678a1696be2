//! Tables are made and changed forward only, once, however many processes start at once.

use std::borrow::Cow;

use super::*;
use secrecy::ExposeSecret as _;
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, Row as _};

static ALL: Migrator = sqlx::migrate!("src/store/migrations");

async fn connect(database: &Database) -> AnyConnection {
    // The file is made by the store.
    drop(database.open().await);
    AnyConnection::connect(database.url.expose_secret())
        .await
        .unwrap()
}

/// What is applied: versions and checksums.
async fn applied(database: &Database) -> Vec<(i64, Vec<u8>)> {
    let mut connection = connect(database).await;
    let rows = sqlx::query("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

on_both_engines! {
    async fn each_earlier_version_comes_to_this_one(database) {
        let mut connection = connect(&database).await;
        for count in 0..=ALL.migrations.len() {
            let earlier = Migrator {
                migrations: Cow::Borrowed(&ALL.migrations[..count]),
                locking: false,
                ..Migrator::DEFAULT
            };
            earlier.run_direct(None, &mut connection, false).await.unwrap();
        }
        let store = database.open().await;
        store.migrate().await.unwrap();
        store.migrate().await.unwrap();
        let expected = ALL.iter().map(|migration| (migration.version, migration.checksum.to_vec()));
        assert_eq!(applied(&database).await, expected.collect::<Vec<_>>());
    }

    async fn what_the_last_version_held_is_kept(database) {
        let mut connection = connect(&database).await;
        let last = Migrator {
            migrations: Cow::Borrowed(&ALL.migrations[..ALL.migrations.len() - 1]),
            locking: false,
            ..Migrator::DEFAULT
        };
        last.run_direct(None, &mut connection, false).await.unwrap();
        let before = database.open().await;
        let ada = ada(&before).await;
        assert!(begin_session(&before, &ada.user_id, "s").await);

        before.migrate().await.unwrap();
        let after = database.open().await;
        assert_eq!(after.user(&ada.user_id).await.unwrap().unwrap().tenant.id, ada.tenant_id);
        assert!(after.end_session("s", at(1)).await.unwrap().is_some());
        after.purge(at(2)).await.unwrap();
    }

    async fn processes_that_start_at_once_migrate_once(database) {
        let url = database.url.clone();
        let starts = (0..4).map(|_| {
            let url = url.clone();
            async move {
                let store = Store::open(&url).await.unwrap();
                store.migrate().await.unwrap();
                store.allow_list().await.unwrap()
            }
        });
        assert!(all(starts).await.iter().all(Vec::is_empty));
        assert_eq!(applied(&database).await.len(), ALL.migrations.len());
    }

    async fn a_database_of_a_newer_program_is_left_alone(database) {
        let store = database.store().await;
        let mut connection = connect(&database).await;
        connection
            .execute("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 2")
            .await
            .unwrap();
        let error = store.migrate().await.unwrap_err();
        assert!(!error.is_unavailable());
        let text = format!("{:#}", anyhow::Error::from(error));
        assert!(text.contains("migrated by a newer program (to version 9999)"), "{text}");
    }
}
