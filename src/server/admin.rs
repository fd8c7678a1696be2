//! What an administrator does to the allow-list, beside the running API.

use std::collections::HashMap;

use jiff::Timestamp;
use kube::Client;
use kube::api::{Api, ListParams};
use secrecy::SecretString;
use thiserror::Error;

use crate::cluster::api_key;
use crate::cluster::intent::ClusterError;
use crate::crd::ApiKey;
use crate::store::{Store, StoreError};

/// Keys read at once.
const PAGE: u32 = 500;

/// The allow-list was not changed, or not everything that hangs on it has ended.
#[derive(Debug, Error)]
pub enum AdminError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Kubernetes failed. The sessions have ended; the same command again ends the keys.
    #[error(
        "failed to end the API keys of people who may no longer sign in: run the command again"
    )]
    Cluster(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<ClusterError> for AdminError {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(Box::new(error))
    }
}

/// What a removal has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    /// People who are no longer let in.
    pub users: usize,
    /// Their API keys.
    pub keys: usize,
}

/// Opens the store of a running API.
///
/// # Errors
/// When it is away.
pub async fn open(url: &SecretString) -> Result<Store, StoreError> {
    super::api::open_store(url).await
}

/// Takes a pattern off the list and ends the sessions and keys of all whom nothing else lets in.
///
/// # Errors
/// When the store or Kubernetes fails; the same command again finishes the work.
pub async fn deny(url: &SecretString, pattern: &str, now: Timestamp) -> Result<Denied, AdminError> {
    let store = open(url).await?;
    let users = store.deny(pattern, now).await?;
    let client = Client::try_default()
        .await
        .map_err(|error| AdminError::Cluster(Box::new(error)))?;
    let keys = end_keys_of_strangers(&client, &store).await?;
    Ok(Denied {
        users: users.len(),
        keys,
    })
}

/// Ends every API key whose user the allow-list no longer covers; answers how many. It goes by
/// what is stored, so it also finishes what a crash has left. Keys of users whom the store does
/// not know stay: a store that is new or the wrong one must not end everybody's.
///
/// # Errors
/// When the store or Kubernetes fails.
pub async fn end_keys_of_strangers(client: &Client, store: &Store) -> Result<usize, AdminError> {
    let all = Api::<ApiKey>::all(client.clone());
    let mut denied = HashMap::new();
    let mut page = ListParams::default().limit(PAGE);
    let mut count = 0;
    loop {
        let keys = all
            .list(&page)
            .await
            .map_err(|error| AdminError::from(ClusterError::from(error)))?;
        for key in &keys {
            let Some(user) = key.spec.user.clone().filter(|_| !key.spec.revoked) else {
                continue;
            };
            let is_denied = match denied.get(&user) {
                Some(is_denied) => *is_denied,
                None => store.is_user_denied(&user).await?,
            };
            denied.insert(user, is_denied);
            if let Some(stored) = api_key::stored(key).filter(|_| is_denied) {
                api_key::revoke(client, &stored).await?;
                api_key::remove(client, &stored).await?;
                count += 1;
            }
        }
        match keys.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page.continue_token = Some(token),
            None => return Ok(count),
        }
    }
}
