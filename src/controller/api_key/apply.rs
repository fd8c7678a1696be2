//! The one write of a key's reconcile besides its status.

use kube::ResourceExt as _;

use crate::controller::context::Context;
use crate::controller::error::Error;
use crate::crd::ApiKey;

/// Deletes exactly this key; another by its name stays.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached.
pub(super) async fn delete(key: &ApiKey, context: &Context) -> Result<(), Error> {
    context.children.delete_exactly(key).await?;
    tracing::info!(
        k8s.namespace = key.namespace(),
        k8s.name = key.name_any(),
        "deleted a key that expired long ago"
    );
    Ok(())
}
