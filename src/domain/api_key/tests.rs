use proptest::prelude::*;

use super::*;

/// Bytes that look random and are the same each time.
fn sequence(seed: u64) -> impl FnMut(&mut [u8]) -> bool {
    let mut state = seed;
    move |bytes| {
        for byte in bytes {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
        true
    }
}

fn key(seed: u64) -> PlainKey {
    PlainKey::generate(&mut sequence(seed)).unwrap()
}

#[test]
fn the_checksum_is_the_crc_of_gzip_in_base_62() {
    // The check value of CRC-32/ISO-HDLC is 0xCBF43926 = 3 421 780 262 for "123456789".
    let mut value = 0_u64;
    for b in checksum("123456789") {
        let digit = ALPHABET.iter().position(|d| *d == b).unwrap();
        value = value * 62 + digit as u64;
    }
    assert_eq!(value, 0xCBF4_3926);
}

#[test]
fn the_published_vectors_are_keys_and_the_counter_examples_are_not() {
    let page = include_str!("../../../docs/api-key-format.md");
    let column = |heading: &str| {
        let section = page.split(heading).nth(1).unwrap();
        let rows = section.split("\n## ").next().unwrap().lines();
        rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let valid = column("\n## Keys");
    assert_eq!(valid.len(), 20);
    for text in &valid {
        let key = PlainKey::parse(text).unwrap();
        assert_eq!(key.prefix(), text[..14]);
    }
    for (number, text) in valid.iter().enumerate() {
        assert_eq!(key(number as u64).text().expose_secret(), text);
    }
    let invalid = column("\n## Not keys");
    assert!(invalid.len() >= 6);
    for text in invalid {
        assert!(PlainKey::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn a_key_is_found_by_its_first_ten_characters() {
    let key = key(1);
    let text = key.text().expose_secret();
    assert_eq!(key.lookup_id(), &text[4..14]);
    assert_eq!(key.prefix(), &text[..14]);
}

#[test]
fn debug_output_shows_the_public_part_only() {
    let key = key(2);
    let shown = format!("{key:?}");
    assert!(shown.contains(key.lookup_id()));
    assert!(!shown.contains(&key.text().expose_secret()[14..20]));
}

#[test]
fn without_randomness_there_is_no_key() {
    assert!(PlainKey::generate(&mut |_| false).is_none());
}

#[test]
fn every_character_of_the_alphabet_is_as_likely_as_the_others() {
    let mut counts = [0_usize; 62];
    for seed in 0..2_000 {
        for byte in key(seed).text().expose_secret()[4..46].bytes() {
            counts[ALPHABET.iter().position(|b| *b == byte).unwrap()] += 1;
        }
    }
    let mean = 2_000 * 42 / 62;
    assert!(counts.iter().all(|c| c.abs_diff(mean) < mean / 5));
}

#[test]
fn a_child_is_never_wider_than_its_parent() {
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let parent = Grant {
        scopes: Scopes::READ,
        project: Some("shop".into()),
        expires_at: Some(time("2027-01-01T00:00:00Z")),
    };
    assert_eq!(parent.admits(&parent.clone()), Ok(()));
    let child = |change: &dyn Fn(&mut Grant)| {
        let mut child = parent.clone();
        change(&mut child);
        parent.admits(&child)
    };
    assert_eq!(child(&|c| c.scopes = Scopes::ALL), Err(Wider::Scopes));
    assert_eq!(child(&|c| c.project = None), Err(Wider::Project));
    assert_eq!(
        child(&|c| c.project = Some("blog".into())),
        Err(Wider::Project)
    );
    assert_eq!(child(&|c| c.expires_at = None), Err(Wider::Expiry));
    assert_eq!(
        child(&|c| c.expires_at = Some(time("2027-01-01T00:00:01Z"))),
        Err(Wider::Expiry)
    );
    let sooner = child(&|c| c.expires_at = Some(time("2026-12-01T00:00:00Z")));
    assert_eq!(sooner, Ok(()));
}

fn any_scopes() -> impl Strategy<Value = Scopes> {
    (any::<bool>(), any::<bool>()).prop_map(|(read, write)| Scopes { read, write })
}

proptest! {
    #[test]
    fn what_is_generated_parses_to_itself(seed in any::<u64>()) {
        let key = key(seed);
        let text = key.text().expose_secret();
        let again = PlainKey::parse(text).unwrap();
        prop_assert_eq!(again.text().expose_secret(), text);
    }

    #[test]
    fn each_change_of_one_character_is_caught(
        seed in any::<u64>(),
        place in 0..KEY_LENGTH,
        other in any::<char>(),
    ) {
        let key = key(seed);
        let mut characters = key.text().expose_secret().chars().collect::<Vec<_>>();
        prop_assume!(characters[place] != other);
        characters[place] = other;
        let changed = characters.into_iter().collect::<String>();
        prop_assert!(PlainKey::parse(&changed).is_err());
    }

    #[test]
    fn two_neighbours_in_the_wrong_order_are_caught(seed in any::<u64>(), place in 0..KEY_LENGTH - 1) {
        let key = key(seed);
        let mut bytes = key.text().expose_secret().as_bytes().to_vec();
        prop_assume!(bytes[place] != bytes[place + 1]);
        bytes.swap(place, place + 1);
        prop_assert!(PlainKey::parse(std::str::from_utf8(&bytes).unwrap()).is_err());
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,80}") {
        let _ = PlainKey::parse(&text);
        let _ = PlainKey::parse(&format!("nsk_{text}"));
    }

    #[test]
    fn an_intersection_is_covered_by_both(a in any_scopes(), b in any_scopes()) {
        let both = a.intersect(b);
        prop_assert!(a.covers(both) && b.covers(both));
        prop_assert_eq!(a.covers(b), both == b);
    }
}
