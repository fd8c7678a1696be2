use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::domain::api_key::Scopes;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn record(number: u32) -> KeyRecord {
    KeyRecord {
        uid: format!("{number:08x}-4e5f-4789-9abc-def012345678"),
        id: format!("key-{number:08x}4e5f4789"),
        namespace: format!("tenant-{}", number % 3).into(),
        name: format!("key-{number}"),
        lookup_id: format!("{number:010}"),
        hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
        label: "ci".into(),
        user: Some(format!("usr-{}", number % 5).into()),
        role: None,
        created_at: at(i64::from(number)),
        expires_at: None,
        scopes: Scopes::ALL,
        project: None,
        parent: None,
        revoked: false,
        is_managed_elsewhere: false,
    }
}

fn ids(keys: &[Arc<IndexedKey>]) -> Vec<String> {
    keys.iter().map(|key| key.id()).collect()
}

#[test]
fn a_key_is_kept_whole() {
    let index = KeyIndex::default();
    let record = KeyRecord {
        role: Some("deploy".into()),
        project: Some("shop".into()),
        parent: Some("ses-0".into()),
        label: "CI für den Laden".into(),
        expires_at: Some(at(99)),
        scopes: Scopes::READ,
        is_managed_elsewhere: true,
        ..record(7)
    };
    index.upsert(&record).unwrap();
    let key = index.find(&record.lookup_id).unwrap();
    assert_eq!(key.uid_text(), record.uid);
    assert_eq!(key.id(), record.id);
    assert_eq!(key.namespace(), &*record.namespace);
    assert_eq!(key.name(), record.name);
    assert_eq!(key.lookup_id(), record.lookup_id);
    assert_eq!(key.hash(), &*record.hash);
    assert_eq!(key.label(), record.label);
    assert_eq!(key.user(), record.user.as_deref());
    assert_eq!(key.role(), Some("deploy"));
    assert_eq!(key.project(), Some("shop"));
    assert_eq!(key.parent(), Some("ses-0"));
    assert_eq!(key.created_at(), record.created_at);
    assert_eq!(key.expires_at(), record.expires_at);
    assert_eq!(key.scopes(), Scopes::READ);
    assert!(key.is_managed_elsewhere() && !key.revoked());
    assert!(key.is_active(at(98)) && !key.is_active(at(99)));
}

#[test]
fn what_is_not_there_is_nothing_and_not_empty_text() {
    let index = KeyIndex::default();
    let bare = KeyRecord {
        user: None,
        role: Some("deploy".into()),
        ..record(1)
    };
    index.upsert(&bare).unwrap();
    let key = index.find("0000000001").unwrap();
    assert_eq!(
        (key.user(), key.project(), key.parent()),
        (None, None, None)
    );
    assert_eq!(key.expires_at(), None);
    assert!(key.is_active(Timestamp::MAX));
    assert!(index.of_user(None, "").is_empty());
    assert!(index.children_of("tenant-1", "").is_empty());
}

#[test]
fn the_oldest_key_of_a_lookup_id_counts() {
    let index = KeyIndex::default();
    let taken = |number: u32, created: i64| KeyRecord {
        lookup_id: "0123456789".into(),
        created_at: at(created),
        ..record(number)
    };
    for record in [taken(3, 20), taken(2, 10), taken(1, 10), taken(4, 30)] {
        index.upsert(&record).unwrap();
    }
    let mut order = Vec::new();
    while let Some(key) = index.find("0123456789") {
        order.push(key.id());
        index.remove(&key.uid_text());
    }
    let expected = [1, 2, 3, 4].map(|number| record(number).id);
    assert_eq!(order, expected);
    assert!(index.is_empty());
}

#[test]
fn a_key_is_found_by_id_in_its_own_namespace_only() {
    let index = KeyIndex::default();
    index.upsert(&record(4)).unwrap();
    let id = record(4).id;
    assert!(index.by_id("tenant-1", &id).is_some());
    assert!(index.by_id("tenant-2", &id).is_none());
    for wrong in [
        "",
        "key-",
        "key-00",
        "KEY-000000044e5f4789",
        &id.to_uppercase(),
        &id[4..],
    ] {
        assert!(index.by_id("tenant-1", wrong).is_none(), "{wrong}");
    }
}

