//! `keon endpoints`.

mod allow;
mod body;
mod view;

use std::time::Duration;

use reqwest::Method;

use crate::cli::args::endpoint::{Create, Delete, Endpoints, List, Move, ResetPassword, Update};
use crate::cli::args::{Output, endpoint};
use crate::cli::client::Client;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::question::Leave;
use crate::cli::wait::{self, Goal};
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
    let endpoint = match limit {
        Some(limit) => {
            let goal = Goal::of(&endpoint);
            wait::endpoint(context, client, &endpoint, goal, limit).await?
        }
        None => Some(endpoint),
    };
    endpoint.map_or(Ok(()), |endpoint| context.printer.one(&endpoint))
}

async fn delete(context: &Context, args: Delete) -> Result<(), Error> {
    let leave = Leave::of(context, args.yes, "delete an endpoint")?;
    let client = context.client()?;
    let endpoint = client.endpoint(&args.endpoint.endpoint).await?;
    let name = &endpoint.name;
    if leave == Leave::Ask {
        let question = match policy(&client, &endpoint).await? {
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
    let going = match (going, args.wait.limit()) {
        (Some(going), Some(limit)) => {
            wait::endpoint(context, &client, &going, Goal::Gone, limit).await?
        }
        (going, _) => going,
    };
    let printer = &context.printer;
    match going {
        Some(_) => printer.note(&format!("endpoint {name} is being deleted")),
        None => printer.note(&format!("endpoint {name} is deleted")),
    }
}

/// What becomes of the data of an endpoint. Without a project nothing keeps it.
async fn policy(client: &Client, endpoint: &EndpointView) -> Result<DeletionPolicy, Error> {
    let Some(id) = &endpoint.project.id else {
        return Ok(DeletionPolicy::Delete);
    };
    let project = client.get::<ProjectView>(&["v1", "projects", id]).await?;
    Ok(project.deletion_policy)
}

async fn reset_password(context: &Context, args: ResetPassword) -> Result<(), Error> {
    if context.printer.output() == Output::Name {
        return Err(
            Error::usage("-o name would lose the password, which is shown once")
                .hinting("leave it out, or use -o json"),
        );
    }
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
