//! Sets of keys by one of their names. A set holds pointers only, and compares through them.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::ops::Bound;
use std::sync::Arc;

use super::{IndexedKey, Uid};
use crate::domain::api_key::LOOKUP_ID_LENGTH;

/// A key that is told apart by one of its names, for sets that are asked by that name.
macro_rules! told_apart {
    ($name:ident, $by:ty, $get:ident, $meaning:literal) => {
        #[doc = $meaning]
        #[derive(Debug)]
        pub(super) struct $name(pub(super) Arc<IndexedKey>);

        impl Borrow<$by> for $name {
            fn borrow(&self) -> &$by {
                self.0.$get()
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.$get().hash(state);
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.$get() == other.0.$get()
            }
        }

        impl Eq for $name {}
    };
}

told_apart!(OfUid, [u8; 16], uid_bytes, "The key of a UID.");
told_apart!(
    OfLookupId,
    [u8; LOOKUP_ID_LENGTH],
    lookup_bytes,
    "The key that counts for a lookup id."
);

/// A namespace, and a place in it.
type Place<'a> = (&'a str, Uid);

/// All keys, by namespace and UID.
#[derive(Debug, Default)]
pub(super) struct ByNamespace(BTreeSet<Row>);

impl ByNamespace {
    pub(super) fn insert(&mut self, key: &Arc<IndexedKey>) {
        self.0.insert(Row(Arc::clone(key)));
    }

    pub(super) fn remove(&mut self, key: &IndexedKey) {
        let place: Place<'_> = (key.namespace(), key.uid());
        self.0.remove(&place as &dyn Placed);
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<IndexedKey>> {
        self.0.iter().map(|row| &row.0)
    }

    /// The keys of a namespace from one UID to another, both included.
    pub(super) fn range<'a>(
        &'a self,
        namespace: &'a str,
        (first, last): (Uid, Uid),
    ) -> impl Iterator<Item = &'a Arc<IndexedKey>> {
        let (first, last): (Place<'_>, Place<'_>) = ((namespace, first), (namespace, last));
        let bounds = (
            Bound::Included(&first as &dyn Placed),
            Bound::Included(&last as &dyn Placed),
        );
        self.0.range::<dyn Placed, _>(bounds).map(|row| &row.0)
    }
}

#[derive(Debug)]
struct Row(Arc<IndexedKey>);

/// What has a place: a row of the set, or a place itself, so that the set can be asked by it.
trait Placed {
    fn place(&self) -> Place<'_>;
}

impl Placed for Row {
    fn place(&self) -> Place<'_> {
        (self.0.namespace(), self.0.uid())
    }
}

impl Placed for Place<'_> {
    fn place(&self) -> Place<'_> {
        *self
    }
}

impl<'a> Borrow<dyn Placed + 'a> for Row {
    fn borrow(&self) -> &(dyn Placed + 'a) {
        self
    }
}

impl Ord for dyn Placed + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for dyn Placed + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for dyn Placed + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for dyn Placed + '_ {}

impl Ord for Row {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Row {}
