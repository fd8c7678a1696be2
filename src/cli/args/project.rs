//! Arguments of projects.

use clap::{Args, Subcommand, ValueEnum};
use ipnet::Ipv4Net;

use super::endpoint::Wait;
use super::value;

/// Groups of endpoints that share a Postgres version, a quota and a network.
#[derive(Debug, Subcommand)]
pub enum Projects {
    /// List projects
    #[command(
        visible_alias = "ls",
        after_help = "\
Examples:
  keon projects list
  keon projects list -o name"
    )]
    List,
    /// Show a project
    #[command(visible_alias = "show")]
    Get(Project),
    /// Make a project
    Create(Create),
    /// Change a project
    Update(Update),
    /// Delete a project with all its endpoints
    #[command(visible_alias = "rm")]
    Delete(Delete),
}

/// Which project.
#[derive(Debug, Args)]
pub struct Project {
    /// Name or id of the project
    #[arg(value_name = "PROJECT")]
    pub project: String,
}

/// Make a project.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon projects create shop
  keon projects create shop --postgres-version 17 --allow 203.0.113.0/24
  keon projects create shop --quota-cpu 4 --quota-memory 8Gi --deletion-protection")]
pub struct Create {
    /// Name: lower-case letters, digits and hyphens
    pub name: String,
    /// Major version of Postgres; cannot be changed later
    #[arg(long, value_name = "MAJOR")]
    pub postgres_version: Option<String>,
    /// What can be changed later as well
    #[command(flatten)]
    pub settings: Settings,
    /// Wait until endpoints can be made, and for how long
    #[command(flatten)]
    pub wait: Wait,
}

/// Change a project.
///
/// What is not named stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon projects update shop --display-name 'The shop'
  keon projects update shop --allow 203.0.113.0/24,198.51.100.7
  keon projects update shop --deletion-protection=false")]
pub struct Update {
    /// Which
    #[command(flatten)]
    pub project: Project,
    /// What to change
    #[command(flatten)]
    pub settings: Settings,
    /// Leave it to each endpoint to say who may reach it
    #[arg(long, conflicts_with = "allowed_cidrs")]
    pub no_allow: bool,
    /// Wait until it is in force, and for how long
    #[command(flatten)]
    pub wait: Wait,
}

/// What can be set of a project.
#[derive(Debug, Args)]
pub struct Settings {
    /// Name for people; '' takes it away
    #[arg(long, value_name = "TEXT")]
    pub display_name: Option<String>,
    /// Who may reach endpoints that do not say so themselves: IPv4 ranges (repeat it, or separate
    /// with commas)
    #[arg(long = "allow", value_name = "CIDR", value_delimiter = ',', value_parser = value::cidr)]
    pub allowed_cidrs: Vec<Ipv4Net>,
    /// How many endpoints it may have
    #[arg(long, value_name = "COUNT")]
    pub quota_endpoints: Option<u32>,
    /// Processor of all its endpoints together: 4
    #[arg(long, value_name = "QUANTITY", value_parser = value::quantity)]
    pub quota_cpu: Option<String>,
    /// Memory of all its endpoints together: 8Gi
    #[arg(long, value_name = "QUANTITY", value_parser = value::quantity)]
    pub quota_memory: Option<String>,
    /// Disk of all its endpoints together: 100Gi
    #[arg(long, value_name = "QUANTITY", value_parser = value::quantity)]
    pub quota_storage: Option<String>,
    /// Refuse its deletion
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub deletion_protection: Option<bool>,
    /// What becomes of the data when an endpoint is deleted
    #[arg(long, value_enum, value_name = "POLICY")]
    pub deletion_policy: Option<DeletionPolicy>,
}

/// What becomes of the data when an endpoint is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeletionPolicy {
    /// It is deleted as well
    Delete,
    /// Its volume stays in the cluster
    Retain,
}

/// Delete a project with all its endpoints.
///
/// Asks to type the project's name, unless --yes is given.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keon projects delete shop
  keon projects delete shop --yes --timeout 10m")]
pub struct Delete {
    /// Which
    #[command(flatten)]
    pub project: Project,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Wait until it is gone, and for how long
    #[command(flatten)]
    pub wait: Wait,
}
