//! Endpoints as people see them.

use jiff::Timestamp;

use crate::cli::command::status;
use crate::cli::printer::{Described, Listed, STATUS, Tone, age};
use crate::wire::endpoint::access::InCluster;
use crate::wire::endpoint::{EndpointView, PasswordSource};

impl Listed for EndpointView {
    const KIND: &'static str = "endpoint";
    const FIRST: Option<&'static str> =
        Some("keon endpoints create NAME --project PROJECT --allow CIDR");
    const HEAD: &'static [&'static str] = &[
        "NAME", "PROJECT", STATUS, "ADDRESS", "CPU", "MEMORY", "STORAGE", "AGE",
    ];

    fn name(&self) -> &str {
        &self.name
    }

    fn row(&self, now: Timestamp) -> Vec<String> {
        vec![
            self.name.clone(),
            self.project.name.clone(),
            status::of_endpoint(self).0,
            self.host.clone().unwrap_or_else(|| "-".to_owned()),
            self.compute.cpu.clone(),
            self.compute.memory.clone(),
            self.storage.size.clone(),
            age(self.created_at, now),
        ]
    }

    fn tone(&self) -> Option<Tone> {
        Some(status::of_endpoint(self).1)
    }
}

impl Described for EndpointView {
    fn details(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        let project = match self.declared_by_project {
            true => format!("{}, which declares it", self.project.name),
            false => self.project.name.clone(),
        };
        let storage = match &self.storage.class_name {
            Some(class) => format!("{} of class {class}", self.storage.size),
            None => self.storage.size.clone(),
        };
        let mut lines = vec![
            ("Name", self.name.clone()),
            ("Id", self.id.clone()),
            ("Project", project),
            ("Status", status::of_endpoint(self).0),
            ("Address", address(self)),
            ("Database", self.database.clone()),
            ("Role", role(self)),
            (
                "Compute",
                format!("{} CPU, {} memory", self.compute.cpu, self.compute.memory),
            ),
            ("Storage", storage),
        ];
        if let Some(postgres) = self
            .postgres
            .as_ref()
            .filter(|of| !of.parameters.is_empty())
        {
            let pairs = postgres.parameters.iter();
            let pairs = pairs.map(|(name, value)| format!("{name}={value}"));
            lines.push(("Parameters", pairs.collect::<Vec<_>>().join("\n")));
        }
        lines.push(("Allowed", allowed(self)));
        lines.push((
            "Created",
            format!("{} ({} ago)", self.created_at, age(self.created_at, now)),
        ));
        if !self.conditions.is_empty() {
            lines.push(("Conditions", status::in_words(&self.conditions)));
        }
        lines
    }
}

fn address(endpoint: &EndpointView) -> String {
    let (Some(host), Some(port)) = (&endpoint.host, endpoint.port) else {
        return "none yet".to_owned();
    };
    match &endpoint.address {
        Some(address) if address != host => format!("{host}:{port} ({address})"),
        _ => format!("{host}:{port}"),
    }
}

fn role(endpoint: &EndpointView) -> String {
    let password = match endpoint.role.password_source {
        PasswordSource::Operator => "its password is in the connection string",
        PasswordSource::Secret => "its password is in a Secret of the tenant",
        PasswordSource::Verifier => "its password is known to whoever set it",
    };
    format!("{}; {password}", endpoint.role.name)
}

fn allowed(endpoint: &EndpointView) -> String {
    let Some(access) = &endpoint.access else {
        return format!("as project {} says", endpoint.project.name);
    };
    let mut lines = access.allowed_cidrs.clone();
    if access.in_cluster == InCluster::TenantNamespace {
        lines.push("pods of the tenant's own namespace".to_owned());
    }
    lines.join("\n")
}
