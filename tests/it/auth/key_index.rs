//! The index of keys is small.

use std::process::Command;

use jiff::Timestamp;
use kisenon::auth::key_index::KeyIndex;
use kisenon::domain::api_key::{KeyRecord, Scopes};

const KEYS: u32 = 100_000;
const BOUND_KIB: u64 = 45 * 1024;

/// A key as the API makes them: 50 in each tenant, each of a session of its own.
fn record(number: u32) -> KeyRecord {
    let scattered = number.wrapping_mul(2_654_435_761);
    let tenant = number / 50;
    KeyRecord {
        uid: format!("{scattered:08x}-4e5f-4789-9abc-def0{number:08x}"),
        id: format!("key-{scattered:08x}4e5f4789"),
        namespace: format!("kisenon-tenant-{tenant:024x}").into(),
        name: format!("key-{:05x}", number % 0xf_ffff),
        lookup_id: format!("{scattered:010}"),
        hash: format!(
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2Fs{:02}$\
             aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFz{:07}",
            number % 100,
            number
        )
        .into(),
        label: "continuous integration".into(),
        user: Some(format!("usr-{tenant:024x}").into()),
        role: None,
        created_at: Timestamp::from_second(1_800_000_000 + i64::from(number)).unwrap(),
        expires_at: None,
        scopes: Scopes::ALL,
        project: None,
        parent: Some(format!("ses-{number:024x}").into()),
        revoked: false,
        is_managed_elsewhere: false,
    }
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("RssAnon:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Memory is measured in a process that does nothing else: this test, run again by itself.
#[test]
fn a_hundred_thousand_keys_take_no_more_than_45_mib() {
    let name = "auth::key_index::a_hundred_thousand_keys_take_no_more_than_45_mib";
    if !std::env::args().any(|argument| argument == "--exact") {
        let mut alone = Command::new(std::env::current_exe().unwrap());
        let output = alone
            .args([name, "--exact", "--nocapture"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{text}"
        );
        print!("{text}");
        return;
    }
    assert_eq!(record(7).hash.len(), 97);
    let before = resident_kib();
    let index = KeyIndex::default();
    assert_eq!(index.replace_all((0..KEYS).map(record)), 0);
    let taken = resident_kib() - before;
    println!(
        "{KEYS} keys take {taken} KiB, {} bytes each",
        taken * 1024 / u64::from(KEYS)
    );
    assert!(taken <= BOUND_KIB, "{taken} KiB");
    // The same list again, as after a broken watch, costs nothing that lasts.
    assert_eq!(index.replace_all((0..KEYS).map(record)), 0);
    let again = resident_kib() - before;
    assert!(again <= BOUND_KIB + 4 * 1024, "{again} KiB");
    assert_eq!(index.len(), KEYS as usize);
    assert_eq!(index.of_namespace(&record(7).namespace).len(), 50);
    assert_eq!(
        index
            .children_of(&record(7).namespace, "ses-000000000000000000000007")
            .len(),
        1
    );
}
