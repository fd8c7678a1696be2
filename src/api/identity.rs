//! Who calls: credentials, what they are made from, and how all replicas hear of their end.

pub mod authenticate;
pub mod caller;
pub mod key_follow;
pub mod key_use;
pub mod known_user;
pub mod mint;
pub mod replica;
pub mod sign_in;
pub mod signing;
