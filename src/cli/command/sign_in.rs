//! Signing in and out, and what is kept of it.

mod console;
pub(super) mod login;
pub(super) mod logout;
pub(super) mod open;
pub(super) mod profile;
mod revoke;
pub(super) mod whoami;
