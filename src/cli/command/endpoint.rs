//! `keon endpoints`.

mod allow;
mod body;
mod view;

use std::time::Duration;

use reqwest::Method;

use crate::cli::args::endpoint;
use crate::cli::args::endpoint::{Create, Delete, Endpoints, List, Move, ResetPassword, Update};
use crate::cli::client::Client;
use crate::cli::command::outcome;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::question::Leave;
use crate::cli::wait::Goal;
use crate::wire::endpoint::connection::NewPassword;
use crate::wire::endpoint::{EndpointView, UpdateEndpoint};
use crate::wire::project::{DeletionPolicy, ProjectView};

/// Does what was asked for.
pub(super) async fn run(context: &Context, verb: Endpoints) -> Result<(), Error> {
    match verb {
        Endpoints::List(args) => list(context, args).await,
        Endpoints::Get(args) => get(context, args).await,
        Endpoints::Create(args) => create(context, args).await,
        Endpoints::Update(args) => update(context, args).await,
        Endpoints::Delete(args) => delete(context, args).await,
        Endpoints::Suspend(args) => change_state(context, args, "suspend").await,
        Endpoints::Resume(args) => change_state(context, args, "resume").await,
        Endpoints::Allow(args) => allow::run(context, args).await,
        Endpoints::ResetPassword(args) => reset_password(context, args).await,
    }
}

async fn list(context: &Context, args: List) -> Result<(), Error> {
    let client = context.client()?;
    let project = match &args.project {
        Some(wanted) => Some(client.project(wanted).await?.id),
        None => None,
    };
    let query = project.as_deref().map(|id| ("project", id));
    let path = ["v1", "endpoints"];
    let endpoints = client.list::<EndpointView>(&path, query.as_slice()).await?;
    context.printer.list(&endpoints)
}

async fn get(context: &Context, args: endpoint::Endpoint) -> Result<(), Error> {
    let endpoint = context.client()?.endpoint(&args.endpoint).await?;
    context.printer.one(&endpoint)
}

async fn create(context: &Context, args: Create) -> Result<(), Error> {
    let client = context.client()?;
    let limit = args.wait.limit();
    allow::warn_of_everyone(context, &args.allowed_cidrs)?;
    let body = body::to_create(args);
    let call = client.call(Method::POST, &["v1", "endpoints"]);
    let made = match call.idempotent()?.body(&body)?.json::<EndpointView>().await {
        Ok(made) => made,
        Err(refusal) => return Err(client.about_project(refusal, &body.project).await),
    };
    show(context, &client, made, limit).await
}

async fn update(context: &Context, args: Update) -> Result<(), Error> {
    let limit = args.wait.limit();
    let body = body::to_update(args.settings);
    if body == UpdateEndpoint::default() {
        return Err(Error::usage("there is nothing to change")
            .hinting("name what to change: --cpu, --memory, --storage or --parameter"));
    }
    let client = context.client()?;
    let read = client.endpoint(&args.endpoint.endpoint).await?;
    let id = read.id.clone();
    let path = ["v1", "endpoints", &*id];
    let change = |_: &EndpointView| client.call(Method::PATCH, &path).body(&body);
    let changed = client.revise(&path, read, change).await?;
    show(context, &client, changed, limit).await
}

/// Suspends or resumes: doing so twice is doing it once.
async fn change_state(context: &Context, args: Move, verb: &str) -> Result<(), Error> {
    let client = context.client()?;
    let endpoint = client.endpoint(&args.endpoint.endpoint).await?;
    let path = ["v1", "endpoints", &*endpoint.id, verb];
    let call = client.call(Method::POST, &path).repeatable();
    let changed = call.json::<EndpointView>().await?;
    show(context, &client, changed, args.wait.limit()).await
}

/// Shows an endpoint, once it is as it was asked for.
async fn show(
    context: &Context,
    client: &Client,
    endpoint: EndpointView,
    limit: Option<Duration>,
) -> Result<(), Error> {
    let goal = Goal::of(&endpoint);
    outcome::show(context, client, endpoint, goal, limit).await
}

async fn delete(context: &Context, args: Delete) -> Result<(), Error> {
    let leave = Leave::of(context, args.yes, "delete an endpoint")?;
    let client = context.client()?;
    let endpoint = client.endpoint(&args.endpoint.endpoint).await?;
    let name = &endpoint.name;
    if leave == Leave::Ask {
        let project = project_of(&client, &endpoint).await?;
        // Without a project nothing keeps the data.
        let policy = project.map_or(DeletionPolicy::Delete, |of| of.deletion_policy);
        let question = match policy {
            DeletionPolicy::Delete => {
                format!("Delete endpoint {name} and its data, which cannot be had again?")
            }
            DeletionPolicy::Retain => {
                format!("Delete endpoint {name}? Its volume stays in the cluster.")
            }
        };
        leave.confirm(question).await?;
    }
    let path = ["v1", "endpoints", &*endpoint.id];
    let call = client.call(Method::DELETE, &path);
    let going = call.json_if_any::<EndpointView>().await?;
    outcome::tell_deleted(context, &client, name, going, args.wait.limit()).await
}

/// The project of an endpoint, if it is there.
async fn project_of(
    client: &Client,
    endpoint: &EndpointView,
) -> Result<Option<ProjectView>, Error> {
    match &endpoint.project.id {
        Some(id) => client.get(&["v1", "projects", id]).await.map(Some),
        None => Ok(None),
    }
}

async fn reset_password(context: &Context, args: ResetPassword) -> Result<(), Error> {
    context.printer.check_shown("password")?;
    let leave = Leave::of(context, args.yes, "reset a password")?;
    let client = context.client()?;
    let endpoint = client.endpoint(&args.endpoint.endpoint).await?;
    let (name, role) = (&endpoint.name, &endpoint.role.name);
    let question = format!(
        "Reset the password of role {role} of endpoint {name}? Clients that have the old one are refused."
    );
    leave.confirm(question).await?;
    let path = ["v1", "endpoints", &*endpoint.id, "reset-password"];
    let made = client
        .call(Method::POST, &path)
        .json::<NewPassword>()
        .await?;
    let printer = &context.printer;
    printer.value(&made, &made.username, || format!("{}\n", made.password))?;
    printer.note(&format!(
        "this is the new password of role {role} of endpoint {name}; it is not shown again"
    ))
}
