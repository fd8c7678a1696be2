//! One member of a JSON merge patch (RFC 7396): absent, null, or a new value.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a merge patch does to one member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The patch does not have the member.
    #[default]
    Keep,
    /// The patch has null.
    Remove,
    /// The patch has a value.
    Set(T),
}

impl<T> Change<T> {
    /// Whether the patch does not have the member.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The new value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Remove => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An absent member never comes here: the field has a default.
        Option::deserialize(deserializer).map(|value| value.map_or(Self::Remove, Self::Set))
    }
}

impl<T: Serialize> Serialize for Change<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // `Keep` is skipped by the field.
        self.value().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Patch {
        #[serde(default, skip_serializing_if = "Change::is_keep")]
        name: Change<String>,
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        for (text, name) in [
            ("{}", Change::Keep),
            (r#"{"name":null}"#, Change::Remove),
            (r#"{"name":"shop"}"#, Change::Set("shop".to_owned())),
        ] {
            let patch = Patch { name };
            assert_eq!(serde_json::from_str::<Patch>(text).unwrap(), patch);
            assert_eq!(serde_json::to_string(&patch).unwrap(), text);
        }
    }
}
