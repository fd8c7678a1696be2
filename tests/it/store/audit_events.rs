//! Audit events, page by page.

use super::*;
use kisenon::store::NewAuditEvent;

fn event<'a>(tenant_id: &'a str, id: &'a str, seconds: i64) -> NewAuditEvent<'a> {
    NewAuditEvent {
        id,
        tenant_id,
        at: at(seconds),
        actor_kind: "user",
        actor_id: "usr-ada",
        actor_label: "ada@example.org",
        action: "project.create",
        target_kind: "project",
        target_id: "prj-1",
        target_name: Some("shop"),
        request_id: "req-1",
        detail: None,
    }
}

on_both_engines! {
    async fn an_event_comes_back_as_it_was(database) {
        let store = database.store().await;
        let detail = r#"{"was":"ü"}"#;
        let new = NewAuditEvent { detail: Some(detail), ..event("t", "evt-1", 1) };
        store.record(new).await.unwrap();
        let events = store.audit_events("t", None, 10).await.unwrap();
        assert_eq!(events.len(), 1);
        let got = &events[0];
        assert_eq!((&*got.id, &*got.tenant_id, got.at), ("evt-1", "t", at(1)));
        assert_eq!((&*got.actor_kind, &*got.actor_id, &*got.actor_label), ("user", "usr-ada", "ada@example.org"));
        assert_eq!((&*got.action, &*got.target_kind, &*got.target_id), ("project.create", "project", "prj-1"));
        assert_eq!((got.target_name.as_deref(), &*got.request_id), (Some("shop"), "req-1"));
        assert_eq!(got.detail.as_deref(), Some(detail));
    }

    async fn pages_hold_every_event_of_the_tenant_once_the_newest_first(database) {
        let store = database.store().await;
        // Three at each moment, so that pages end between events of one moment.
        let ids = (0..20).map(|n| format!("evt-{n:03}")).collect::<Vec<_>>();
        for (n, id) in (0_i64..).zip(&ids) {
            store.record(event("t", id, n / 3)).await.unwrap();
        }
        store.record(event("foreign", "evt-x", 3)).await.unwrap();

        let mut seen = Vec::new();
        loop {
            let last = seen.last().map(|(id, at): &(String, Timestamp)| (*at, id.as_str()));
            let page = store.audit_events("t", last, 4).await.unwrap();
            assert!(page.len() <= 4);
            if page.is_empty() {
                break;
            }
            seen.extend(page.into_iter().map(|event| (event.id, event.at)));
        }
        let seen = seen.into_iter().map(|(id, _)| id);
        assert!(seen.eq(ids.into_iter().rev()));
    }
}
