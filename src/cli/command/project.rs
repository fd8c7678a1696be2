//! `keon projects`.

mod view;

use reqwest::Method;

use crate::cli::args::project::{Create, Delete, DeletionPolicy, Projects, Settings, Update};
use crate::cli::command::outcome;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::question::Leave;
use crate::cli::wait::Goal;
use crate::wire::project::{self, CreateProject, Network, ProjectView, QuotaInput, UpdateProject};
use crate::wire::resource::change::Change;

/// Does what was asked for.
pub(super) async fn run(context: &Context, verb: Projects) -> Result<(), Error> {
    match verb {
        Projects::List => list(context).await,
        Projects::Get(args) => get(context, &args.project).await,
        Projects::Create(args) => create(context, args).await,
        Projects::Update(args) => update(context, args).await,
        Projects::Delete(args) => delete(context, args).await,
    }
}

async fn list(context: &Context) -> Result<(), Error> {
    let client = context.client()?;
    let projects = client.list::<ProjectView>(&["v1", "projects"], &[]).await?;
    context.printer.list(&projects)
}

async fn get(context: &Context, wanted: &str) -> Result<(), Error> {
    context
        .printer
        .one(&context.client()?.project(wanted).await?)
}

async fn create(context: &Context, args: Create) -> Result<(), Error> {
    let client = context.client()?;
    let limit = args.wait.limit();
    let body = body_to_create(args);
    let call = client.call(Method::POST, &["v1", "projects"]);
    let made = call
        .idempotent()?
        .body(&body)?
        .json::<ProjectView>()
        .await?;
    outcome::show(context, &client, made, Goal::Ready, limit).await
}

async fn update(context: &Context, args: Update) -> Result<(), Error> {
    let limit = args.wait.limit();
    let body = body_to_update(args.settings, args.no_allow);
    if body == UpdateProject::default() {
        return Err(Error::usage("there is nothing to change").hinting(
            "name what to change: --display-name, --allow, --no-allow, --quota-endpoints, --quota-cpu, --quota-memory, --quota-storage, --deletion-protection or --deletion-policy",
        ));
    }
    let client = context.client()?;
    let read = client.project(&args.project.project).await?;
    let id = read.id.clone();
    let path = ["v1", "projects", &*id];
    let change = |_: &ProjectView| client.call(Method::PATCH, &path).body(&body);
    let changed = client.revise(&path, read, change).await?;
    outcome::show(context, &client, changed, Goal::Ready, limit).await
}

async fn delete(context: &Context, args: Delete) -> Result<(), Error> {
    let leave = Leave::of(context, args.yes, "delete a project")?;
    let client = context.client()?;
    let project = client.project(&args.project.project).await?;
    let name = &project.name;
    if leave == Leave::Ask {
        context.printer.message(&view::loss(&project))?;
    }
    let question = "Type the name of the project to delete it".to_owned();
    leave.confirm_by_name(question, name).await?;
    let path = ["v1", "projects", &*project.id];
    let call = client.call(Method::DELETE, &path);
    let going = call.json_if_any::<ProjectView>().await?;
    outcome::tell_deleted(context, &client, name, going, args.wait.limit()).await
}

fn body_to_create(args: Create) -> CreateProject {
    let settings = args.settings;
    let network = network(&settings);
    let quota = quota(&settings);
    CreateProject {
        name: args.name,
        display_name: settings.display_name.filter(|name| !name.is_empty()),
        postgres_version: args.postgres_version,
        quota,
        network,
        deletion_protection: settings.deletion_protection,
        deletion_policy: settings.deletion_policy.map(policy),
    }
}

fn body_to_update(settings: Settings, no_allow: bool) -> UpdateProject {
    let network = network(&settings);
    let quota = quota(&settings);
    UpdateProject {
        display_name: match settings.display_name {
            None => Change::Keep,
            Some(name) if name.is_empty() => Change::Remove,
            Some(name) => Change::Set(name),
        },
        quota,
        network: match network {
            Some(network) => Change::Set(network),
            None if no_allow => Change::Remove,
            None => Change::Keep,
        },
        deletion_protection: settings.deletion_protection,
        deletion_policy: settings.deletion_policy.map(policy),
    }
}

fn network(settings: &Settings) -> Option<Network> {
    let ranges = settings.allowed_cidrs.iter();
    let allowed_cidrs = ranges.map(ToString::to_string).collect::<Vec<_>>();
    (!allowed_cidrs.is_empty()).then_some(Network { allowed_cidrs })
}

fn quota(settings: &Settings) -> Option<QuotaInput> {
    let quota = QuotaInput {
        endpoints: settings.quota_endpoints,
        cpu: settings.quota_cpu.clone(),
        memory: settings.quota_memory.clone(),
        storage: settings.quota_storage.clone(),
    };
    (quota != QuotaInput::default()).then_some(quota)
}

const fn policy(of: DeletionPolicy) -> project::DeletionPolicy {
    match of {
        DeletionPolicy::Delete => project::DeletionPolicy::Delete,
        DeletionPolicy::Retain => project::DeletionPolicy::Retain,
    }
}
