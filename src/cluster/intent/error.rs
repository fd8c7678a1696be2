//! What Kubernetes says to a request, in few kinds and in words for the person who asked.
//!
//! The API server's own words say best what is wrong with an object, so they are kept. What names
//! the machinery behind it (policies, webhooks, accounts, quotas) is taken away.

use kube::core::Status;
use thiserror::Error;

/// A request that Kubernetes refused or that did not reach it.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// There is no such object.
    #[error("there is no such object")]
    NotFound,
    /// An object by that name exists.
    #[error("an object by that name exists")]
    NameTaken,
    /// It has changed since it was seen, or somebody else holds a field of it.
    #[error("{0}")]
    Conflict(String),
    /// The object is refused as it is.
    #[error("{message}")]
    Invalid {
        /// What is wrong, and what to write instead.
        message: String,
        /// The same for single fields, where that is known.
        fields: Vec<FieldError>,
    },
    /// A rule of the cluster forbids it.
    #[error("{0}")]
    Forbidden(String),
    /// The tenant's quota is used up.
    #[error("{0}")]
    QuotaExceeded(Surplus),
    /// Kubernetes is away, or has too much to do.
    #[error("Kubernetes is not available")]
    Unavailable(#[source] Box<kube::Error>),
    /// A tenant's quota was just made and does not count yet.
    #[error("the tenant's quota does not count yet")]
    NotCounting,
    /// Anything else, which is a mistake of this program.
    #[error("Kubernetes refused the request")]
    Other(#[source] Box<kube::Error>),
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Which, as a path such as `spec.compute.cpu`.
    pub field: String,
    /// What to write instead.
    pub message: String,
}

/// What a quota has no room for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the tenant has {used} of {limit} {what}: delete one, or ask the platform admin for more")]
pub struct Surplus {
    /// `projects`, `endpoints` or `API keys`.
    pub what: &'static str,
    /// How many there are.
    pub used: u32,
    /// How many there may be.
    pub limit: u32,
}

/// The counted resources, as a quota and as people name them.
pub(in crate::cluster) const COUNTED: [(&str, &str); 3] = [
    ("count/projects.kisenon.com", "projects"),
    ("count/endpoints.kisenon.com", "endpoints"),
    ("count/apikeys.kisenon.com", "API keys"),
];

/// How the API server begins to say that an applied object is not of its schema.
const UNTYPED: &str = "failed to create typed patch object";

impl From<kube::Error> for ClusterError {
    fn from(error: kube::Error) -> Self {
        let kube::Error::Api(status) = error else {
            return match error {
                kube::Error::Service(_) | kube::Error::HyperError(_) | kube::Error::Auth(_) => {
                    Self::Unavailable(Box::new(error))
                }
                error => Self::Other(Box::new(error)),
            };
        };
        match (status.code, &*status.reason) {
            (404, _) => Self::NotFound,
            (409, "AlreadyExists") => Self::NameTaken,
            (409, _) => Self::Conflict(conflict(&status)),
            (400 | 422, _) => Self::invalid(&status),
            (403, _) => Self::forbidden(status),
            // Server-side apply answers so to a field that the schema does not know.
            (500, _) if status.message.contains(UNTYPED) => Self::untyped(&status.message),
            (408 | 429 | 500..=599, _) => Self::Unavailable(Box::new(kube::Error::Api(status))),
            _ => Self::Other(Box::new(kube::Error::Api(status))),
        }
    }
}

impl ClusterError {
    fn invalid(status: &Status) -> Self {
        let causes = status.details.iter().flat_map(|details| &details.causes);
        let mut fields = causes
            .filter(|cause| !cause.field.is_empty() && cause.field != "<nil>")
            .map(|cause| FieldError {
                field: cause.field.clone(),
                message: unplaced(plain(&cause.message), &cause.field).to_owned(),
            })
            .collect::<Vec<_>>();
        fields.dedup();
        let message = told(&fields).unwrap_or_else(|| plain(&status.message).to_owned());
        Self::Invalid { message, fields }
    }

    /// Reads `… (<object>): .spec.a: <words>`, or one such line for each of several fields.
    fn untyped(message: &str) -> Self {
        let (_, words) = message.split_once("): ").unwrap_or(("", message));
        let lines = words.lines().map(str::trim);
        let fields = lines.filter_map(|line| {
            let (field, words) = line.strip_prefix('.')?.split_once(": ")?;
            Some(FieldError {
                field: field.to_owned(),
                // What follows is the value that was sent.
                message: words.split(", got").next()?.to_owned(),
            })
        });
        let fields = fields.collect::<Vec<_>>();
        let message = told(&fields).unwrap_or_else(|| "it is not of the schema".to_owned());
        Self::Invalid { message, fields }
    }

    fn forbidden(status: Box<Status>) -> Self {
        let message = &status.message;
        if message.contains("exceeded quota: ") {
            return match surplus(message) {
                Some(surplus) => Self::QuotaExceeded(surplus),
                None => Self::Forbidden("a quota of the namespace is used up".to_owned()),
            };
        }
        // The quota was just made and has not counted yet; or the namespace is on its way out.
        if message.contains("status unknown for quota") || message.contains("is being terminated") {
            return Self::Unavailable(Box::new(kube::Error::Api(status)));
        }
        // A fence holds this program's own account: what runs into it is a mistake of ours.
        let refused_us = message.contains("-fence: ") || message.contains(" cannot ");
        match message.split_once("denied request: ") {
            Some((_, words)) if !refused_us => Self::Forbidden(words.to_owned()),
            _ => Self::Other(Box::new(kube::Error::Api(status))),
        }
    }
}

/// All that is wrong, in one line; none where no field is known.
fn told(fields: &[FieldError]) -> Option<String> {
    let lines = fields.iter().map(|f| format!("{}: {}", f.field, f.message));
    (!fields.is_empty()).then(|| lines.collect::<Vec<_>>().join("; "))
}

/// Without the name and kind of what decided, and without the value that was sent.
fn plain(message: &str) -> &str {
    let message = match message.split_once("strict decoding error: ") {
        Some((_, words)) => words,
        None => message,
    };
    for start in ["Invalid value: ", "Unsupported value: ", "Forbidden: "] {
        if let Some(rest) = message.strip_prefix(start) {
            // The value is a JSON text, and our own words follow a colon after it.
            return after_value(rest).unwrap_or(rest);
        }
    }
    message
}

/// Without the place, which stands beside the message.
fn unplaced<'a>(message: &'a str, field: &str) -> &'a str {
    let rest = message.strip_prefix(field);
    rest.and_then(|rest| rest.strip_prefix(" in body "))
        .unwrap_or(message)
}

