//! Cursors of lists: the place of the last item, opaque to clients, and harmless when forged,
//! since the list is still the caller's own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::wire::page::{Page, PageQuery};

/// Longer ones are nobody's.
const MAX_LENGTH: usize = 1024;

/// How many items were asked for.
///
/// # Errors
/// When it is out of bounds.
pub fn limit(query: &PageQuery) -> ApiResult<u32> {
    let limit = query.limit.unwrap_or(PageQuery::DEFAULT_LIMIT);
    if (1..=PageQuery::MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    let message = format!("must be 1 to {}", PageQuery::MAX_LIMIT);
    Err(ApiError::new(Code::InvalidRequest).field("limit", message))
}

/// The place after which the page begins.
///
/// # Errors
/// When the cursor is not one of this list.
pub fn read<T: DeserializeOwned>(query: &PageQuery) -> ApiResult<Option<T>> {
    let Some(text) = &query.cursor else {
        return Ok(None);
    };
    let place = (text.len() <= MAX_LENGTH)
        .then(|| URL_SAFE_NO_PAD.decode(text).ok())
        .flatten()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    place.map(Some).ok_or_else(|| {
        ApiError::with(
            Code::InvalidCursor,
            "send nextCursor of the page before as it was, or begin without a cursor",
        )
    })
}

/// The cursor of a place.
#[must_use]
pub fn write<T: Serialize>(place: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).unwrap_or_default())
}

/// The page of a list that lies in memory. The place of an item is unique, and orders the list.
///
/// # Errors
/// When limit or cursor cannot be used.
pub fn page<T, P>(
    mut items: Vec<T>,
    place: impl Fn(&T) -> P,
    query: &PageQuery,
) -> ApiResult<Page<T>>
where
    P: Ord + Serialize + DeserializeOwned,
{
    let limit = limit(query)? as usize;
    let after = read::<P>(query)?;
    items.sort_by_cached_key(&place);
    if let Some(after) = after {
        items.retain(|item| place(item) > after);
    }
    let has_more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| has_more);
    let next_cursor = last.map(|item| write(&place(item)));
    Ok(Page { items, next_cursor })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(cursor: &str) -> PageQuery {
        PageQuery {
            limit: None,
            cursor: Some(cursor.to_owned()),
        }
    }

    #[test]
    fn a_cursor_comes_back_as_its_place() {
        let cursor = write(&(7, "b"));
        let place = read::<(i32, String)>(&query(&cursor)).unwrap();
        assert_eq!(place, Some((7, "b".to_owned())));
    }

    #[test]
    fn a_cursor_of_nobody_is_refused() {
        for text in ["", "%%%", "bnVsbA", &"A".repeat(2000)] {
            let error = read::<(i32, String)>(&query(text)).unwrap_err();
            assert_eq!(error.code(), Code::InvalidCursor, "{text}");
        }
    }

    #[test]
    fn pages_together_are_the_list_in_order() {
        let mut query = PageQuery {
            limit: Some(2),
            cursor: None,
        };
        let mut seen = Vec::new();
        loop {
            let page = page(vec![5, 1, 4, 2, 3], |item| *item, &query).unwrap();
            assert!(page.items.len() <= 2);
            seen.extend(page.items);
            match page.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => break,
            }
        }
        assert_eq!(seen, [1, 2, 3, 4, 5]);
    }
}
