//! Rules and values. Pure: no Kubernetes client, HTTP, SQL, tasks, clock or randomness; time and
//! randomness are arguments.

pub mod access;
pub mod api_key;
pub mod connection_uri;
pub mod email;
pub mod grant;
pub mod id;
pub mod network;
pub mod parameter;
pub mod quantity;
pub mod quota;
pub mod request_bound;
pub mod tenant;
