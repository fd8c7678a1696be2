//! One key, packed.

use std::fmt;

use jiff::Timestamp;

use super::{Uid, Unindexable};
use crate::domain::api_key::{KeyRecord, LOOKUP_ID_LENGTH, Scopes};

/// Texts of a key, in the order in which they lie one after the other.
#[derive(Clone, Copy)]
enum Part {
    Namespace,
    Name,
    Hash,
    Label,
    User,
    Role,
    Project,
    Parent,
}

const PARTS: usize = 8;

/// What the index keeps of an `ApiKey` object. Times are kept to the second, as Kubernetes does.
#[derive(Clone, PartialEq, Eq)]
pub struct IndexedKey {
    uid: [u8; 16],
    created_at: i64,
    /// `i64::MAX`: never.
    expires_at: i64,
    text: Box<str>,
    /// Where each part of the text ends. An empty part is one that is not there.
    ends: [u16; PARTS],
    lookup_id: [u8; LOOKUP_ID_LENGTH],
    scopes: Scopes,
    revoked: bool,
    is_managed_elsewhere: bool,
}

impl IndexedKey {
    /// Packs a key, without taking it into any index.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn new(record: &KeyRecord) -> Result<Self, Unindexable> {
        let uid = parse_uid(&record.uid).ok_or(Unindexable::Uid)?;
        let lookup_id = parse_lookup_id(&record.lookup_id).ok_or(Unindexable::LookupId)?;
        let parts: [&str; PARTS] = [
            &record.namespace,
            &record.name,
            &record.hash,
            &record.label,
            record.user.as_deref().unwrap_or_default(),
            record.role.as_deref().unwrap_or_default(),
            record.project.as_deref().unwrap_or_default(),
            record.parent.as_deref().unwrap_or_default(),
        ];
        let mut ends = [0; PARTS];
        let mut end = 0;
        for (place, part) in ends.iter_mut().zip(parts) {
            end += part.len();
            *place = u16::try_from(end).map_err(|_| Unindexable::TooLong)?;
        }
        let key = Self {
            uid: uid.to_be_bytes(),
            created_at: record.created_at.as_second(),
            expires_at: record.expires_at.map_or(i64::MAX, Timestamp::as_second),
            text: parts.concat().into(),
            ends,
            lookup_id,
            scopes: record.scopes,
            revoked: record.revoked,
            is_managed_elsewhere: record.is_managed_elsewhere,
        };
        if key.id() == record.id {
            Ok(key)
        } else {
            Err(Unindexable::Uid)
        }
    }

    fn part(&self, part: Part) -> &str {
        let place = part as usize;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        // The ends are those of whole texts, so the range is always there.
        let range = usize::from(start)..usize::from(self.ends[place]);
        self.text.get(range).unwrap_or_default()
    }

    fn optional(&self, part: Part) -> Option<&str> {
        Some(self.part(part)).filter(|text| !text.is_empty())
    }

    /// `metadata.uid`, as a number.
    #[must_use]
    pub fn uid(&self) -> u128 {
        Uid::from_be_bytes(self.uid)
    }

    pub(super) fn lookup_bytes(&self) -> &[u8; LOOKUP_ID_LENGTH] {
        &self.lookup_id
    }

    pub(super) fn uid_bytes(&self) -> &[u8; 16] {
        &self.uid
    }

    /// Of two keys with the same lookup id the one with the lower age came first.
    pub(super) fn age(&self) -> (i64, Uid) {
        (self.created_at, self.uid())
    }

    /// `key-` and the first 16 hexadecimal digits of the UID.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{ID_PREFIX}{:016x}", self.uid() >> 64)
    }

    /// `metadata.uid`.
    #[must_use]
    pub fn uid_text(&self) -> String {
        let digits = format!("{:032x}", self.uid());
        let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
        groups.join("-")
    }

    /// Namespace, which is the tenant.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.part(Part::Namespace)
    }

    /// `metadata.name`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.part(Part::Name)
    }

    /// Public first part of the key.
    #[must_use]
    pub fn lookup_id(&self) -> &str {
        std::str::from_utf8(&self.lookup_id).unwrap_or_default()
    }

    /// argon2id hash of the whole key, in PHC string format.
    #[must_use]
    pub fn hash(&self) -> &str {
        self.part(Part::Hash)
    }

    /// Name for people.
    #[must_use]
    pub fn label(&self) -> &str {
        self.part(Part::Label)
    }

    /// Id of the user for whom the key acts.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.optional(Part::User)
    }

    /// What a key from Git is used for.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.optional(Part::Role)
    }

    /// Name of the only project that it may touch.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.optional(Part::Project)
    }

    /// Id of the key or session that minted it.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        self.optional(Part::Parent)
    }

    /// `metadata.creationTimestamp`.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        Timestamp::from_second(self.created_at).unwrap_or_default()
    }

    /// Time from which the key is refused.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.expires_at).ok()
    }

    /// What it may do.
    #[must_use]
    pub fn scopes(&self) -> Scopes {
        self.scopes
    }

    /// Ended, though the object is still there.
    #[must_use]
    pub fn revoked(&self) -> bool {
        self.revoked
    }

    /// Another field manager than the API owns the object, so the API must not delete it.
    #[must_use]
    pub fn is_managed_elsewhere(&self) -> bool {
        self.is_managed_elsewhere
    }

    /// Whether it is accepted at `now`: neither revoked nor expired.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        !self.revoked && now.as_second() < self.expires_at
    }
}

impl fmt::Debug for IndexedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IndexedKey({}/{})", self.namespace(), self.name())
    }
}

const ID_PREFIX: &str = "key-";

/// The number of a UID (RFC 9562), of which Kubernetes knows one spelling.
#[must_use]
pub fn parse_uid(text: &str) -> Option<u128> {
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let groups = text.split('-').map(str::len);
    if !groups.eq([8, 4, 4, 4, 12]) || !text.chars().all(|c| is_digit(c) || c == '-') {
        return None;
    }
    Uid::from_str_radix(&text.replace('-', ""), 16).ok()
}

pub(super) fn parse_lookup_id(text: &str) -> Option<[u8; LOOKUP_ID_LENGTH]> {
    let bytes = <[u8; LOOKUP_ID_LENGTH]>::try_from(text.as_bytes()).ok()?;
    bytes.iter().all(u8::is_ascii_alphanumeric).then_some(bytes)
}

/// The first and the last UID that have this id.
pub(super) fn uids_of_id(id: &str) -> Option<(Uid, Uid)> {
    let digits = id.strip_prefix(ID_PREFIX)?;
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if digits.len() != 16 || !digits.chars().all(is_digit) {
        return None;
    }
    let first = Uid::from_str_radix(digits, 16).ok()? << 64;
    Some((first, first | Uid::from(u64::MAX)))
}
