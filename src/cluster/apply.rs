//! Server-side apply of children, only where it would change something.
//!
//! [`Children`] remembers what was applied and what the watches have shown since. A child is
//! written when it was never applied by this process, when its content differs from what was
//! applied, or when a watch has shown that somebody else changed a field of ours or deleted it.
//! So a reconcile at the fixed point writes nothing, and an edit by hand is undone.

mod child;
mod delete;
mod error;
mod ownership;
mod sight;

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use child::Child;
pub use error::WriteError;

use self::sight::{Key, Sight, fingerprint, sight};
use crate::metrics::{Metrics, Verb};

/// The one field manager of the operator (Kubernetes, "Server-Side Apply").
pub const FIELD_MANAGER: &str = "kisenon";

/// Kind of namespaces, which are no child of a namespace.
pub const NAMESPACE: &str = "Namespace";

/// How long a fresh grant may take to reach the API server's authorizer.
const GRANT_DELAY: Duration = Duration::from_millis(40);
const GRANT_ATTEMPTS: u32 = 50;

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// Content that this process applied last, and what the server made of it.
    applied: Option<(u64, Sight)>,
    /// What a watch has shown last.
    seen: Option<Sight>,
}

/// All children of all objects, as applied and as seen.
pub struct Children {
    client: Client,
    metrics: Metrics,
    entries: Mutex<HashMap<Key, Entry>>,
}

impl Children {
    /// Starts with nothing applied and nothing seen.
    #[must_use]
    pub fn new(client: Client, metrics: Metrics) -> Self {
        Self {
            client,
            metrics,
            entries: Mutex::default(),
        }
    }

    /// A watch has shown this version of a child. Answers whether it is news: neither our own
    /// write nor a version without a change of our fields.
    pub fn saw(&self, kind: &'static str, meta: &ObjectMeta, exact: Option<&Value>) -> bool {
        let Some((key, sight)) = Key::of(kind, meta).zip(sight(meta, exact)) else {
            return true;
        };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.entry(key).or_default();
        entry.seen = Some(sight);
        entry
            .applied
            .is_none_or(|(_, applied)| applied.fields != sight.fields)
    }

    /// A watch has shown that a child is gone.
    pub fn lost(&self, kind: &'static str, meta: &ObjectMeta) {
        if let Some(key) = Key::of(kind, meta) {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.remove(&key);
        }
    }

