//! Arguments of endpoints, and of what is done with one.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand, ValueEnum, ValueHint};
use ipnet::Ipv4Net;

use super::value;

/// Postgres servers, each behind its own perimeter.
#[derive(Debug, Subcommand)]
pub enum Endpoints {
    /// List endpoints
    #[command(visible_alias = "ls")]
    List(List),
    /// Show an endpoint
    #[command(visible_alias = "show")]
    Get(Endpoint),
    /// Make an endpoint
    Create(Create),
    /// Change an endpoint
    Update(Update),
    /// Delete an endpoint
    #[command(visible_alias = "rm")]
    Delete(Delete),
    /// Stop an endpoint; address and data are kept
    #[command(
        visible_alias = "stop",
        after_help = "\
Examples:
  keon endpoints suspend main
  keon endpoints suspend main --no-wait"
    )]
    Suspend(Move),
    /// Start a suspended endpoint
    #[command(
        visible_alias = "start",
        after_help = "\
Examples:
  keon endpoints resume main
  keon endpoints resume main --timeout 10m"
    )]
    Resume(Move),
    /// Change who may reach an endpoint
    Allow(Allow),
    /// Give its role a new password, which is shown once
    ResetPassword(ResetPassword),
}

/// List endpoints.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon endpoints list
  keon endpoints list --project shop -o json")]
pub struct List {
    /// Only those of this project
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
}

/// Which endpoint.
#[derive(Debug, Args)]
pub struct Endpoint {
    /// Name or id of the endpoint
    #[arg(value_name = "ENDPOINT")]
    pub endpoint: String,
}

/// Whether to wait until something has happened.
#[derive(Debug, Args)]
pub struct Wait {
    /// Wait until it has happened (the default)
    #[arg(long, overrides_with = "no_wait")]
    pub wait: bool,
    /// Do not wait
    #[arg(long)]
    pub no_wait: bool,
    /// How long to wait: 90s, 5m
    #[arg(
        long,
        value_name = "TIME",
        default_value = "5m",
        value_parser = value::duration,
        conflicts_with = "no_wait"
    )]
    pub timeout: Duration,
}

impl Wait {
    /// How long to wait, if at all.
    #[must_use]
    pub fn limit(&self) -> Option<Duration> {
        (!self.no_wait).then_some(self.timeout)
    }
}

/// Make an endpoint.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon endpoints create main --project shop --allow 203.0.113.0/24
  keon endpoints create main --project shop --cpu 1 --memory 1Gi --storage 10Gi
  keon endpoints create main --project shop --parameter work_mem=16MB --no-wait")]
pub struct Create {
    /// Name: lower-case letters, digits and hyphens
    pub name: String,
    /// Name or id of its project
    #[arg(long, value_name = "PROJECT")]
    pub project: String,
    /// Name of its database; cannot be changed later
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,
    /// Name of the role that clients sign in as; cannot be changed later
    #[arg(long, value_name = "NAME")]
    pub role: Option<String>,
    /// Storage class; cannot be changed later
    #[arg(long, value_name = "NAME")]
    pub storage_class: Option<String>,
    /// Who may reach it: IPv4 ranges (repeat it, or separate with commas); else as its project says
    #[arg(long = "allow", value_name = "CIDR", value_delimiter = ',', value_parser = value::cidr)]
    pub allowed_cidrs: Vec<Ipv4Net>,
    /// Which pods of the cluster may connect
    #[arg(long, value_enum, value_name = "PODS", requires = "allowed_cidrs")]
    pub in_cluster: Option<InCluster>,
    /// Make it stopped
    #[arg(long)]
    pub suspended: bool,
    /// What can be changed later as well
    #[command(flatten)]
    pub settings: Settings,
    /// Wait until it is ready, and for how long
    #[command(flatten)]
    pub wait: Wait,
}

/// What can be set of an endpoint.
#[derive(Debug, Args)]
pub struct Settings {
    /// Processor limit: 500m, 2
    #[arg(long, value_name = "QUANTITY", value_parser = value::quantity)]
    pub cpu: Option<String>,
    /// Memory limit: 512Mi, 2Gi
    #[arg(long, value_name = "QUANTITY", value_parser = value::quantity)]
    pub memory: Option<String>,
    /// Size of its disk, which only grows: 10Gi
    #[arg(long, value_name = "QUANTITY", value_parser = value::quantity)]
    pub storage: Option<String>,
    /// A server parameter (repeat it); `NAME=` gives one its default back
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = value::parameter)]
    pub parameters: Vec<(String, String)>,
}

/// Change an endpoint.
///
/// What is not named stays as it is. Its address stays; a new size or parameter may restart the
/// server.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon endpoints update main --cpu 2 --memory 4Gi
  keon endpoints update main --storage 20Gi
  keon endpoints update main --parameter work_mem=64MB --parameter jit=")]
