//! What surrounds every handler: what comes in, what stands before it, how a refusal goes out.
//! Nothing here knows a resource.

pub mod cursor;
pub mod edges;
pub mod error;
pub mod etag;
pub mod extract;
pub mod guard;
pub mod idempotency;
pub mod limit;
pub mod middleware;
pub mod rendered;
pub mod request_id;
pub mod unread;