    /// A watch has started over and listed these; whatever it did not list is gone.
    pub fn relisted(&self, kind: &'static str, namespace: Option<&str>, listed: &[ObjectMeta]) {
        let names = listed
            .iter()
            .filter_map(|meta| Key::of(kind, meta))
            .collect::<HashSet<_>>();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|key, _| {
            key.kind != kind
                || namespace.is_some_and(|ns| key.namespace.as_deref() != Some(ns))
                || names.contains(key)
        });
    }

    /// Whether a watch shows a child of this name.
    #[must_use]
    pub fn exists(&self, kind: &'static str, namespace: &str, name: &str) -> bool {
        let key = Key {
            kind,
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        };
        self.is_known(&key)
    }

    fn is_known(&self, key: &Key) -> bool {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.contains_key(key)
    }

    /// Makes the child as given, if it is not already.
    ///
    /// # Errors
    /// When Kubernetes refuses or cannot be reached.
    pub async fn apply<K: Child>(&self, object: &K) -> Result<(), WriteError> {
        self.make(object, false).await
    }

    /// Makes the child as given, if it is not already. One that `is_new` most likely does not
    /// exist, and to create it costs the API server less than to apply it. That is for content
    /// without a field that is left to the API server's defaults: a creation makes those ours.
    ///
    /// # Errors
    /// When Kubernetes refuses or cannot be reached.
    pub async fn make<K: Child>(&self, object: &K, is_new: bool) -> Result<(), WriteError> {
        let meta = object.meta();
        let Some(key) = Key::of(K::NAME, meta) else {
            return Ok(());
        };
        let content = fingerprint(object);
        if self.is_current(&key, content) {
            return Ok(());
        }
        let namespace = meta.namespace.as_deref().unwrap_or_default();
        let api = Api::<K>::namespaced(self.client.clone(), namespace);
        let mut made = self.put(&api, &key, object, is_new).await?;
        if made.exact() != object.exact() {
            let params = post_params();
            let mut replacement = object.clone();
            replacement.meta_mut().resource_version = made.resource_version();
            made = self
                .write(Verb::Update, &key, || {
                    api.replace(&key.name, &params, &replacement)
                })
                .await?;
        }
        self.remember(key, content, made.meta(), made.exact().as_ref());
        Ok(())
    }

    /// Holds a child to the given part of its fields; the rest stays as others have set it.
    ///
    /// # Errors
    /// When Kubernetes refuses or cannot be reached.
    pub async fn apply_partial<K: Child>(&self, object: &Value) -> Result<(), WriteError> {
        let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
        let (Some(namespace), Some(name)) = (text("namespace"), text("name")) else {
            return Ok(());
        };
        let api = Api::<K>::namespaced(self.client.clone(), &namespace);
        let key = Key {
            kind: K::NAME,
            namespace: Some(namespace),
            name,
        };
        let content = fingerprint(object);
        if !self.is_current(&key, content) {
            let applied = self.patch(&api, &key, object).await?;
            self.remember(key, content, applied.meta(), None);
        }
        Ok(())
    }

    /// Makes the namespace as given, if it is not already; `is_new` as in [`Self::make`].
    ///
    /// # Errors
    /// When Kubernetes refuses or cannot be reached.
    pub async fn make_namespace(
        &self,
        namespace: &Namespace,
        is_new: bool,
    ) -> Result<(), WriteError> {
        let Some(key) = Key::of(NAMESPACE, namespace.meta()) else {
            return Ok(());
        };
        let content = fingerprint(namespace);
        if !self.is_current(&key, content) {
            let api = Api::<Namespace>::all(self.client.clone());
            let made = self.put(&api, &key, namespace, is_new).await?;
            self.remember(key, content, made.meta(), None);
        }
        Ok(())
    }

    /// Creates or applies the object, and holds the server to exactly the fields that it has.
    async fn put<K>(
        &self,
        api: &Api<K>,
        key: &Key,
        object: &K,
        is_new: bool,
    ) -> Result<K, WriteError>
    where
        K: Resource + Clone + DeserializeOwned + Serialize + Debug,
    {
        if is_new && !self.is_known(key) {
            let params = post_params();
            let made = self.write(Verb::Create, key, || api.create(&params, object));
            match made.await {
                Err(error) if error.code() == Some(409) => {}
                made => return made,
            }
        }
        let applied = self.patch(api, key, object).await?;
        let Some(entries) = ownership::taken_over(applied.meta()) else {
            return Ok(applied);
        };
        self.take_over(api, key, &applied, &entries).await?;
        self.patch(api, key, object).await
    }

    /// Records fields that only a creation of ours holds as applied, so that the next apply
    /// removes them.
    async fn take_over<K>(
        &self,
        api: &Api<K>,
        key: &Key,
        live: &K,
        entries: &[ManagedFieldsEntry],
    ) -> Result<(), WriteError>
    where
        K: Resource + Clone + DeserializeOwned + Debug,
    {
        let patch = Patch::Merge(json!({ "metadata": {
            "resourceVersion": live.resource_version(),
            "managedFields": entries,
        }}));
        let params = PatchParams::default();
        self.write(Verb::Patch, key, || api.patch(&key.name, &params, &patch))
            .await
            .map(drop)
    }

    async fn patch<K, P>(&self, api: &Api<K>, key: &Key, object: &P) -> Result<K, WriteError>
    where
        K: Clone + DeserializeOwned + Debug,
        P: Serialize + Debug,
    {
        let params = PatchParams::apply(FIELD_MANAGER).force();
        self.write(Verb::Patch, key, || async {
            api.patch(&key.name, &params, &Patch::Apply(object)).await
        })
        .await
    }

    fn remember(&self, key: Key, content: u64, meta: &ObjectMeta, exact: Option<&Value>) {
        if let Some(sight) = sight(meta, exact) {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.entry(key).or_default().applied = Some((content, sight));
        }
    }

    /// Creates an object that must not exist yet; answers `None` if one by that name does.
    ///
    /// # Errors
    /// When Kubernetes refuses or cannot be reached.
    pub async fn create<K: Child>(&self, object: &K) -> Result<Option<K>, WriteError> {
        let meta = object.meta();
        let Some(key) = Key::of(K::NAME, meta) else {
            return Ok(None);
        };
        let namespace = meta.namespace.as_deref().unwrap_or_default();
        let api = Api::<K>::namespaced(self.client.clone(), namespace);
        let params = post_params();
        let made = self.write(Verb::Create, &key, || api.create(&params, object));
        let made = match made.await {
            Err(error) if error.code() == Some(409) => return Ok(None),
            made => made?,
        };
        self.remember(key, fingerprint(object), made.meta(), made.exact().as_ref());
        Ok(Some(made))
    }

    fn is_current(&self, key: &Key, content: u64) -> bool {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = entries.get(key) else {
            return false;
        };
        let Some((applied_content, applied)) = entry.applied else {
            return false;
        };
        applied_content == content
            && entry
                .seen
                .is_none_or(|seen| seen.version <= applied.version || seen.fields == applied.fields)
    }

    /// Sends a write, again for a while where the grant of a fresh namespace is not in force yet.
    async fn write<T, F, Fut>(&self, verb: Verb, key: &Key, send: F) -> Result<T, WriteError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = kube::Result<T>>,
    {
        let mut attempt = 0;
        loop {
            self.metrics.record_write(key.kind, verb);
            match send().await {
                Err(kube::Error::Api(status))
                    if status.code == 403
                        && status.message.contains(" cannot ")
                        && attempt < GRANT_ATTEMPTS =>
                {
                    attempt += 1;
                    tokio::time::sleep(GRANT_DELAY).await;
                }
                outcome => {
                    return outcome.map_err(|source| WriteError {
                        verb: verb.into(),
                        kind: key.kind,
                        name: key.name.clone(),
                        source,
                    });
                }
            }
        }
    }
}

fn post_params() -> PostParams {
    PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    }
}
