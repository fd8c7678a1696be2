//! CEL rules for Kubernetes quantities (`resource.Quantity`). Text only: nothing is parsed here.

use kube::core::{Reason, Rule};

/// The spellings that `domain::quantity` reads. Kubernetes knows more (`1e3`, `+1`, `5n`), which
/// would be admitted here and then be of no use.
const SPELLING: &str = "^[0-9]{1,15}([.][0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$";

/// Refuses text that is no quantity, or one outside `min..=max` (both as Kubernetes spells them).
pub(super) fn between(min: &str, max: &str, what: &str, example: &str) -> Rule {
    Rule::new(format!(
        "self.matches('{SPELLING}') && isQuantity(self) && quantity(self).compareTo(quantity('{min}')) >= 0 \
         && quantity(self).compareTo(quantity('{max}')) <= 0"
    ))
    .message(&*format!(
        "{what} must be a quantity from {min} to {max}, for example {example}"
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
