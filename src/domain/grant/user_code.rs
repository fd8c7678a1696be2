//! The code that a person compares and types in the device flow (RFC 8628 section 6.1): eight
//! consonants, so that no word comes up and no letter looks like a digit. 34 bits: short enough to
//! type, so whoever checks codes must limit the tries (C10).

use std::fmt;

use thiserror::Error;

const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// Text that is no user code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a user code is eight letters, for example WDJB-MJHT")]
pub struct InvalidUserCode;

/// A user code, printed as `XXXX-XXXX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserCode([u8; LENGTH]);

impl UserCode {
    /// Reads what a person typed: case, dashes and spaces do not matter.
    ///
    /// # Errors
    /// When what is left is not eight letters of the alphabet.
    pub fn parse(text: &str) -> Result<Self, InvalidUserCode> {
        let mut letters = text.chars().filter(|c| !matches!(c, '-' | ' '));
        let mut code = [0; LENGTH];
        for place in &mut code {
            let letter = letters.next().ok_or(InvalidUserCode)?;
            let letter = u8::try_from(letter.to_ascii_uppercase()).map_err(|_| InvalidUserCode)?;
            if !ALPHABET.contains(&letter) {
                return Err(InvalidUserCode);
            }
            *place = letter;
        }
        match letters.next() {
            None if text.len() <= 2 * LENGTH => Ok(Self(code)),
            _ => Err(InvalidUserCode),
        }
    }

    /// A new code from random bytes, which `fill` writes; nothing when it fails.
    pub fn generate(fill: &mut dyn FnMut(&mut [u8]) -> bool) -> Option<Self> {
        let mut code = [0; LENGTH];
        let mut done = 0;
        while done < LENGTH {
            let mut bytes = [0_u8; 2 * LENGTH];
            if !fill(&mut bytes) {
                return None;
            }
            // Values from 240 on would favour the first letters.
            let fair = bytes.iter().filter(|b| **b < 240);
            for (place, byte) in code[done..].iter_mut().zip(fair) {
                *place = ALPHABET[usize::from(*byte) % ALPHABET.len()];
                done += 1;
            }
        }
        Some(Self(code))
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, letter) in self.0.iter().enumerate() {
            let dash = if place == LENGTH / 2 { "-" } else { "" };
            write!(f, "{dash}{}", char::from(*letter))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_dashes_and_spaces_do_not_matter() {
        let code = UserCode::parse("WDJB-MJHT").unwrap();
        assert_eq!(code.to_string(), "WDJB-MJHT");
        for text in ["wdjbmjht", "wd-jb-mj-ht", " WDJB MJHT ", "wDJb-MjhT"] {
            assert_eq!(UserCode::parse(text), Ok(code), "{text}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        let dashes = format!("WDJB{}MJHT", "-".repeat(9));
        for text in [
            "",
            "WDJB-MJH",
            "WDJB-MJHTT",
            "ADJB-MJHT",
            "0DJB-MJHT",
            "WDJB_MJHT",
            "WDJB-MJH\u{17f}",
            "WDJB-MJHT\0",
            dashes.as_str(),
        ] {
            assert_eq!(UserCode::parse(text), Err(InvalidUserCode), "{text:?}");
        }
    }

    #[test]
    fn without_randomness_there_is_no_code() {
        assert!(UserCode::generate(&mut |_| false).is_none());
    }

    proptest! {
        #[test]
        fn what_is_generated_parses_to_itself(seed in prop::collection::vec(0_u8..240, 16)) {
            let mut fill = |bytes: &mut [u8]| {
                bytes.copy_from_slice(&seed);
                true
            };
            let code = UserCode::generate(&mut fill).unwrap();
            prop_assert_eq!(UserCode::parse(&code.to_string()), Ok(code));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,20}") {
            let _ = UserCode::parse(&text);
        }
    }
}
