//! Conditions, in the words of Kubernetes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One aspect of an object, and why it is as it is. `type`, `status` and `reason` are spelled as
/// `kubectl` shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConditionView {
    /// Which aspect, for example `Ready`.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in one word for programs.
    pub reason: String,
    /// Why, and what to do about it, for people.
    pub message: String,
    /// Since when the status is what it is.
    #[cfg_attr(feature = "server", schema(value_type = String, format = DateTime))]
    pub last_transition_time: Timestamp,
}

impl ConditionView {
    /// The condition of this type.
    #[must_use]
    pub fn find<'a>(conditions: &'a [Self], type_: &str) -> Option<&'a Self> {
        conditions.iter().find(|of| of.type_ == type_)
    }

    /// The condition of this type, if it holds.
    #[must_use]
    pub fn holding<'a>(conditions: &'a [Self], type_: &str) -> Option<&'a Self> {
        Self::find(conditions, type_).filter(|of| of.holds())
    }

    /// Whether it is as its type says.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.status == "True"
    }
}
