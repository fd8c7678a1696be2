//! Who may be on the cluster at the same time: ordinary stories together, disruptive ones alone.

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static STAGE: RwLock<()> = RwLock::const_new(());

/// For stories that leave everything but their own tenant alone.
pub(crate) async fn shared() -> RwLockReadGuard<'static, ()> {
    STAGE.read().await
}

/// For stories that take a part of the cluster away for a while.
pub(crate) async fn alone() -> RwLockWriteGuard<'static, ()> {
    STAGE.write().await
}
