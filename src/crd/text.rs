//! CEL rules for text. Text only: nothing is parsed here.
//!
//! A schema `pattern` would refuse as well, but its message shows the expression instead of what
//! to write.

use kube::core::{Reason, Rule};

/// Refuses any change of a field and says what to do instead.
pub(super) fn immutable(field: &str, instead: &str) -> Rule {
    Rule::new("self == oldSelf")
        .message(&*format!("{field} cannot be changed: {instead}"))
        .reason(Reason::FieldValueForbidden)
}

/// Refuses any change of a field that may be absent, its coming and going too. A rule of the
/// object: one of the field is not asked when the field is added or removed.
pub(super) fn immutable_optional(field: &str, instead: &str) -> Rule {
    Rule::new(format!(
        "has(self.{field}) == has(oldSelf.{field}) \
         && (!has(self.{field}) || self.{field} == oldSelf.{field})"
    ))
    .message(&*format!(
        "{field} cannot be changed, added or removed: {instead}"
    ))
    .reason(Reason::FieldValueForbidden)
    .field_path(format!(".{field}"))
}

/// Admits the name of a role or database that needs no quotes in SQL.
pub(super) fn sql_name(field: &str) -> Rule {
    matching(
        "^[a-z_][a-z0-9_]*$",
        &format!(
            "{field} must be lower-case letters, digits and _, and not begin with a digit, \
             for example shop_1"
        ),
    )
}

/// Refuses names of databases that belong to the server.
pub(super) fn own_database() -> Rule {
    Rule::new("!(self in ['postgres', 'template0', 'template1'])").message(
        "database must not be postgres, template0 or template1, which belong to the server: \
         write another name",
    )
}

/// Refuses names of roles that belong to the server.
pub(super) fn own_role() -> Rule {
    Rule::new("self != 'postgres' && !self.startsWith('pg_')").message(
        "role.name must not be postgres or begin with pg_, which belong to the server: \
         write another name",
    )
}

/// Refuses two passwords for one role.
pub(super) fn one_password() -> Rule {
    Rule::new("!(has(self.passwordSecretRef) && has(self.passwordVerifier))")
        .message(
            "give passwordSecretRef or passwordVerifier, not both; with neither the operator \
             makes a password",
        )
        .reason(Reason::FieldValueInvalid)
}

/// Admits a role whose verifier is one of SCRAM-SHA-256 as Postgres stores it.
pub(super) fn scram_verifier() -> Rule {
    secret_matching(
        "passwordVerifier",
        r"^SCRAM-SHA-256\$[1-9][0-9]{3,6}:[A-Za-z0-9+/]{16,88}={0,2}\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$",
        "passwordVerifier must be SCRAM-SHA-256$<iterations, 1000 or more>:<salt>$<stored key>:\
         <server key>, as pg_authid.rolpassword holds it; a password itself goes into a Secret, \
         see passwordSecretRef",
    )
}

/// Admits an object whose `field`, when it has one, is of the form of `pattern`.
///
/// The refusal of a scalar shows its value. Whoever wrote a password or a key where its hash
/// belongs would find it in the logs of his Git tool, so the rule is one of the object.
pub(super) fn secret_matching(field: &str, pattern: &str, message: &str) -> Rule {
    Rule::new(format!(
        "!has(self.{field}) || self.{field}.matches(r'{pattern}')"
    ))
    .message(message)
    .reason(Reason::FieldValueInvalid)
    .field_path(format!(".{field}"))
}

/// Admits the name of an endpoint within its project.
pub(super) fn short_name() -> Rule {
    matching(
        "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "name must be lower-case letters, digits and hyphens, and begin and end with a letter or \
         digit, for example main",
    )
}

/// Admits text of the form of `pattern` (RE2); the message says what to write.
pub(super) fn matching(pattern: &str, message: &str) -> Rule {
    Rule::new(format!("self.matches(r'{pattern}')"))
        .message(message)
        .reason(Reason::FieldValueInvalid)
}
