//! Identity and audit, in SQLite or Postgres. The only folder with SQL.
//!
//! One SQL text serves both engines, so it holds to what they share: TEXT and BIGINT, `$1`
//! parameters, conditional updates, `RETURNING`, `ON CONFLICT`. Every text is a literal; values
//! travel as parameters only.
//!
//! Nothing here makes an id, a token or a time: they are arguments. Tokens come as SHA-256
//! digests and keys sealed, so a copy of the database opens nothing.
//!
//! Whatever changes more than one row is one transaction. Locks are taken in one order (the
//! counter `allow_list`, the counter `ended_sessions`, rows), so that no two can wait for each
//! other.

mod allow_list;
mod audit_events;
mod cli_codes;
mod device_codes;
mod error;
mod idempotency;
mod pool;
mod proofs;
mod replicas;
mod sessions;
mod signing_keys;
mod users;

pub use allow_list::{AllowEntry, AllowSource};
pub use audit_events::{AuditEvent, NewAuditEvent};
pub use cli_codes::{CliCode, CodeOutcome, NewCliCode};
pub use device_codes::{DeviceDecision, DeviceGrant, DeviceOutcome, DeviceRequest, NewDeviceCode};
pub use error::StoreError;
pub use idempotency::{Idempotency, StoredAnswer};
pub use pool::Store;
pub use replicas::Replica;
pub use sessions::{EndedSession, NewSession, RefreshOutcome, Session};
pub use signing_keys::SigningKeyRow;
pub use users::{Account, SignIn, Tenant, User};
