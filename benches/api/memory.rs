//! Memory of the release binary with a great many API keys in its index.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Namespace;
use kisenon::auth::{key_hash, random};
use kisenon::crd::ApiKey;
use kisenon::domain::api_key::PlainKey;
use kube::api::PostParams;
use kube::{Api as Objects, Client};
use serde_json::json;

use crate::program::Memory;
use crate::serve::{Api, Place};

/// Requests to the API server at once.
const AT_ONCE: usize = 48;
const OF_A_TENANT: usize = 1_000;
const PATIENCE: Duration = Duration::from_secs(300);

/// What was seen.
pub(crate) struct Seen {
    pub(crate) keys: usize,
    pub(crate) idle: Memory,
    /// In the process that was told of each key as it was made.
    pub(crate) watched: Memory,
    /// In a process that was started after.
    pub(crate) listed: Memory,
    pub(crate) made_in: Duration,
}

/// Makes the keys while the API looks on, and starts another API after.
pub(crate) async fn measure(
    binary: &Path,
    place: &Place,
    kubeconfig: &Path,
    admin: &Client,
    keys: usize,
) -> Result<Seen> {
    let mut first = Api::alone(binary, place, kubeconfig, "first.db").await?;
    let before = first.keys().await?;
    let idle = first.program().memory()?;
    let started = Instant::now();
    make(admin, keys).await?;
    let made_in = started.elapsed();
    until(&first, before + keys).await?;
    let watched = first.program().memory()?;
    first.program().stop().await?;
    let mut second = Api::alone(binary, place, kubeconfig, "second.db").await?;
    until(&second, before + keys).await?;
    let listed = second.program().memory()?;
    second.program().stop().await?;
    Ok(Seen {
        keys,
        idle,
        watched,
        listed,
        made_in,
    })
}

async fn until(api: &Api, keys: usize) -> Result<()> {
    let started = Instant::now();
    while api.keys().await? < keys {
        ensure!(started.elapsed() < PATIENCE, "the index does not fill");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

async fn make(client: &Client, keys: usize) -> Result<()> {
    let plain = PlainKey::generate(&mut random::fill).context("no randomness")?;
    // One hash does for all: nobody uses these keys.
    let hash = key_hash::hash(&plain)?;
    let namespaces = Objects::<Namespace>::all(client.clone());
    for tenant in 0..keys.div_ceil(OF_A_TENANT) {
        let name = format!("many-{tenant}");
        let namespace = serde_json::from_value(json!({
            "metadata": { "name": name, "labels": { "kisenon.com/tenant": name } },
        }))?;
        namespaces
            .create(&PostParams::default(), &namespace)
            .await?;
    }
    let hash = hash.as_str();
    stream::iter(0..keys)
        .map(|number| async move {
            let tenant = format!("many-{}", number / OF_A_TENANT);
            let key = PlainKey::generate(&mut random::fill).context("no randomness")?;
            let object = serde_json::from_value::<ApiKey>(json!({
                "apiVersion": "kisenon.com/v1alpha1", "kind": "ApiKey",
                "metadata": { "name": format!("key-{number}") },
                "spec": {
                    "label": format!("pipeline {number}"), "role": "ci",
                    "lookupId": key.lookup_id(), "hash": hash,
                },
            }))?;
            let objects = Objects::<ApiKey>::namespaced(client.clone(), &tenant);
            objects.create(&PostParams::default(), &object).await?;
            anyhow::Ok(())
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}
