//! CEL rules for Kubernetes quantities (`resource.Quantity`). Text only: nothing is parsed here.

use kube::core::{Reason, Rule};

/// Refuses text that is no quantity, or one outside `min..=max` (both as Kubernetes spells them).
pub(super) fn between(min: &str, max: &str, what: &str) -> Rule {
    Rule::new(format!(
        "isQuantity(self) && quantity(self).compareTo(quantity('{min}')) >= 0 \
         && quantity(self).compareTo(quantity('{max}')) <= 0"
    ))
    .message(&*format!(
        "{what} must be a quantity from {min} to {max}, for example {min}"
    ))
    .reason(Reason::FieldValueInvalid)
}

/// Refuses a quantity smaller than the stored one.
pub(super) fn grows_only(what: &str) -> Rule {
    Rule::new(
        "!isQuantity(self) || !isQuantity(oldSelf) || \
         quantity(self).compareTo(quantity(oldSelf)) >= 0",
    )
    .message(&*format!(
        "{what} can only grow: write the present size or a larger one"
    ))
    .reason(Reason::FieldValueForbidden)
}
