//! Who may sign in, and what a removal ends.

use super::*;
use kisenon::store::{AllowEntry, RefreshOutcome};

async fn refresh(store: &Store, id: &str) -> RefreshOutcome {
    let next = digest(&format!("{id}/next"));
    store
        .refresh(&digest(id), &next, at(10), GRACE)
        .await
        .unwrap()
}

on_both_engines! {
    async fn entries_are_added_once_by_each_source(database) {
        let store = database.store().await;
        assert!(store.allow("@example.org", AllowSource::Admin, at(1)).await.unwrap());
        assert!(!store.allow("@example.org", AllowSource::Admin, at(2)).await.unwrap());
        assert!(store.allow("@example.org", AllowSource::Config, at(3)).await.unwrap());
        let entry = AllowEntry {
            pattern: "@example.org".to_owned(),
            sources: vec![AllowSource::Admin, AllowSource::Config],
            created_at: at(1),
            bound_to: None,
        };
        assert_eq!(store.allow_list().await.unwrap(), [entry]);
    }

    async fn an_exact_address_binds_to_the_first_who_signs_in_with_it(database) {
        let store = database.store().await;
        ada(&store).await;
        assert!(store.is_allowed("google", "ada", "ADA@example.org").await.unwrap());
        assert!(!store.is_allowed("google", "eve", "ada@example.org").await.unwrap());
        assert!(!store.is_allowed("github", "ada", "ada@example.org").await.unwrap());
        let eve = Person::new("eve", "ada@example.org");
        assert_eq!(store.sign_in(eve.sign_in(at(1))).await.unwrap(), None);
        let list = store.allow_list().await.unwrap();
        assert_eq!(list[0].bound_to, Some(("google".to_owned(), "ada".to_owned())));

        // An entry of the domain opens no way around it, and binds to nobody.
        store.allow("@example.org", AllowSource::Admin, at(1)).await.unwrap();
        assert!(!store.is_allowed("google", "eve", "ada@example.org").await.unwrap());
        for subject in ["bob", "bert"] {
            let bob = Person::new(subject, "bob@example.org");
            assert!(store.sign_in(bob.sign_in(at(1))).await.unwrap().is_some());
        }
    }

    async fn a_removal_ends_sessions_of_whom_no_pattern_covers(database) {
        let store = database.store().await;
        store.allow("@example.org", AllowSource::Admin, at(0)).await.unwrap();
        store.allow("bob@example.org", AllowSource::Admin, at(0)).await.unwrap();
        for name in ["ada", "bob"] {
            let person = Person::new(name, &format!("{name}@example.org"));
            store.sign_in(person.sign_in(at(0))).await.unwrap().unwrap();
            assert!(begin_session(&store, &person.user_id, name).await);
        }

        assert_eq!(store.deny("@example.org", at(5)).await.unwrap(), ["usr-ada"]);
        assert_eq!(refresh(&store, "ada").await, RefreshOutcome::Expired);
        assert!(matches!(refresh(&store, "bob").await, RefreshOutcome::Rotated { .. }));
        let ended = store.ended_since(0).await.unwrap();
        assert_eq!(ended.iter().map(|ended| &*ended.session_id).collect::<Vec<_>>(), ["ada"]);
        assert!(!begin_session(&store, "usr-ada", "again").await);
        assert!(!store.is_user_allowed("usr-ada").await.unwrap());
        assert!(store.is_user_allowed("usr-bob").await.unwrap());
        assert!(store.is_user_denied("usr-ada").await.unwrap());
        assert!(!store.is_user_denied("usr-bob").await.unwrap());
        // Of somebody unknown neither can be said.
        assert!(!store.is_user_allowed("usr-nobody").await.unwrap());
        assert!(!store.is_user_denied("usr-nobody").await.unwrap());

        // What follows from a removal can be repeated.
        assert_eq!(store.deny("@example.org", at(6)).await.unwrap(), ["usr-ada"]);
        assert_eq!(store.ended_since(0).await.unwrap(), ended);
        assert_eq!(store.deny("bob@example.org", at(6)).await.unwrap(), ["usr-bob"]);
        assert!(store.deny("nobody@example.org", at(6)).await.unwrap().is_empty());
    }

    async fn a_removed_address_is_free_for_another_subject(database) {
        let store = database.store().await;
        ada(&store).await;
        store.deny("ada@example.org", at(1)).await.unwrap();
        store.allow("ada@example.org", AllowSource::Admin, at(2)).await.unwrap();
        let heir = Person::new("heir", "ada@example.org");
        assert!(store.sign_in(heir.sign_in(at(3))).await.unwrap().unwrap().is_new);
        assert!(!store.is_user_allowed("usr-ada").await.unwrap());
    }

    async fn the_configuration_declares_its_own_entries_only(database) {
        let store = database.store().await;
        store.allow("@admin.org", AllowSource::Admin, at(0)).await.unwrap();
        let patterns = |list: &[&str]| list.iter().map(|&word| word.into()).collect::<Vec<String>>();
        let both = patterns(&["@example.org", "@admin.org", "bob@example.com"]);
        assert!(store.declare_allow_list(&both, at(1)).await.unwrap().is_empty());
        for (name, email) in [("ada", "ada@example.org"), ("bob", "bob@example.com"), ("cy", "cy@admin.org")] {
            let person = Person::new(name, email);
            store.sign_in(person.sign_in(at(2))).await.unwrap().unwrap();
            assert!(begin_session(&store, &person.user_id, name).await);
        }

        let left = patterns(&["bob@example.com"]);
        assert_eq!(store.declare_allow_list(&left, at(3)).await.unwrap(), ["usr-ada"]);
        assert_eq!(refresh(&store, "ada").await, RefreshOutcome::Expired);
        let list = store.allow_list().await.unwrap();
        let shown = list.iter().map(|entry| (&*entry.pattern, &*entry.sources)).collect::<Vec<_>>();
        let expected: [(&str, &[AllowSource]); 2] = [
            ("@admin.org", &[AllowSource::Admin]),
            ("bob@example.com", &[AllowSource::Config]),
        ];
        assert_eq!(shown, expected);
        // A declared entry keeps whom it is bound to.
        assert!(list[1].bound_to.is_some());
    }

    async fn no_session_outlives_a_removal_that_it_raced_with(database) {
        let store = database.store().await;
        let other = database.open().await;
        let ada = ada(&store).await;
        for round in 0..10 {
            store.allow(&ada.email, AllowSource::Admin, at(0)).await.unwrap();
            let begin = (0..8).map(|tab| {
                let (store, user) = (store.clone(), ada.user_id.clone());
                let id = format!("ses-{round}-{tab}");
                tokio::spawn(async move { begin_session(&store, &user, &id).await.then_some(id) })
            });
            let begun = begin.collect::<Vec<_>>();
            let denied = patiently(|| other.deny(&ada.email, at(1))).await;
            assert_eq!(denied, ["usr-ada"]);
            for task in begun {
                if let Some(id) = task.await.unwrap() {
                    assert_eq!(refresh(&store, &id).await, RefreshOutcome::Expired, "{id}");
                }
            }
        }
    }
}
