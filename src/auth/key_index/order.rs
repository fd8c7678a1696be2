//! Sets of keys, each in an order of its own. A set holds pointers only, and compares through them.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::ops::Bound;
use std::sync::Arc;

use super::{IndexedKey, Uid};

/// Where a key stands: its group, and its place in the group.
type Place<'a> = (&'a str, i64, Uid);

pub(super) trait Order {
    fn place(key: &IndexedKey) -> Place<'_>;
}

macro_rules! order {
    ($name:ident, $meaning:literal, |$key:ident| $place:expr) => {
        #[doc = $meaning]
        #[derive(Debug)]
        pub(super) struct $name;

        impl Order for $name {
            fn place($key: &IndexedKey) -> Place<'_> {
                $place
            }
        }
    };
}

order!(ByUid, "By UID.", |key| ("", 0, key.uid()));
order!(ByLookup, "By lookup id, the oldest first.", |key| (
    key.lookup_id(),
    key.created_second(),
    key.uid()
));
order!(ByNamespace, "By namespace.", |key| (key.namespace(), 0, key.uid()));
order!(ByUser, "By user.", |key| (key.user().unwrap_or_default(), 0, key.uid()));
order!(ByParent, "By parent.", |key| (key.parent().unwrap_or_default(), 0, key.uid()));

/// A set of keys in the order `O`.
#[derive(Debug)]
pub(super) struct Ordered<O>(BTreeSet<Row<O>>);

impl<O> Default for Ordered<O> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<O: Order> Ordered<O> {
    pub(super) fn insert(&mut self, key: &Arc<IndexedKey>) {
        self.0.insert(Row(Arc::clone(key), PhantomData));
    }

    pub(super) fn remove(&mut self, key: &IndexedKey) {
        let place = O::place(key);
        self.0.remove(&place as &dyn Placed);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<IndexedKey>> {
        self.0.iter().map(|row| &row.0)
    }

    /// The keys from one place to another, both of them included.
    pub(super) fn range<'a>(
        &'a self,
        first: Place<'a>,
        last: Place<'a>,
    ) -> impl Iterator<Item = &'a Arc<IndexedKey>> {
        let bounds = (
            Bound::Included(&first as &dyn Placed),
            Bound::Included(&last as &dyn Placed),
        );
        self.0.range::<dyn Placed, _>(bounds).map(|row| &row.0)
    }

    /// The key of this group with this UID, in orders where a group has no inner order.
    pub(super) fn first(&self, group: &str, uid: Uid) -> Option<&Arc<IndexedKey>> {
        let place: Place<'_> = (group, 0, uid);
        self.0.get(&place as &dyn Placed).map(|row| &row.0)
    }

    /// The first key of a group.
    pub(super) fn oldest(&self, group: &str) -> Option<&Arc<IndexedKey>> {
        let first: Place<'_> = (group, i64::MIN, Uid::MIN);
        let bounds = (Bound::Included(&first as &dyn Placed), Bound::Unbounded);
        let row = self.0.range::<dyn Placed, _>(bounds).next();
        row.filter(|row| O::place(&row.0).0 == group).map(|row| &row.0)
    }

    /// All keys of a group.
    pub(super) fn group(&self, group: &str) -> Vec<Arc<IndexedKey>> {
        let keys = self.range((group, i64::MIN, Uid::MIN), (group, i64::MAX, Uid::MAX));
        keys.map(Arc::clone).collect()
    }
}

#[derive(Debug)]
struct Row<O>(Arc<IndexedKey>, PhantomData<O>);

/// What has a place: a row of a set, or a place itself, so that sets can be asked by it.
trait Placed {
    fn place(&self) -> Place<'_>;
}

impl<O: Order> Placed for Row<O> {
    fn place(&self) -> Place<'_> {
        O::place(&self.0)
    }
}

impl Placed for Place<'_> {
    fn place(&self) -> Place<'_> {
        *self
    }
}

impl<'a, O: Order + 'a> Borrow<dyn Placed + 'a> for Row<O> {
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

impl<O: Order> Ord for Row<O> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl<O: Order> PartialOrd for Row<O> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<O: Order> PartialEq for Row<O> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<O: Order> Eq for Row<O> {}
