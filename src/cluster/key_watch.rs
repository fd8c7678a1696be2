//! The watch of API keys, on which the acceptance of every key depends.
//!
//! Objects are handed on one by one and not kept here: whoever takes them keeps what is needed to
//! verify a key, and nothing else. The watch is probed: it counts as fresh only while the API
//! server answers from its store ([`Pulse::is_stale`]).

use kube::Client;
use kube::api::Api;
use tokio::task::JoinSet;

use super::watches::{Observer, Pulse, follow, probe};
use crate::crd::ApiKey;

/// A namespace to ask in; it need not exist.
const PROBED_NAMESPACE: &str = "kisenon-system";

/// Opens the watch, which ends with the tasks. Its versions are those of API keys: once
/// [`Pulse::version`] has reached that of a deletion, the key is gone for the observer.
pub fn open<O>(client: &Client, observer: O, tasks: &mut JoinSet<()>) -> Pulse
where
    O: Observer<ApiKey> + 'static,
{
    let pulse = Pulse::new(true);
    tasks.spawn(follow(
        Api::all(client.clone()),
        "",
        pulse.clone(),
        observer,
    ));
    let api = Api::<ApiKey>::namespaced(client.clone(), PROBED_NAMESPACE);
    tasks.spawn(probe(api, pulse.clone()));
    pulse
}
