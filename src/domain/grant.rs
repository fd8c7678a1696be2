//! Rules of the grants by which programs get their keys: through a browser on the same machine
//! (RFC 8252, RFC 7636), and from a machine without one (RFC 8628).

pub mod pkce;
pub mod redirect;
pub mod user_code;
