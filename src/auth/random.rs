//! Random bytes of the operating system.

use aws_lc_rs::rand;
use data_encoding::HEXLOWER;

use super::opaque::NoRandomness;

/// Fills the bytes; answers whether it could.
pub fn fill(bytes: &mut [u8]) -> bool {
    rand::fill(bytes).is_ok()
}

/// `N` random bytes as hexadecimal digits.
///
/// # Errors
/// When there is no randomness.
pub fn hex<const N: usize>() -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; N];
    rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(HEXLOWER.encode(&bytes))
}
