//! The attacks on JWTs that are publicly known, each against our own access tokens and against id
//! tokens of each algorithm. Every forged token differs from an accepted one in the one way that
//! its test names; unless it says otherwise, it is signed with the right key.

mod algorithm;
mod claim;
mod form;
mod header;
mod signature;
