//! Who may do what: (actor, action, target) → allowed, or why not.
//!
//! Tenancy is not decided here: an actor acts in its own tenant's namespace only, and whatever
//! lies outside it was never found. This decides within the tenant.

use std::sync::Arc;

use thiserror::Error;

use super::api_key::Scopes;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, signed in. May do everything on the own tenant.
    Session {
        /// Id of the user.
        user: Arc<str>,
    },
    /// A program with an API key.
    Key {
        /// What the key may do.
        scopes: Scopes,
        /// Name of the only project that it sees.
        project: Option<Arc<str>>,
    },
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Say who one is.
    Identify,
    /// End the credential that asks: sign out, revoke the own key.
    EndSelf,
    /// List objects. The answer holds only those that [`sees`] admits.
    List,
    /// Read one object.
    Read,
    /// Create, change or delete an object.
    Write,
    /// Read, or reset and so learn, a secret of an object: the password of a database. Whoever has
    /// it can change the data, so reading alone is not enough.
    ReadSecret,
    /// Mint, rename or revoke an API key. Its target is the project that the key is bound to.
    ManageKeys,
    /// Read the audit events of the tenant.
    ReadAudit,
    /// Grant access to a program: the consent page of the CLI, the approval of a device. Only a
    /// person may; a key that could would outlive itself without a trace of its parent.
    Authorize,
    /// Apply one object of a manifest, or see what applying would change.
    ApplyManifests,
}

/// What is acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// The tenant itself, or what belongs to no single project.
    Tenant,
    /// The project of this name, or what belongs to it.
    Project(&'a str),
}

/// Why something is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The key has not this scope.
    #[error("the key does not have the scope {0}")]
    Scope(&'static str),
    /// Only a person who is signed in may.
    #[error("only a person who is signed in may do this")]
    SessionOnly,
    /// The key is bound to one project and this belongs to the whole tenant.
    #[error("the key is bound to one project")]
    TenantWide,
    /// The key is bound to another project: for it, this one does not exist.
    #[error("not found")]
    Hidden,
}

/// Decides.
///
/// # Errors
/// Why it is not allowed. What the actor may not see comes first, so that no other reason tells
/// that it exists.
pub fn decide(actor: &Actor, action: Action, target: Target<'_>) -> Result<(), Refusal> {
    let Actor::Key { scopes, project } = actor else {
        return Ok(());
    };
    let needed = match action {
        Action::Identify | Action::EndSelf => return Ok(()),
        Action::Authorize => return Err(Refusal::SessionOnly),
        Action::List => return require(*scopes, Scopes::READ),
        Action::Read | Action::ReadAudit => Scopes::READ,
        Action::Write | Action::ManageKeys => Scopes {
            read: false,
            write: true,
        },
        Action::ReadSecret | Action::ApplyManifests => Scopes::ALL,
    };
    match (project, target) {
        (Some(bound), Target::Project(name)) if **bound != *name => Err(Refusal::Hidden),
        (Some(_), Target::Tenant) => Err(Refusal::TenantWide),
        _ => require(*scopes, needed),
    }
}

/// Whether lists that the actor reads hold this.
#[must_use]
pub fn sees(actor: &Actor, target: Target<'_>) -> bool {
    decide(actor, Action::Read, target).is_ok()
}

fn require(scopes: Scopes, needed: Scopes) -> Result<(), Refusal> {
    if needed.read && !scopes.read {
        return Err(Refusal::Scope("read"));
    }
    if needed.write && !scopes.write {
        return Err(Refusal::Scope("write"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIONS: [Action; 10] = [
        Action::Identify,
        Action::EndSelf,
        Action::List,
        Action::Read,
        Action::Write,
        Action::ReadSecret,
        Action::ManageKeys,
        Action::ReadAudit,
        Action::Authorize,
        Action::ApplyManifests,
    ];
    const WRITE: Scopes = Scopes {
        read: false,
        write: true,
    };
    const NONE: Scopes = Scopes {
        read: false,
        write: false,
    };

    fn key(scopes: Scopes, project: Option<&str>) -> Actor {
        Actor::Key {
            scopes,
            project: project.map(Arc::from),
        }
    }

    /// The actions that are allowed, of all.
    fn allowed(actor: &Actor, target: Target<'_>) -> Vec<Action> {
        let mut actions = ACTIONS.to_vec();
        actions.retain(|action| decide(actor, *action, target).is_ok());
        actions
    }

    #[test]
    fn a_person_may_do_everything() {
        let person = Actor::Session {
            user: "usr-1".into(),
        };
        for target in [Target::Tenant, Target::Project("shop")] {
            assert_eq!(allowed(&person, target), ACTIONS);
        }
    }

    #[test]
    fn an_unbound_key_may_do_everything_but_authorize() {
        let key = key(Scopes::ALL, None);
        for target in [Target::Tenant, Target::Project("shop")] {
            let mut expected = ACTIONS.to_vec();
            expected.retain(|a| *a != Action::Authorize);
            assert_eq!(allowed(&key, target), expected);
        }
        let refused = decide(&key, Action::Authorize, Target::Tenant);
        assert_eq!(refused, Err(Refusal::SessionOnly));
    }

    #[test]
    fn a_read_only_key_reads_no_secret_and_changes_nothing() {
        let key = key(Scopes::READ, None);
        let expected = [
            Action::Identify,
            Action::EndSelf,
            Action::List,
            Action::Read,
            Action::ReadAudit,
        ];
        assert_eq!(allowed(&key, Target::Tenant), expected);
        let refused = decide(&key, Action::ReadSecret, Target::Project("shop"));
        assert_eq!(refused, Err(Refusal::Scope("write")));
    }

    #[test]
    fn a_write_only_key_reads_nothing() {
        let key = key(WRITE, None);
        let expected = [
            Action::Identify,
            Action::EndSelf,
            Action::Write,
            Action::ManageKeys,
        ];
        assert_eq!(allowed(&key, Target::Project("shop")), expected);
    }

    #[test]
    fn a_bound_key_has_its_project_and_nothing_tenant_wide() {
        let key = key(Scopes::ALL, Some("shop"));
        let mut own = ACTIONS.to_vec();
        own.retain(|a| *a != Action::Authorize);
        assert_eq!(allowed(&key, Target::Project("shop")), own);
        let general = [Action::Identify, Action::EndSelf, Action::List];
        assert_eq!(allowed(&key, Target::Tenant), general);
        assert_eq!(allowed(&key, Target::Project("blog")), general);
        assert!(sees(&key, Target::Project("shop")));
        assert!(!sees(&key, Target::Project("blog")) && !sees(&key, Target::Tenant));
    }

    #[test]
    fn another_project_is_hidden_before_any_scope_is_named() {
        let key = key(NONE, Some("shop"));
        for action in [Action::Read, Action::Write, Action::ReadSecret] {
            let refused = decide(&key, action, Target::Project("blog"));
            assert_eq!(refused, Err(Refusal::Hidden));
            let refused = decide(&key, action, Target::Tenant);
            assert_eq!(refused, Err(Refusal::TenantWide));
        }
    }
}
