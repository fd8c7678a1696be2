//! Lists as bytes, so that the same list is not put together again for everybody who asks.
//!
//! Who asks says which edition of the namespace holds at present; another is never answered. What
//! is kept here is the same for all who may see the whole list.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use axum::body::Bytes;

/// Most bytes that are kept.
const MOST: usize = 8 * 1024 * 1024;

/// Lists of one kind, by namespace.
#[derive(Default)]
pub struct Rendered(RwLock<Kept>);

#[derive(Default)]
struct Kept {
    lists: HashMap<String, (u64, Bytes)>,
    size: usize,
}

impl Rendered {
    /// The list of this edition, if it was kept.
    #[must_use]
    pub fn get(&self, namespace: &str, edition: u64) -> Option<Bytes> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (of, list) = kept.lists.get(namespace)?;
        (*of == edition).then(|| list.clone())
    }

    /// Keeps a list in place of the one before.
    pub fn insert(&self, namespace: &str, edition: u64, list: Bytes) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, old)) = kept.lists.remove(namespace) {
            kept.size -= old.len();
        }
        if kept.size + list.len() > MOST {
            // Those that are asked for come back at once.
            *kept = Kept::default();
        }
        kept.size += list.len();
        kept.lists.insert(namespace.to_owned(), (edition, list));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_edition_is_never_answered() {
        let lists = Rendered::default();
        lists.insert("acme", 7, Bytes::from_static(b"[1]"));
        assert_eq!(lists.get("acme", 7).unwrap(), "[1]");
        assert_eq!(lists.get("acme", 8), None);
        assert_eq!(lists.get("other", 7), None);
        lists.insert("acme", 8, Bytes::from_static(b"[2]"));
        assert_eq!(lists.get("acme", 7), None);
        assert_eq!(lists.get("acme", 8).unwrap(), "[2]");
    }

    #[test]
    fn it_never_grows_beyond_its_bound() {
        let lists = Rendered::default();
        let list = Bytes::from(vec![b' '; MOST / 10]);
        for number in 0..100 {
            let namespace = format!("tenant-{number}");
            lists.insert(&namespace, 1, list.clone());
            assert_eq!(lists.get(&namespace, 1), Some(list.clone()));
            let kept = lists.0.read().unwrap();
            let size = kept
                .lists
                .values()
                .map(|(_, list)| list.len())
                .sum::<usize>();
            assert_eq!(kept.size, size);
            assert!(kept.size <= MOST);
        }
    }
}