#[test]
fn children_and_keys_of_users_are_found() {
    let index = KeyIndex::default();
    for number in 0..30 {
        let parent = (number % 2 == 0).then(|| "key-00000001aaaabbbb".into());
        index
            .upsert(&KeyRecord {
                parent,
                ..record(number)
            })
            .unwrap();
    }
    let children = index.children_of("tenant-0", "key-00000001aaaabbbb");
    let expected = (0..30).filter(|n| n % 6 == 0).map(|n| record(n).id);
    assert_eq!(ids(&children), expected.collect::<Vec<_>>());
    assert_eq!(index.of_user(None, "usr-2").len(), 6);
    let own = index.of_user(Some("tenant-2"), "usr-2");
    assert_eq!(ids(&own), [2, 17].map(|n| record(n).id));
    assert_eq!(index.of_namespace("tenant-1").len(), 10);
    assert!(index.of_namespace("tenant").is_empty());
}

#[test]
fn a_change_takes_the_place_of_what_was_there() {
    let index = KeyIndex::default();
    index.upsert(&record(1)).unwrap();
    let before = index.find("0000000001").unwrap();
    index.upsert(&record(1)).unwrap();
    let same = index.find("0000000001").unwrap();
    assert!(Arc::ptr_eq(&before, &same), "nothing changed");
    let changed = KeyRecord {
        revoked: true,
        user: Some("usr-9".into()),
        ..record(1)
    };
    index.upsert(&changed).unwrap();
    assert!(index.find("0000000001").unwrap().revoked());
    assert!(index.of_user(None, "usr-1").is_empty());
    assert_eq!((index.of_user(None, "usr-9").len(), index.len()), (1, 1));
}

#[test]
fn what_cannot_be_kept_is_no_key_any_more() {
    let index = KeyIndex::default();
    let refused = |change: &dyn Fn(&mut KeyRecord)| {
        index.upsert(&record(1)).unwrap();
        let mut changed = record(1);
        change(&mut changed);
        let reason = index.upsert(&changed).unwrap_err();
        (reason, index.len())
    };
    assert_eq!(
        refused(&|r| r.lookup_id.clear()),
        (Unindexable::LookupId, 0)
    );
    assert_eq!(
        refused(&|r| r.lookup_id = "01234567-9".into()),
        (Unindexable::LookupId, 0)
    );
    assert_eq!(
        refused(&|r| r.label = "a".repeat(70_000)),
        (Unindexable::TooLong, 0)
    );
    assert_eq!(
        refused(&|r| r.id = "key-0000000000000000".into()),
        (Unindexable::Uid, 0)
    );
    assert_eq!(refused(&|r| r.uid = "no-uid".into()), (Unindexable::Uid, 1));
}

#[test]
fn a_new_list_drops_what_is_not_in_it_and_serves_the_rest_meanwhile() {
    let index = KeyIndex::default();
    assert_eq!(index.replace_all((0..10).map(record)), 0);
    let mut relist = Relist::default();
    for number in 5..15 {
        index.keep(&mut relist, &record(number)).unwrap();
        assert!(index.find("0000000005").is_some());
    }
    assert_eq!(index.len(), 15);
    index.finish(&relist);
    assert_eq!(index.len(), 10);
    assert!(index.find("0000000004").is_none() && index.find("0000000014").is_some());
    let broken = KeyRecord {
        lookup_id: String::new(),
        ..record(20)
    };
    assert_eq!(index.replace_all([record(7), broken]), 1);
    assert_eq!(index.len(), 1);
}

proptest! {
    /// Whatever happens to it, the index says the same as a plain list of the newest records.
    #[test]
    fn the_index_agrees_with_a_list(
        changes in prop::collection::vec((0_u32..12, 0_u32..4, 0_i64..3, any::<bool>()), 1..60),
    ) {
        let index = KeyIndex::default();
        let mut list = std::collections::BTreeMap::new();
        for (number, lookup, created, removed) in changes {
            let record = KeyRecord {
                lookup_id: format!("{lookup:010}"),
                created_at: at(created),
                ..record(number)
            };
            if removed {
                index.remove(&record.uid);
                list.remove(&record.uid);
            } else {
                index.upsert(&record).unwrap();
                list.insert(record.uid.clone(), record);
            }
        }
        prop_assert_eq!(index.len(), list.len());
        for lookup in 0..4 {
            let lookup = format!("{lookup:010}");
            let same = list.values().filter(|record| record.lookup_id == lookup);
            let oldest = same.min_by_key(|record| (record.created_at, &record.uid));
            let found = index.find(&lookup).map(|key| key.uid_text());
            prop_assert_eq!(found, oldest.map(|record| record.uid.clone()));
        }
        for namespace in ["tenant-0", "tenant-1", "tenant-2"] {
            let own = list.values().filter(|record| &*record.namespace == namespace);
            let own = own.map(|record| record.id.clone()).collect::<Vec<_>>();
            prop_assert_eq!(ids(&index.of_namespace(namespace)), own);
        }
    }
}
