//! Where a secret could have been left.

use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use reqwest::Method;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::super::app::Person;
use super::program::Program;
use crate::operator::site;

/// Every kind that the program writes or causes, but Secrets.
const KINDS: [(&str, &str, &str); 10] = [
    ("kisenon.com", "v1alpha1", "Project"),
    ("kisenon.com", "v1alpha1", "Endpoint"),
    ("kisenon.com", "v1alpha1", "ApiKey"),
    ("", "v1", "Event"),
    ("events.k8s.io", "v1", "Event"),
    ("", "v1", "ConfigMap"),
    ("", "v1", "Namespace"),
    ("", "v1", "Service"),
    ("", "v1", "ResourceQuota"),
    ("apps", "v1", "StatefulSet"),
];

/// Each place, by name, with all that stands there.
pub(super) async fn all(
    program: &Program,
    person: &Person<'_>,
    key: &str,
) -> Vec<(&'static str, String)> {
    let arguments = program.arguments();
    assert!(
        arguments.contains("kisenon") && arguments.contains("api"),
        "{arguments}"
    );
    let record = program
        .app
        .send(Method::GET, "/v1/audit-events", Some(key), None)
        .await;
    record.expect(200);
    assert!(record.text.contains("api-key.report") && record.text.contains(&person.email));
    let log = program.log();
    assert!(log.contains("answered a request"));
    vec![
        ("the arguments", format!("{arguments:>40}")),
        ("the record", record.text),
        ("the log", log),
        ("Kubernetes", kubernetes().await),
        ("the database", database(&program.app.database_url).await),
    ]
}

async fn kubernetes() -> String {
    let client = site::SHARED.plane.client().await;
    let mut content = String::new();
    for (group, version, kind) in KINDS {
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        let objects = Api::<DynamicObject>::all_with(client.clone(), &kind);
        for object in objects.list(&ListParams::default()).await.unwrap() {
            content += &serde_json::to_string(&object).unwrap();
            content.push('\n');
        }
    }
    content
}

/// Every row of every table, as text.
async fn database(url: &str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let tables = sqlx::query_scalar::<_, String>(
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'",
    );
    let tables = tables.fetch_all(&mut connection).await.unwrap();
    assert!(tables.len() > 8, "{tables:?}");
    let mut content = String::new();
    for table in tables {
        let rows = AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
        let rows = sqlx::query_scalar::<_, String>(rows);
        content += &rows.fetch_all(&mut connection).await.unwrap().join("\n");
        content.push('\n');
    }
    content
}