/// What follows the first JSON value and its colon.
fn after_value(text: &str) -> Option<&str> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    values.next()?.ok()?;
    text.get(values.byte_offset()..)?.strip_prefix(": ")
}

fn conflict(status: &Status) -> String {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let held = causes
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| {
            let manager = cause.message.split('"').nth(1).unwrap_or("somebody else");
            format!(
                "{} is held by {manager}",
                cause.field.trim_start_matches('.')
            )
        })
        .collect::<Vec<_>>();
    if held.is_empty() {
        "the object has changed since it was read".to_owned()
    } else {
        held.join("; ")
    }
}

/// Reads `exceeded quota: <name>, requested: <what>=1, used: <what>=20, limited: <what>=20`.
fn surplus(message: &str) -> Option<Surplus> {
    let number = |part: &str, counted: &str| {
        let (_, rest) = message.split_once(&format!("{part}: "))?;
        let (_, rest) = rest.split_once(&format!("{counted}="))?;
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    };
    COUNTED.iter().find_map(|(counted, what)| {
        Some(Surplus {
            what,
            used: number("used", counted)?,
            limit: number("limited", counted)?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(status: serde_json::Value) -> ClusterError {
        kube::Error::Api(serde_json::from_value(status).unwrap()).into()
    }

    #[test]
    fn the_words_of_a_rule_stay_and_the_value_goes() {
        let error = read(json!({
            "code": 422, "reason": "Invalid", "message": "Endpoint \"it\" is invalid: …",
            "details": {"causes": [{
                "reason": "FieldValueInvalid",
                "field": "spec.access.allowedCidrs",
                "message": "Invalid value: [\"a: b\"]: each entry must be an IPv4 range",
            }]},
        }));
        let ClusterError::Invalid { message, fields } = error else {
            panic!("{error:?}");
        };
        assert_eq!(
            message,
            "spec.access.allowedCidrs: each entry must be an IPv4 range"
        );
        assert_eq!(fields[0].message, "each entry must be an IPv4 range");
    }

    #[test]
    fn a_full_quota_is_told_in_numbers() {
        let message = "projects.kisenon.com \"x\" is forbidden: exceeded quota: kisenon-tenant, \
            requested: count/projects.kisenon.com=1, used: count/projects.kisenon.com=20, \
            limited: count/projects.kisenon.com=20";
        let error = read(json!({"code": 403, "reason": "Forbidden", "message": message}));
        assert_eq!(
            error.to_string(),
            "the tenant has 20 of 20 projects: delete one, or ask the platform admin for more"
        );
    }

    #[test]
    fn nothing_of_the_machinery_is_named() {
        let policy = "projects.kisenon.com \"shop\" is forbidden: ValidatingAdmissionPolicy \
            'kisenon-deletion-protection' with binding 'x' denied request: Project shop is protected";
        let fence = "forbidden: ValidatingAdmissionPolicy 'f' with binding 'f' denied request: \
            kisenon-api-fence: CREATE of pods is refused";
        let rights = "pods is forbidden: User \"system:serviceaccount:kisenon-system:kisenon-api\" \
            cannot create resource \"pods\"";
        for (message, words) in [
            (policy, "Project shop is protected"),
            (fence, "Kubernetes refused the request"),
            (rights, "Kubernetes refused the request"),
        ] {
            let error = read(json!({"code": 403, "reason": "Forbidden", "message": message}));
            assert_eq!(error.to_string(), words);
        }
    }

    #[test]
    fn an_applied_field_that_does_not_exist_is_a_refusal() {
        let one = "failed to create typed patch object (acme/x; kisenon.com/v1alpha1, \
            Kind=Endpoint): .spec.compute.disk: field not declared in schema";
        let two = "failed to create typed patch object (acme/x; kisenon.com/v1alpha1, \
            Kind=Endpoint): errors:\n  .spec.a: field not declared in schema\n  \
            .spec.role: expected map, got &{hunter2}";
        for (message, words) in [
            (one, "spec.compute.disk: field not declared in schema"),
            (
                two,
                "spec.a: field not declared in schema; spec.role: expected map",
            ),
        ] {
            let error = read(json!({"code": 500, "reason": "", "message": message}));
            assert_eq!(error.to_string(), words);
        }
    }

    #[test]
    fn who_holds_a_field_is_said() {
        let error = read(json!({
            "code": 409, "reason": "Conflict", "message": "Apply failed with 1 conflict: …",
            "details": {"causes": [{
                "reason": "FieldManagerConflict",
                "field": ".spec.displayName",
                "message": "conflict with \"flux\" using kisenon.com/v1alpha1",
            }]},
        }));
        assert_eq!(error.to_string(), "spec.displayName is held by flux");
    }

    #[test]
    fn a_busy_api_server_is_not_a_refusal() {
        for code in [429, 500, 503, 504] {
            let error = read(json!({"code": code, "reason": "", "message": "etcd"}));
            assert!(matches!(error, ClusterError::Unavailable(_)), "{code}");
            assert!(!error.to_string().contains("etcd"));
        }
    }
}
