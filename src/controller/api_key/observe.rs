//! All reads of a key's reconcile: from the watches, and of the object itself before it is written.

use kube::ResourceExt as _;
use kube::api::Api;

use super::row::{KeyName, Row};
use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::crd::{ApiKey, label};

/// What a key's reconcile has to go by.
pub(super) struct Observed {
    /// What is kept of the key.
    pub row: Row,
    /// Its namespace.
    pub namespace: String,
    /// Whether that namespace carries the tenant label.
    pub is_tenant: bool,
    /// Whether no older key has its lookup id.
    pub holds_lookup_id: bool,
}

/// The key as the watch has shown it, unless it is gone or going.
pub(super) fn seen(name: &KeyName, context: &Context) -> Option<Observed> {
    observed(name.namespace(), context.keys.get(name)?, context)
}

/// The key as it is now, unless it is gone or going.
///
/// # Errors
/// When Kubernetes cannot be reached.
pub(super) async fn live(
    name: &KeyName,
    context: &Context,
) -> Result<Option<(ApiKey, Observed)>, Error> {
    let api = Api::<ApiKey>::namespaced(context.client.clone(), name.namespace());
    let key = api
        .get_opt(name.name())
        .await
        .map_err(|error| Error::Observe("the key", error))?;
    Ok(key.and_then(|key| {
        let (_, row) = Row::of(&key)?;
        let observed = observed(name.namespace(), row, context)?;
        Some((key, observed))
    }))
}

fn observed(namespace: &str, row: Row, context: &Context) -> Option<Observed> {
    (!row.is_leaving).then(|| Observed {
        is_tenant: context
            .namespace(namespace)
            .is_some_and(|ns| ns.labels().contains_key(label::TENANT)),
        holds_lookup_id: context.keys.is_first(&row.claim),
        namespace: namespace.to_owned(),
        row,
    })
}
