//! Condition types and reasons (Kubernetes API conventions, "Typical status properties"; kstatus).
//!
//! One place for every word that users and tools match on. Nothing here decides.

use strum::{AsRefStr, Display, IntoStaticStr};

/// The `type` of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, AsRefStr, IntoStaticStr)]
pub enum ConditionType {
    /// kstatus: the object is as its spec says.
    Ready,
    /// kstatus: the operator is working towards the spec.
    Reconciling,
    /// kstatus: the operator cannot go on until something outside it changes.
    Stalled,
    /// The workload namespace exists, with its labels and service account.
    NamespaceReady,
    /// The policies are in place.
    PerimeterReady,
    /// Quota and limits are in place.
    QuotaReady,
    /// Packets have shown that the perimeter is enforced.
    IsolationVerified,
    /// A load-balancer address is held.
    AddressAssigned,
    /// The server accepts clients with the present role, certificate and allow-list.
    ServerReady,
}

/// The `reason` of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, AsRefStr, IntoStaticStr)]
pub enum Reason {
    /// All is as the spec says.
    Succeeded,
    /// Suspended, as the spec says.
    Suspended,
    /// Ended by its owner, as the spec says.
    Revoked,
    /// Past its time, as the spec says.
    Expired,
    /// An older `ApiKey` has the lookup id.
    LookupIdTaken,
    /// Work goes on.
    Progressing,
    /// Waits for the Project.
    ProjectNotReady,
    /// No Project of that name in the namespace.
    ProjectNotFound,
    /// The namespace carries no tenant label.
    NamespaceNotTenant,
    /// The namespace, or another object by that name, belongs to someone else.
    AlreadyOwned,
    /// An Endpoint by the template's name exists and is not the Project's.
    EndpointNameTaken,
    /// The catalog has no image of that major version.
    PostgresVersionUnknown,
    /// The project's quota is used up.
    QuotaExceeded,
    /// A parameter's value is out of its bounds.
    ParameterInvalid,
    /// Neither the Endpoint nor its Project says who may connect.
    AccessMissing,
    /// The allow-list holds nothing that may be admitted.
    AccessInvalid,
    /// The Secret or the key in it that the role refers to is missing or unusable.
    PasswordSecretInvalid,
    /// The volume cannot be made as large as asked for.
    StorageResizeRefused,
    /// The gate has not passed yet.
    GatePending,
    /// Packets went where they must not.
    NotEnforced,
    /// No address of the pool is free.
    PoolExhausted,
    /// Two Services claim one address.
    AddressConflict,
    /// Waits for an earlier step.
    Waiting,
    /// The server does not come up.
    ServerFailed,
    /// The pod finds no node.
    Unschedulable,
    /// Kubernetes refused or failed a request.
    ApplyFailed,
}
