//! Waiting for conditions, each with a deadline.

use std::fmt::Debug;
use std::future::Future;
use std::time::{Duration, Instant};

use kube::Resource;
use kube::api::Api;
use kube::runtime::wait::{Condition, await_condition};
use serde::de::DeserializeOwned;
use tokio::time::{interval, timeout};

/// Between two looks at something that cannot be watched.
const TICK: Duration = Duration::from_millis(200);

/// Asks until the answer is a yes.
#[track_caller]
pub(crate) fn eventually<T, F, Fut>(
    what: &str,
    limit: Duration,
    mut ask: F,
) -> impl Future<Output = T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, String>>,
{
    let what = what.to_owned();
    async move {
        let began = Instant::now();
        let mut tick = interval(TICK);
        loop {
            tick.tick().await;
            match ask().await {
                Ok(answer) => return answer,
                Err(seen) => assert!(
                    began.elapsed() < limit,
                    "{what}: not within {limit:?}, but: {seen}"
                ),
            }
        }
    }
}

/// Watches an object until the condition holds, and returns the object.
pub(crate) async fn watched<K>(
    api: Api<K>,
    name: &str,
    limit: Duration,
    condition: impl Condition<K>,
) -> Option<K>
where
    K: Clone + Debug + Send + DeserializeOwned + Resource + 'static,
{
    let shown = api.clone();
    match timeout(limit, await_condition(api, name, condition)).await {
        Ok(found) => found.unwrap(),
        Err(_) => panic!(
            "{name} is not as it should be after {limit:?}: {:?}",
            shown.get_opt(name).await
        ),
    }
}
