//! Kisenon.
