//! What another user of the machine, or a hostile server, does to somebody who signs in: each is
//! refused, and the login still completes.

mod listener;
mod server;