pub struct Update {
    /// Which
    #[command(flatten)]
    pub endpoint: Endpoint,
    /// What to change
    #[command(flatten)]
    pub settings: Settings,
    /// Wait until it is in force, and for how long
    #[command(flatten)]
    pub wait: Wait,
}

/// Delete an endpoint.
///
/// Its data goes or stays as the deletion policy of its project says.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon endpoints delete main
  keon endpoints delete main --yes --no-wait")]
pub struct Delete {
    /// Which
    #[command(flatten)]
    pub endpoint: Endpoint,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Wait until it is gone, and for how long
    #[command(flatten)]
    pub wait: Wait,
}

/// Stop or start an endpoint.
#[derive(Debug, Args)]
pub struct Move {
    /// Which
    #[command(flatten)]
    pub endpoint: Endpoint,
    /// Wait until it is so, and for how long
    #[command(flatten)]
    pub wait: Wait,
}

/// Change who may reach an endpoint.
///
/// Whoever is let in no more is cut off, open connections too. An endpoint without a list of its
/// own starts from its project's.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon endpoints allow main 203.0.113.0/24               let in one range more
  keon endpoints allow main --remove 203.0.113.0/24      let in one range less
  keon endpoints allow main 198.51.100.7 --replace       let in this address only
  keon endpoints allow main --inherit                    let in whom its project lets in
  keon explain endpoint main                             see who can reach it")]
#[command(group(
    ArgGroup::new("change")
        .required(true)
        .multiple(true)
        .args(["cidrs", "remove", "inherit", "in_cluster"])
))]
pub struct Allow {
    /// Which
    #[command(flatten)]
    pub endpoint: Endpoint,
    /// IPv4 ranges to let in
    #[arg(value_name = "CIDR", value_parser = value::cidr)]
    pub cidrs: Vec<Ipv4Net>,
    /// Let this range in no more (repeat it, or separate with commas)
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = value::cidr)]
    pub remove: Vec<Ipv4Net>,
    /// Let in the ranges that are named and no other
    #[arg(long, requires = "cidrs", conflicts_with = "remove")]
    pub replace: bool,
    /// Have no list of its own: let in whom the project lets in
    #[arg(long, conflicts_with_all = ["cidrs", "remove", "replace", "in_cluster"])]
    pub inherit: bool,
    /// Which pods of the cluster may connect
    #[arg(long, value_enum, value_name = "PODS")]
    pub in_cluster: Option<InCluster>,
    /// Wait until it is in force, and for how long
    #[command(flatten)]
    pub wait: Wait,
}

/// Which pods of the cluster may connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InCluster {
    /// None
    None,
    /// Those of the tenant's own namespace
    TenantNamespace,
}

/// Give its role a new password, which is shown once.
///
/// The password is written to standard output, all else to standard error. The old one ends.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon endpoints reset-password main
  PGPASSWORD=$(keon endpoints reset-password main --yes --quiet)
  keon endpoints reset-password main --yes -o json")]
pub struct ResetPassword {
    /// Which
    #[command(flatten)]
    pub endpoint: Endpoint,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// Print how to connect to an endpoint.
///
/// The certificate is checked against the endpoint's own authority, which is kept in a file. The
/// password is in it where Kisenon made it, so the API key needs both scopes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  export DATABASE_URL=\"$(keon connection-string main)\"
  eval \"$(keon connection-string main --format env)\" && pg_dump")]
pub struct ConnectionString {
    /// Which
    #[command(flatten)]
    pub endpoint: Endpoint,
    /// In which form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: ConnectionFormat,
    /// Leave the password out
    #[arg(long)]
    pub no_password: bool,
    /// Where to write the certificate authority; else in keon's cache
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub write_ca: Option<PathBuf>,
}

/// Forms of a connection string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ConnectionFormat {
    /// A URI, as libpq and most drivers read it
    #[default]
    Uri,
    /// libpq's environment variables, for a shell
    Env,
    /// libpq's keywords and values
    Keywords,
}

/// Open psql on an endpoint, with its certificate checked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon psql main
  keon psql main -- -c 'select version()'")]
pub struct Psql {
    /// Which
    #[command(flatten)]
    pub endpoint: Endpoint,
    /// Arguments of psql itself
    #[arg(last = true, value_name = "ARGUMENT")]
    pub arguments: Vec<std::ffi::OsString>,
}

/// Say who can reach something, and why.
#[derive(Debug, Subcommand)]
pub enum Explain {
    /// Who can reach an endpoint, by which rule, as the objects in force say
    Endpoint(Endpoint),
}
