//! The commands, one file for each noun; those of signing in and out have a folder.

mod api_key;
mod audit;
mod connection;
mod endpoint;
mod explain;
mod man;
mod manifest;
mod outcome;
mod project;
mod sign_in;
mod standard_input;
mod status;

use super::args::Command;
use super::args::endpoint::Explain;
use super::context::Context;
use super::error::Error;
use sign_in::{login, logout, open, profile, whoami};

/// Does what was asked for.
pub(super) async fn run(context: &Context, command: Command) -> Result<(), Error> {
    match command {
        Command::Login(args) => login::run(context, args).await,
        Command::Logout(args) => logout::run(context, args).await,
        Command::Whoami => whoami::run(context).await,
        Command::Profiles(verb) => profile::run(context, verb),
        Command::Projects(verb) => project::run(context, verb).await,
        Command::Endpoints(verb) => endpoint::run(context, verb).await,
        Command::ApiKeys(verb) => api_key::run(context, verb).await,
        Command::ConnectionString(args) => connection::print(context, args).await,
        Command::Psql(args) => connection::psql(context, args).await,
        Command::Explain(Explain::Endpoint(args)) => explain::endpoint(context, args).await,
        Command::Apply(args) => manifest::apply(context, args).await,
        Command::Plan(args) => manifest::plan(context, args).await,
        Command::Audit(args) => audit::run(context, args).await,
        Command::Open(args) => open::run(context, args).await,
        Command::Completions(args) => man::completions(context, args),
        Command::Man(args) => man::pages(context, args),
    }
}
