//! API keys as people see them.

use jiff::Timestamp;

use crate::cli::printer::{Described, Listed, STATUS, Tone, age};
use crate::wire::api_key::{ApiKeyState, ApiKeyView, ManagedBy, Scope};

/// What a key may do, where, and for how long: it may …
pub(super) fn reach(key: &ApiKeyView) -> String {
    let place = match &key.project {
        Some(project) => format!("in project {}", project.name),
        None => "everywhere".to_owned(),
    };
    let end = match key.expires_at {
        Some(end) => format!("until {end}"),
        None => "until it is revoked".to_owned(),
    };
    format!("{} {place} {end}", scopes(key).replace(',', " and "))
}

impl Listed for ApiKeyView {
    const KIND: &'static str = "api-key";
    const FIRST: Option<&'static str> = Some("keon api-keys create LABEL");
    const HEAD: &'static [&'static str] = &[
        "LABEL", "PREFIX", STATUS, "SCOPES", "PROJECT", "USED", "EXPIRES", "AGE",
    ];

    fn name(&self) -> &str {
        // Labels need not be unique.
        &self.id
    }

    fn row(&self, now: Timestamp) -> Vec<String> {
        let project = self.project.as_ref();
        vec![
            self.label.clone(),
            self.prefix.clone(),
            state(self).0.to_owned(),
            scopes(self),
            project.map_or_else(|| "all".to_owned(), |project| project.name.clone()),
            self.last_used_at
                .map_or_else(|| "never".to_owned(), |at| format!("{} ago", age(at, now))),
            self.expires_at
                .map_or_else(|| "never".to_owned(), |at| expiry(at, now)),
            age(self.created_at, now),
        ]
    }

    fn tone(&self) -> Option<Tone> {
        Some(state(self).1)
    }
}

impl Described for ApiKeyView {
    fn details(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        let mut lines = vec![
            ("Label", self.label.clone()),
            ("Id", self.id.clone()),
            ("Prefix", self.prefix.clone()),
            ("Status", state(self).0.to_owned()),
            ("May", reach(self)),
        ];
        lines.extend(self.role.clone().map(|role| ("Used for", role)));
        lines.extend(self.user.clone().map(|user| ("Acts for", user)));
        lines.extend(self.parent.clone().map(|parent| ("Made by", parent)));
        let kept = match self.managed_by {
            ManagedBy::Api => "here",
            ManagedBy::Kubernetes => "in Kubernetes, as Git or kubectl has made it",
        };
        let used = self.last_used_at.map(|at| format!("{} ago", age(at, now)));
        lines.extend([
            ("Kept", kept.to_owned()),
            ("Used", used.unwrap_or_else(|| "never".to_owned())),
            (
                "Created",
                format!("{} ({} ago)", self.created_at, age(self.created_at, now)),
            ),
        ]);
        lines
    }
}

const fn state(key: &ApiKeyView) -> (&'static str, Tone) {
    match key.state {
        ApiKeyState::Active => ("Active", Tone::Good),
        ApiKeyState::Expired => ("Expired", Tone::Quiet),
        ApiKeyState::Revoked => ("Revoked", Tone::Quiet),
        ApiKeyState::LookupIdTaken => ("Prefix taken", Tone::Bad),
    }
}

fn scopes(key: &ApiKeyView) -> String {
    let words = key.scopes.iter().map(|scope| match scope {
        Scope::Read => "read",
        Scope::Write => "write",
    });
    words.collect::<Vec<_>>().join(",")
}

fn expiry(at: Timestamp, now: Timestamp) -> String {
    if at <= now {
        return format!("{} ago", age(at, now));
    }
    format!("in {}", age(now, at))
}
