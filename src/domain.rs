//! Rules and values. Pure: no Kubernetes client, HTTP, SQL, tasks, clock or randomness; time and
//! randomness are arguments.

pub mod address_pool;
pub mod id;
pub mod network;
pub mod parameter;
pub mod quantity;
pub mod quota;
pub mod tenant;
