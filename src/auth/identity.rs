//! Who a provider says that someone is.

use crate::domain::email::Email;

pub mod github;
pub mod http;
pub mod keystore;
pub mod oidc;

/// A person at a provider of identity. The account is (`provider`, `subject`); the address says
/// only whether the person is let in, and never joins accounts of two providers (J8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the provider, as it is configured.
    pub provider: String,
    /// What the provider calls the account, for good: `sub`, or GitHub's numeric id.
    pub subject: String,
    /// Address that the provider has verified.
    pub email: Email,
    /// Name for people.
    pub name: Option<String>,
}

/// Longest name for people that is kept.
const MAX_NAME_LENGTH: usize = 128;

/// A name for people, cleaned of what cannot be shown; nothing if nothing is left.
pub(super) fn display_name(text: &str) -> Option<String> {
    let shown = text.chars().filter(|c| !c.is_control());
    let shown = shown.take(MAX_NAME_LENGTH).collect::<String>();
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_can_be_shown() {
        assert_eq!(display_name(" Ada\r\n\u{1b}[31m "), Some("Ada[31m".into()));
        assert_eq!(display_name("\n \t"), None);
        let long = display_name(&"é".repeat(1_000)).unwrap();
        assert_eq!(long.chars().count(), MAX_NAME_LENGTH);
    }
}
