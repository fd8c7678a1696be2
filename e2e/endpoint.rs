//! An endpoint as its clients see it.

use std::process::Child;

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kisenon::crd::Endpoint;
use serde_json::Value;

use crate::cluster_handle::{Cluster, Ended, Host};

/// The condition of this type.
pub(crate) fn condition<'a>(endpoint: &'a Endpoint, kind: &str) -> Option<&'a Condition> {
    let status = endpoint.status.as_ref()?;
    status.conditions.iter().find(|c| c.type_ == kind)
}

/// Its load-balancer address, of an Endpoint that shows one.
#[track_caller]
pub(crate) fn address(endpoint: &Endpoint) -> String {
    let status = endpoint.status.as_ref().unwrap();
    status.address.clone().expect("an address")
}

/// Its permanent id.
#[track_caller]
pub(crate) fn id(endpoint: &Endpoint) -> String {
    endpoint.status.as_ref().unwrap().id.clone().unwrap()
}

/// Everything that a client needs.
#[derive(Clone)]
pub(crate) struct Login {
    cluster: Cluster,
    pub(crate) uri: String,
    pub(crate) host: String,
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Login {
    /// From a connection Secret.
    pub(crate) fn new(cluster: &Cluster, secret: &Secret) -> Self {
        let entry = |key: &str| text(secret, key).unwrap_or_default();
        Self {
            cluster: cluster.clone(),
            uri: entry("uri"),
            host: entry("host"),
            database: entry("database"),
            user: entry("username"),
            password: entry("password"),
        }
    }

    /// From `GET /v1/endpoints/{id}/connection`.
    pub(crate) fn of_connection(cluster: &Cluster, connection: &Value) -> Self {
        let entry = |name: &str| connection[name].as_str().unwrap_or_default().to_owned();
        Self {
            cluster: cluster.clone(),
            uri: entry("uri"),
            host: entry("host"),
            database: entry("database"),
            user: entry("username"),
            password: entry("password"),
        }
    }

    /// The same with another password.
    pub(crate) fn with_password(&self, password: &str) -> Self {
        let password = password.to_owned();
        Self {
            password,
            ..self.clone()
        }
    }

    /// Runs SQL with psql as a host of the LAN, with TLS verify-full.
    pub(crate) fn sql(&self, host: Host, sql: &str) -> Ended {
        self.psql(host, "verify-full", "", sql)
    }

    /// The same with another TLS mode, and further words before `psql`.
    pub(crate) fn psql(&self, host: Host, mode: &str, before: &str, sql: &str) -> Ended {
        let mut variables = self.variables(mode);
        variables.push(("SQL", sql));
        let command = format!("{before} psql -XAtq -v ON_ERROR_STOP=1 -c \"$SQL\"");
        self.cluster.lan(host, &variables, &command)
    }

    /// Starts SQL with psql as a host of the LAN and does not wait for its end.
    pub(crate) fn start(&self, host: Host, sql: &str) -> Child {
        let mut variables = self.variables("verify-full");
        variables.push(("SQL", sql));
        let command = "psql -XAtq -v ON_ERROR_STOP=1 -c \"$SQL\"";
        self.cluster.lan_start(host, &variables, command)
    }

    fn variables<'a>(&'a self, mode: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("PGHOST", &*self.host),
            ("PGDATABASE", &*self.database),
            ("PGUSER", &*self.user),
            ("PGPASSWORD", &*self.password),
            ("PGSSLMODE", mode),
        ]
    }
}

/// An entry of a Secret.
pub(crate) fn text(secret: &Secret, key: &str) -> Option<String> {
    let bytes = secret.data.as_ref()?.get(key)?.0.clone();
    String::from_utf8(bytes).ok()
}
