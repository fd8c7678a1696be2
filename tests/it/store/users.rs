//! Signing in: accounts by provider and subject.

use super::*;

on_both_engines! {
    async fn the_first_sign_in_makes_an_account_and_later_ones_find_it(database) {
        let store = database.store().await;
        store.allow("@example.org", AllowSource::Admin, at(0)).await.unwrap();
        let ada = Person::new("ada", "Ada@Example.org");

        let first = store.sign_in(ada.sign_in(at(1))).await.unwrap().unwrap();
        assert!(first.is_new);
        assert_eq!(first.user.id, "usr-ada");
        assert_eq!(first.user.email, "ada@example.org");
        assert_eq!(first.user.name.as_deref(), Some("Ada"));
        assert_eq!(first.tenant.id, "tenant-ada");

        let later = SignIn {
            email: "ada.l@example.org",
            name: None,
            user_id: "usr-other",
            tenant_id: "tenant-other",
            ..ada.sign_in(at(2))
        };
        let second = store.sign_in(later).await.unwrap().unwrap();
        assert!(!second.is_new);
        assert_eq!(second.user.id, "usr-ada");
        assert_eq!(second.user.email, "ada.l@example.org");
        assert_eq!(second.user.name, None);
        assert_eq!((second.user.created_at, second.user.signed_in_at), (at(1), at(2)));
        assert_eq!(second.tenant, first.tenant);
        assert_eq!(store.user("usr-ada").await.unwrap(), Some(second));
        assert_eq!(store.user("usr-other").await.unwrap(), None);
    }

    async fn two_providers_with_one_address_are_two_accounts(database) {
        let store = database.store().await;
        store.allow("@example.org", AllowSource::Admin, at(0)).await.unwrap();
        let ada = Person::new("ada", "ada@example.org");
        let other = Person::new("other", "ada@example.org");
        store.sign_in(ada.sign_in(at(0))).await.unwrap().unwrap();
        let github = SignIn { provider: "github", ..other.sign_in(at(0)) };
        let account = store.sign_in(github).await.unwrap().unwrap();
        assert!(account.is_new);
        assert_eq!(account.tenant.id, "tenant-other");
    }

    async fn whoever_is_not_on_the_list_leaves_no_trace(database) {
        let store = database.store().await;
        store.allow("@example.org", AllowSource::Admin, at(0)).await.unwrap();
        for email in ["eve@example.com", "eve@sub.example.org", "@example.org", "eve"] {
            let eve = Person::new("eve", email);
            assert_eq!(store.sign_in(eve.sign_in(at(0))).await.unwrap(), None, "{email}");
        }
        assert_eq!(store.user("usr-eve").await.unwrap(), None);
        assert!(!begin_session(&store, "usr-eve", "ses-eve").await);
    }

    async fn a_person_who_signs_in_everywhere_at_once_gets_one_account(database) {
        let store = database.store().await;
        store.allow("ada@example.org", AllowSource::Admin, at(0)).await.unwrap();
        let tabs = (0..20).map(|tab| {
            let store = store.clone();
            async move {
                let ids = (format!("usr-{tab}"), format!("tenant-{tab}"));
                let ada = Person::new("ada", "ada@example.org");
                let sign_in = SignIn { user_id: &ids.0, tenant_id: &ids.1, ..ada.sign_in(at(0)) };
                patiently(|| store.sign_in(sign_in)).await.unwrap()
            }
        });
        let accounts = all(tabs).await;
        assert_eq!(accounts.iter().filter(|account| account.is_new).count(), 1);
        assert!(accounts.iter().all(|account| account.tenant == accounts[0].tenant));
    }
}
