//! Projects as people see them.

use jiff::Timestamp;

use crate::cli::command::status;
use crate::cli::printer::{Described, Listed, STATUS, Tone, age};
use crate::wire::project::{DeletionPolicy, ProjectView};

/// What is lost with a project.
pub(super) fn loss(project: &ProjectView) -> String {
    let name = &project.name;
    let endpoints = match project.endpoints.total {
        0 => return format!("Project {name} has no endpoints."),
        1 => "its endpoint".to_owned(),
        count => format!("its {count} endpoints"),
    };
    let data = match project.deletion_policy {
        DeletionPolicy::Delete => "all data, which cannot be had again",
        DeletionPolicy::Retain => "their addresses; volumes stay in the cluster",
    };
    format!("With project {name} go {endpoints} and {data}.")
}

impl Listed for ProjectView {
    const KIND: &'static str = "project";
    const FIRST: Option<&'static str> = Some("keon projects create NAME");
    const HEAD: &'static [&'static str] = &["NAME", STATUS, "POSTGRES", "ENDPOINTS", "AGE"];

    fn name(&self) -> &str {
        &self.name
    }

    fn row(&self, now: Timestamp) -> Vec<String> {
        let endpoints = self.endpoints;
        vec![
            self.name.clone(),
            status::of_project(self).0,
            self.postgres_version.clone(),
            format!("{}/{} ready", endpoints.ready, endpoints.total),
            age(self.created_at, now),
        ]
    }

    fn tone(&self) -> Option<Tone> {
        Some(status::of_project(self).1)
    }
}

impl Described for ProjectView {
    fn details(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        let (quota, endpoints) = (&self.quota, self.endpoints);
        let allowed = match &self.network {
            Some(network) => network.allowed_cidrs.join("\n"),
            None => "as each endpoint says".to_owned(),
        };
        let deletion = match self.deletion_policy {
            DeletionPolicy::Delete => "an endpoint's data goes with it",
            DeletionPolicy::Retain => "an endpoint's volume stays",
        };
        let protection = match self.deletion_protection {
            true => "protected",
            false => "not protected",
        };
        let quota = format!(
            "{} endpoints, {} CPU, {} memory, {} storage",
            quota.endpoints, quota.cpu, quota.memory, quota.storage
        );
        let mut lines = vec![("Name", self.name.clone()), ("Id", self.id.clone())];
        lines.extend(self.display_name.clone().map(|name| ("Called", name)));
        lines.extend([
            ("Status", status::of_project(self).0),
            ("Postgres", self.postgres_version.clone()),
            (
                "Endpoints",
                format!("{}, {} ready", endpoints.total, endpoints.ready),
            ),
            ("Quota", quota),
            ("Allowed", allowed),
            ("Deletion", format!("{protection}; {deletion}")),
            (
                "Created",
                format!("{} ({} ago)", self.created_at, age(self.created_at, now)),
            ),
        ]);
        if !self.conditions.is_empty() {
            lines.push(("Conditions", status::in_words(&self.conditions)));
        }
        lines
    }
}
