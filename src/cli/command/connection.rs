//! `keon connection-string` and `keon psql`: what a client needs to connect, always with the
//! server's certificate checked against the endpoint's own authority.

mod authority;
mod form;
mod shell;

use std::path::Path;

use crate::cli::args::endpoint::{ConnectionString, Psql};
use crate::cli::client::Client;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::wait::Awaited as _;
use crate::wire::endpoint::connection::ConnectionView;
use crate::wire::endpoint::{DesiredState, EndpointView, PasswordSource, Phase};
use crate::wire::resource::condition::ConditionView;

/// A connection holds the password, which decides over the data.
const SCOPES: &str = "a connection holds the password, so the key needs both scopes: \
    keon api-keys create NAME --scope read --scope write";

/// Prints how to connect.
pub(super) async fn print(context: &Context, args: ConnectionString) -> Result<(), Error> {
    let client = context.client()?;
    let endpoint = client.endpoint(&args.endpoint.endpoint).await?;
    let mut connection = connection(&client, &endpoint).await?;
    let file = match &args.write_ca {
        Some(file) => authority::write(file, &connection.ca_certificate)?,
        None => keep(context, &connection.ca_certificate)?,
    };
    if args.no_password {
        form::forget_password(&mut connection);
    }
    let name = format!("endpoint/{}", endpoint.name);
    let set = &context.settings.environment.libpq_variables;
    let text = || form::text(&connection, &file, args.format, set);
    context.printer.value(&connection, &name, text)?;
    if connection.password.is_none() && !args.no_password {
        context.printer.note(&without_password(&endpoint))?;
    }
    if endpoint.phase != Phase::Running {
        context.printer.note(&not_running(&endpoint))?;
    }
    Ok(())
}

/// Runs psql in the place of this program. Returns only if it cannot.
pub(super) async fn psql(context: &Context, args: Psql) -> Result<(), Error> {
    let client = context.client()?;
    let endpoint = client.endpoint(&args.endpoint.endpoint).await?;
    if endpoint.phase != Phase::Running {
        return Err(Error::refused(not_running(&endpoint)).hinting(what_to_do(&endpoint)));
    }
    let connection = connection(&client, &endpoint).await?;
    let file = keep(context, &connection.ca_certificate)?;
    if connection.password.is_none() {
        context.printer.note(&without_password(&endpoint))?;
    }
    let set = &context.settings.environment.libpq_variables;
    Err(shell::replace(&connection, &file, set, &args.arguments))
}

async fn connection(client: &Client, endpoint: &EndpointView) -> Result<ConnectionView, Error> {
    let path = ["v1", "endpoints", &*endpoint.id, "connection"];
    let answer = client.get::<ConnectionView>(&path).await;
    answer.map_err(|error| match error.code() {
        Some("conflict") => {
            let name = &endpoint.name;
            let message = format!("{name} has no address yet: {}", state(endpoint));
            Error::refused(message).hinting(what_to_do(endpoint))
        }
        Some("insufficient_scope") => Error::refused(error.to_string()).hinting(SCOPES),
        _ => error,
    })
}

fn keep(context: &Context, certificate: &str) -> Result<std::path::PathBuf, Error> {
    let folder = context.settings.environment.cache_folder.as_deref();
    authority::keep(folder.map(Path::new), certificate)
}

/// Where it is on its way, and what is awaited.
fn state(endpoint: &EndpointView) -> String {
    let is_told =
        |of: &&ConditionView| ["Stalled", "Reconciling"].contains(&&*of.type_) && of.holds();
    let stage = endpoint.stage();
    match endpoint.conditions.iter().find(is_told) {
        Some(condition) => format!("{stage} ({})", condition.message),
        None => stage.to_owned(),
    }
}

fn not_running(endpoint: &EndpointView) -> String {
    let name = &endpoint.name;
    if endpoint.deleting_since.is_some() {
        return format!("endpoint {name} is being deleted");
    }
    match (endpoint.desired_state, endpoint.phase) {
        (DesiredState::Suspended, _) => format!("endpoint {name} is suspended"),
        (DesiredState::Running, _) => {
            format!("endpoint {name} takes no clients yet: {}", state(endpoint))
        }
    }
}

fn what_to_do(endpoint: &EndpointView) -> String {
    let name = &endpoint.name;
    match endpoint.desired_state {
        DesiredState::Suspended => format!("start it: keon endpoints resume {name}"),
        DesiredState::Running => format!("look again: keon endpoints get {name}"),
    }
}

fn without_password(endpoint: &EndpointView) -> String {
    let name = &endpoint.name;
    match endpoint.role.password_source {
        PasswordSource::Secret => {
            format!("the password of {name} is in a Secret of your own, so it is not shown")
        }
        PasswordSource::Operator | PasswordSource::Verifier => format!(
            "nobody can show the password of {name}; make a new one: keon endpoints reset-password {name}"
        ),
    }
}
