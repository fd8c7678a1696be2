//! The operator as it runs on a cluster: under its own account, behind its fence, against a real
//! API server. There is no node, so the tests play the kubelet (see `kubelet`), and MetalLB.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test they help"
)]

mod address;
mod api_fence;
mod api_key;
mod crash;
mod create;
mod delete;
mod drift;
mod explain;
mod fence;
mod fixed_point;
mod gate;
mod gitops;
mod heal;
pub(crate) mod kubelet;
mod pool;
mod probes;
pub(crate) mod site;
mod stall;
mod tenant;
