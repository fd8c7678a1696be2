//! The Projects and Endpoints: made, awaited, touched.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Namespace;
use kisenon::crd::{Endpoint, Project};
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;

use crate::CONCURRENCY;
use crate::operator::Operator;

/// Projects, with one Endpoint each.
pub(crate) const COUNT: u64 = 200;
/// Tenants, who have ten Projects each.
const TENANTS: u64 = 20;
const DEADLINE: Duration = Duration::from_secs(180);

fn names() -> impl Iterator<Item = (String, String)> {
    (0..COUNT).map(|n| (format!("tenant-{}", n % TENANTS), format!("shop-{n}")))
}

/// Makes everything that tenants write.
pub(crate) async fn create(client: &Client) -> Result<()> {
    let namespaces = Api::<Namespace>::all(client.clone());
    for n in 0..TENANTS {
        let name = format!("tenant-{n}");
        let namespace =
            json!({ "metadata": { "name": name, "labels": { "kisenon.com/tenant": name } } });
        let namespace = serde_json::from_value(namespace)?;
        namespaces
            .create(&PostParams::default(), &namespace)
            .await?;
    }
    stream::iter(names())
        .map(|(namespace, name)| create_one(client, namespace, name))
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await
}

async fn create_one(client: &Client, namespace: String, name: String) -> Result<()> {
    let project = serde_json::from_value(json!({
        "apiVersion": "kisenon.com/v1alpha1", "kind": "Project", "metadata": { "name": name },
        "spec": { "network": { "allowedCidrs": ["198.51.100.0/24"] } },
    }))?;
    let endpoint = serde_json::from_value(json!({
        "apiVersion": "kisenon.com/v1alpha1", "kind": "Endpoint", "metadata": { "name": name },
        "spec": { "project": name, "desiredState": "Suspended" },
    }))?;
    let params = PostParams::default();
    Api::<Project>::namespaced(client.clone(), &namespace)
        .create(&params, &project)
        .await?;
    Api::<Endpoint>::namespaced(client.clone(), &namespace)
        .create(&params, &endpoint)
        .await?;
    Ok(())
}

/// Waits until every Endpoint says that it is Ready, which for these is: suspended.
pub(crate) async fn settled(client: &Client, operator: &mut Operator) -> Result<()> {
    use kube::runtime::{WatchStreamExt as _, watcher};
    let endpoints = Api::<Endpoint>::all(client.clone());
    let events = watcher(endpoints, watcher::Config::default()).applied_objects();
    futures::pin_mut!(events);
    let started = Instant::now();
    let mut ready = BTreeMap::new();
    while (ready.len() as u64) < COUNT {
        operator.must_run()?;
        let limit = tokio::time::timeout(Duration::from_secs(5), events.next()).await;
        if let Ok(Some(endpoint)) = limit {
            let endpoint = endpoint?;
            let status = endpoint.status.as_ref();
            let is_ready = status.is_some_and(|status| {
                status
                    .conditions
                    .iter()
                    .any(|c| c.type_ == "Ready" && c.status == "True")
            });
            if is_ready {
                ready.insert(endpoint.metadata.name, ());
            }
        }
        if started.elapsed() > DEADLINE {
            bail!("only {} of {COUNT} Endpoints came to rest", ready.len());
        }
    }
    Ok(())
}

/// Changes an annotation of each, which means nothing; answers how many that were.
pub(crate) async fn touch(client: &Client) -> Result<u64> {
    let change = Patch::Merge(json!({ "metadata": { "annotations": { "bench": "touched" } } }));
    let params = PatchParams::default();
    let (change, params) = (&change, &params);
    stream::iter(names())
        .map(|(namespace, name)| async move {
            let projects = Api::<Project>::namespaced(client.clone(), &namespace);
            projects.patch(&name, params, change).await?;
            let endpoints = Api::<Endpoint>::namespaced(client.clone(), &namespace);
            endpoints.patch(&name, params, change).await
        })
        .buffer_unordered(CONCURRENCY)
        .try_collect::<Vec<_>>()
        .await?;
    let all = Api::<Project>::all(client.clone())
        .list_metadata(&ListParams::default())
        .await?;
    Ok(2 * all.items.len() as u64)
}
