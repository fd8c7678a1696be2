//! Manifests: several documents, as `kubectl apply --server-side` takes them, for one namespace.
//!
//! Every document is tried out first, by the API server's own dry run. If one is refused nothing
//! is written. Fields that somebody else holds are not taken away from them unless that was asked
//! for; fields that the API itself has set in another way are its own.

mod diff;
mod parse;

use kube::api::{Api, DynamicObject, Patch, PatchParams, ValidationDirective};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, ResourceExt as _};
use serde_json::Value;

pub use self::diff::FieldChange;
pub use self::parse::{Kind, Manifest, ManifestError, parse};

use super::intent::{ClusterError, FIELD_MANAGER};

/// What is done with one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// There is no such object yet.
    Create,
    /// The object changes.
    Configure,
    /// The object is already so.
    Nothing,
}

/// What one document would do, or did.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What is done.
    pub action: Action,
    /// What changes in the spec.
    pub changes: Vec<FieldChange>,
    /// The object afterwards.
    pub object: DynamicObject,
}

/// Applies documents in one namespace.
#[derive(Clone)]
pub struct Applier {
    client: Client,
    namespace: String,
    /// Whether fields are taken from whoever else holds them.
    is_forced: bool,
}

impl Applier {
    /// In this namespace.
    #[must_use]
    pub const fn new(client: Client, namespace: String, is_forced: bool) -> Self {
        Self {
            client,
            namespace,
            is_forced,
        }
    }

    /// The object that a document names, as it is now.
    ///
    /// # Errors
    /// When Kubernetes cannot be reached or refuses.
    pub async fn present(
        &self,
        manifest: &Manifest,
    ) -> Result<Option<DynamicObject>, ClusterError> {
        Ok(self.api(manifest).get_opt(&manifest.name).await?)
    }

    /// What a document would do, by the API server's dry run, to the present object.
    ///
    /// # Errors
    /// When the document is refused, or Kubernetes cannot be reached.
    pub async fn try_out(
        &self,
        manifest: &Manifest,
        present: Option<&DynamicObject>,
    ) -> Result<Outcome, ClusterError> {
        let object = self.patch(manifest, true).await?;
        Ok(outcome(present, object))
    }

    /// Does it.
    ///
    /// # Errors
    /// When the document is refused, or Kubernetes cannot be reached.
    pub async fn apply(&self, manifest: &Manifest) -> Result<DynamicObject, ClusterError> {
        self.patch(manifest, false).await
    }

    async fn patch(
        &self,
        manifest: &Manifest,
        dry_run: bool,
    ) -> Result<DynamicObject, ClusterError> {
        let api = self.api(manifest);
        let mut params = PatchParams {
            dry_run,
            force: self.is_forced,
            field_manager: Some(FIELD_MANAGER.to_owned()),
            field_validation: Some(ValidationDirective::Strict),
        };
        let patch = Patch::Apply(&manifest.document);
        let first = api.patch(&manifest.name, &params, &patch).await;
        let refused = match first {
            Err(kube::Error::Api(status)) if is_with_ourselves(&status) => {
                params.force = true;
                api.patch(&manifest.name, &params, &patch).await
            }
            outcome => outcome,
        };
        Ok(refused?)
    }

    fn api(&self, manifest: &Manifest) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk(crate::crd::GROUP, "v1alpha1", manifest.kind.as_str());
        let resource = ApiResource::from_gvk_with_plural(&kind, manifest.kind.plural());
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }
}

/// Whether all fields in dispute are held by the API itself, which has set them with a patch.
fn is_with_ourselves(status: &kube::core::Status) -> bool {
    let ours = format!("conflict with \"{FIELD_MANAGER}\"");
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let mut conflicts = causes
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .peekable();
    conflicts.peek().is_some() && conflicts.all(|cause| cause.message.starts_with(&ours))
}

fn outcome(present: Option<&DynamicObject>, object: DynamicObject) -> Outcome {
    let spec = |object: &DynamicObject| object.data.get("spec").cloned().unwrap_or(Value::Null);
    let before = present.map(spec);
    let changes = diff::between(before.as_ref(), &spec(&object));
    let is_labelled_anew = present.is_some_and(|present| {
        present.labels() != object.labels() || present.annotations() != object.annotations()
    });
    let action = match present {
        None => Action::Create,
        Some(_) if changes.is_empty() && !is_labelled_anew => Action::Nothing,
        Some(_) => Action::Configure,
    };
    Outcome {
        action,
        changes,
        object,
    }
}
