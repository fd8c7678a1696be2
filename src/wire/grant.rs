//! The grants by which programs get their keys.

pub mod cli;
pub mod device;
