//! argon2id hashes of keys, as an `ApiKey` object holds them: what is made, and what is believed.
//!
//! The server that checks a hash and the client that makes one for Git use this one definition.
//! The salt is an argument.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use secrecy::ExposeSecret;

use super::PlainKey;

/// Bytes of a salt.
pub const SALT_LENGTH: usize = 16;

/// Cost of new hashes.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Highest cost of a hash that is checked. A hash may come from a tenant's own Git repository, and
/// must not decide how much memory we take.
const MAX_MEMORY_KIB: u32 = 65_536;
const MAX_PASSES: u32 = 4;
const MAX_LANES: u32 = 4;
/// Longest hash that is read.
const MAX_LENGTH: usize = 256;

/// Hashes a key with a salt of its own, in PHC string format. Costs 19 MiB and tens of
/// milliseconds of a core; nothing where there is no such memory.
#[must_use]
pub fn hash(key: &PlainKey, salt: &[u8; SALT_LENGTH]) -> Option<String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).ok()?;
    let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(key.text().expose_secret().as_bytes(), salt)
        .ok()?;
    Some(hash.to_string())
}

/// Whether the hash is of the key. Not, if it cannot be read or would cost too much.
#[must_use]
pub fn is_hash_of(phc: &str, key: &PlainKey) -> bool {
    readable(phc).is_some_and(|hash| {
        let argon2 = Argon2::default();
        argon2
            .verify_password(key.text().expose_secret().as_bytes(), &hash)
            .is_ok()
    })
}

/// Whether the hash can be read, and checked at a cost that is borne.
#[must_use]
pub fn is_readable(phc: &str) -> bool {
    readable(phc).is_some()
}

fn readable(phc: &str) -> Option<PasswordHash> {
    if phc.len() > MAX_LENGTH {
        return None;
    }
    let hash = PasswordHash::new(phc).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let affordable = params.m_cost() <= MAX_MEMORY_KIB
        && params.t_cost() <= MAX_PASSES
        && params.p_cost() <= MAX_LANES;
    let is_argon2id = hash.algorithm.as_str() == "argon2id" && hash.version == Some(0x13);
    let is_whole = hash.salt.is_some() && hash.hash.as_ref().is_some_and(|h| h.len() >= 32);
    (affordable && is_argon2id && is_whole).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> PlainKey {
        let mut next = seed;
        let mut fill = |bytes: &mut [u8]| {
            bytes.fill_with(|| {
                next = next.wrapping_mul(5).wrapping_add(17);
                next
            });
            true
        };
        PlainKey::generate(&mut fill).unwrap()
    }

    #[test]
    fn a_hash_is_of_its_key_only_and_of_the_agreed_cost() {
        let (key, other) = (key(1), key(2));
        let hash = hash(&key, &[7; SALT_LENGTH]).unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert_eq!(hash.len(), 97);
        assert!(is_hash_of(&hash, &key));
        assert!(!is_hash_of(&hash, &other));
        assert!(!hash.contains(key.text().expose_secret()));
        assert_ne!(hash, super::hash(&key, &[8; SALT_LENGTH]).unwrap());
    }

    #[test]
    fn a_hash_that_would_cost_too_much_is_not_computed() {
        let salt_and_hash = "MDEyMzQ1Njc4OWFiY2RlZg$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";
        let is_readable = |head: &str| super::is_readable(&format!("{head}${salt_and_hash}"));
        assert!(is_readable("$argon2id$v=19$m=65536,t=4,p=4"));
        for head in [
            "$argon2id$v=19$m=65537,t=2,p=1",
            "$argon2id$v=19$m=4294967295,t=2,p=1",
            "$argon2id$v=19$m=19456,t=5,p=1",
            "$argon2id$v=19$m=19456,t=4294967295,p=1",
            "$argon2id$v=19$m=19456,t=2,p=5",
            "$argon2id$v=19$m=19456,t=2,p=0",
            "$argon2id$v=19$m=99999999999,t=2,p=1",
            "$argon2i$v=19$m=19456,t=2,p=1",
            "$argon2d$v=19$m=19456,t=2,p=1",
            "$argon2id$v=16$m=19456,t=2,p=1",
            "$argon2id$m=19456,t=2,p=1",
            "$scrypt$ln=16,r=8,p=1",
        ] {
            assert!(!is_readable(head), "{head}");
        }
        let head = "$argon2id$v=19$m=19456,t=2,p=1";
        for text in [
            String::new(),
            "argon2id".to_owned(),
            head.to_owned(),
            format!("{head}$MDEyMzQ1Njc4OWFiY2RlZg"),
            format!("{head}$MDEyMzQ1Njc4OWFiY2RlZg$aGFzaA"),
            format!("{head}${salt_and_hash}{}", "a".repeat(400)),
        ] {
            assert!(!super::is_readable(&text), "{text}");
        }
    }
}
