//! Arguments of endpoints, and of what is done with one.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

/// Postgres servers, each behind its own perimeter.
#[derive(Debug, Subcommand)]
pub enum Endpoints {
    /// List endpoints
    #[command(visible_alias = "ls")]
    List {
        /// Only those of this project
        #[arg(long, value_name = "PROJECT")]
        project: Option<String>,
    },
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
    Suspend(Move),
    /// Start a suspended endpoint
    Resume(Move),
    /// Change who may reach an endpoint
    Allow(Allow),
    /// Give its role a new password, which is shown once
    ResetPassword(ResetPassword),
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
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub timeout: Duration,
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok();
    let positive = parsed.filter(jiff::SignedDuration::is_positive);
    let duration = positive.and_then(|of| Duration::try_from(of).ok());
    duration.ok_or_else(|| "write a time such as 90s or 5m".to_owned())
}

/// Make an endpoint.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon endpoints create main --project shop --allow 203.0.113.0/24
  keon endpoints create main --project shop --cpu 1 --memory 1Gi --storage 10Gi --parameter work_mem=16MB")]
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
    #[arg(long = "allow", value_name = "CIDR", value_delimiter = ',')]
    pub allowed_cidrs: Vec<ipnet::Ipv4Net>,
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
    #[arg(long, value_name = "QUANTITY")]
    pub cpu: Option<String>,
    /// Memory limit: 512Mi, 2Gi
    #[arg(long, value_name = "QUANTITY")]
    pub memory: Option<String>,
    /// Size of its disk, which only grows: 10Gi
    #[arg(long, value_name = "QUANTITY")]
    pub storage: Option<String>,
    /// A server parameter (repeat it); `NAME=` gives one its default back
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    pub parameters: Vec<(String, String)>,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("write NAME=VALUE, such as work_mem=16MB")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Change an endpoint.
#[derive(Debug, Args)]
pub struct Update {
    /// Which
    #[command(flatten)]
    pub endpoint: Endpoint,
    /// What to change
    #[command(flatten)]
    pub settings: Settings,
    /// Wait until it is ready again, and for how long
    #[command(flatten)]
    pub wait: Wait,
}

/// Delete an endpoint.
#[derive(Debug, Args)]
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
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon endpoints allow main 203.0.113.0/24                   one range more
  keon endpoints allow main --remove 203.0.113.0/24          one less
  keon endpoints allow main 198.51.100.7/32 --replace        this one only")]
pub struct Allow {
    /// Which
    #[command(flatten)]
    pub endpoint: Endpoint,
    /// IPv4 ranges to let in
    #[arg(value_name = "CIDR")]
    pub cidrs: Vec<ipnet::Ipv4Net>,
    /// Let this range in no more (repeat it, or separate with commas)
    #[arg(
        long,
        value_name = "CIDR",
        value_delimiter = ',',
        conflicts_with = "replace"
    )]
    pub remove: Vec<ipnet::Ipv4Net>,
    /// Let in these ranges and no other
    #[arg(long, requires = "cidrs")]
    pub replace: bool,
    /// Which pods of the cluster may connect
    #[arg(long, value_enum, value_name = "PODS")]
    pub in_cluster: Option<InCluster>,
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
#[derive(Debug, Args)]
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
/// The certificate is checked against the endpoint's own authority, which is written to a file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psql \"$(keon connection-string main)\"
  eval \"$(keon connection-string main --format env)\"; psql")]
pub struct ConnectionString {
    /// Which
    #[command(flatten)]
    pub endpoint: Endpoint,
    /// In which form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub format: ConnectionFormat,
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
