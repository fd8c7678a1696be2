//! `keon projects`.

use jiff::Timestamp;

use crate::cli::args::project::Projects;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::printer::{Listed, age};
use crate::wire::project::ProjectView;

/// Does what was asked for.
pub(super) async fn run(context: &Context, verb: Projects) -> Result<(), Error> {
    match verb {
        Projects::List => list(context).await,
        _ => Err(Error::refused("not built yet")),
    }
}

async fn list(context: &Context) -> Result<(), Error> {
    let client = context.client()?;
    let projects = client.list::<ProjectView>(&["v1", "projects"], &[]).await?;
    context.printer.list(&projects)
}

impl Listed for ProjectView {
    const KIND: &'static str = "project";
    const HEAD: &'static [&'static str] = &["NAME", "STATUS", "POSTGRES", "ENDPOINTS", "AGE"];

    fn name(&self) -> &str {
        &self.name
    }

    fn row(&self, now: Timestamp) -> Vec<String> {
        let endpoints = self.endpoints;
        vec![
            self.name.clone(),
            super::status::status(&self.conditions, self.deleting_since),
            self.postgres_version.clone(),
            format!("{}/{}", endpoints.ready, endpoints.total),
            age(self.created_at, now),
        ]
    }
}
