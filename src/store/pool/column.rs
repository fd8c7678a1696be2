//! How values are kept in columns.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

/// A SHA-256 digest or other bytes as a column holds them.
pub(in crate::store) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads the columns of a row by their names.
pub(in crate::store) trait Columns {
    fn text(&self, column: &'static str) -> Result<String, sqlx::Error>;
    fn optional_text(&self, column: &'static str) -> Result<Option<String>, sqlx::Error>;
    fn number(&self, column: &'static str) -> Result<i64, sqlx::Error>;
    fn optional_number(&self, column: &'static str) -> Result<Option<i64>, sqlx::Error>;
    fn time(&self, column: &'static str) -> Result<Timestamp, sqlx::Error>;
    fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>, sqlx::Error>;
    fn bytes(&self, column: &'static str) -> Result<Vec<u8>, sqlx::Error>;
}

impl Columns for AnyRow {
    fn text(&self, column: &'static str) -> Result<String, sqlx::Error> {
        self.try_get(column)
    }

    fn optional_text(&self, column: &'static str) -> Result<Option<String>, sqlx::Error> {
        self.try_get(column)
    }

    fn number(&self, column: &'static str) -> Result<i64, sqlx::Error> {
        self.try_get(column)
    }

    fn optional_number(&self, column: &'static str) -> Result<Option<i64>, sqlx::Error> {
        self.try_get(column)
    }

    fn time(&self, column: &'static str) -> Result<Timestamp, sqlx::Error> {
        let value = self.number(column)?;
        Timestamp::from_millisecond(value).map_err(|_| malformed(column, "no time"))
    }

    fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>, sqlx::Error> {
        match self.optional_number(column)? {
            Some(_) => self.time(column).map(Some),
            None => Ok(None),
        }
    }

    fn bytes(&self, column: &'static str) -> Result<Vec<u8>, sqlx::Error> {
        let text = self.text(column)?;
        URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| malformed(column, "no base64url"))
    }
}

/// A column holds what this program never writes. The value itself is not told.
pub(in crate::store) fn malformed(column: &str, why: &'static str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: why.into(),
    }
}
