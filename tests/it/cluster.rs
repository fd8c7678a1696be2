//! A real Kubernetes control plane for the tests: etcd, kube-apiserver, kube-controller-manager.
//!
//! It starts with the first test that asks for it, once per test binary, on loopback, with our
//! definitions in it; it ends, and its files go, with the binary (see `process`). There is no
//! node: objects are stored, admitted, defaulted, counted and collected as on any cluster, but no
//! pod ever runs. The binaries come from the folder `KISENON_TOOLS_BIN`, else from
//! `e2e/cluster/tools.sh`.
//!
//! A client belongs to the runtime it was made in, so every test makes its own. A test owns the
//! namespaces it makes; they are left to the end of the whole control plane.
//!
//! An operator acts on a whole cluster, so tests that run one have control planes of their own
//! ([`OPERATED`], [`LABORATORY`]); everything else shares [`SHARED`].
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test without its cluster can only fail"
)]

use std::path::PathBuf;
use std::sync::OnceLock;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1;
use kube::api::{Api, ObjectMeta, PostParams};
use kube::{Client, Config, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;

use control_plane::ControlPlane;
pub(crate) use control_plane::tools;
pub(crate) use fault::{FaultPlan, Moment, faulty};

mod control_plane;
mod fault;
mod pki;
pub(crate) mod process;
mod tests;

/// The label that makes a namespace a tenant's.
pub(crate) const TENANT_LABEL: &str = "kisenon.com/tenant";

/// The control plane of tests that need no operator.
pub(crate) static SHARED: Plane = Plane::new();
/// The control plane on which one operator works for many tests at once.
pub(crate) static OPERATED: Plane = Plane::new();
/// The control plane on which one test at a time runs operators of its own.
pub(crate) static LABORATORY: Plane = Plane::new();

/// A control plane that starts when it is first asked for, or why there is none, which every test
/// then says.
pub(crate) struct Plane(OnceLock<Result<ControlPlane, String>>);

impl Plane {
    const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// How to reach the API server as administrator.
    pub(crate) fn config(&self) -> Config {
        self.get().config().expect("the kubeconfig is ours")
    }

    /// A client of the administrator, for the runtime of the calling test.
    pub(crate) async fn client(&self) -> Client {
        Client::try_from(self.config()).expect("the configuration is complete")
    }

    /// How to reach the API server as a service account, which must exist.
    pub(crate) async fn config_as(&self, namespace: &str, account: &str) -> Config {
        let accounts: Api<v1::ServiceAccount> = Api::namespaced(self.client().await, namespace);
        let request = accounts
            .create_token_request(account, &PostParams::default(), &TokenRequest::default())
            .await
            .expect("the service account exists");
        let token = request.status.expect("an answer holds a token").token;
        let admin = self.config();
        let mut config = Config::new(admin.cluster_url);
        config.root_cert = admin.root_cert;
        config.auth_info.token = Some(token.into());
        config
    }

    /// A client that acts as a service account, which must exist.
    pub(crate) async fn client_as(&self, namespace: &str, account: &str) -> Client {
        let config = self.config_as(namespace, account).await;
        Client::try_from(config).expect("the configuration is complete")
    }

    /// A new namespace without labels, called `<prefix>-` and something unique.
    pub(crate) async fn namespace(&self, prefix: &str) -> Namespace {
        self.create_namespace(prefix, None).await
    }

    /// A new namespace that belongs to the tenant `id`.
    pub(crate) async fn tenant(&self, prefix: &str, id: &str) -> Namespace {
        self.create_namespace(prefix, Some(id)).await
    }

    async fn create_namespace(&self, prefix: &str, tenant: Option<&str>) -> Namespace {
        let client = self.client().await;
        let labels = tenant.map(|id| [(TENANT_LABEL.to_owned(), id.to_owned())].into());
        let namespace = v1::Namespace {
            metadata: ObjectMeta {
                generate_name: Some(format!("{prefix}-")),
                labels,
                ..ObjectMeta::default()
            },
            ..v1::Namespace::default()
        };
        let made = Api::all(client.clone())
            .create(&PostParams::default(), &namespace)
            .await
            .expect("a namespace can be made");
        Namespace {
            name: made.name_any(),
            client,
        }
    }

    fn get(&self) -> &ControlPlane {
        let result = self.0.get_or_init(|| {
            // In a runtime and a thread of its own: the caller may be inside a runtime already.
            std::thread::spawn(|| {
                // Whoever installed one before has installed the same.
                let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(anyhow::Error::from)
                    .and_then(|runtime| runtime.block_on(ControlPlane::start()))
                    .map_err(|error| format!("{error:#}"))
            })
            .join()
            .unwrap_or_else(|_| Err("the start of the control plane panicked".to_owned()))
        });
        match result {
            Ok(plane) => plane,
            Err(error) => panic!("{error}"),
        }
    }
}

/// How to reach the shared API server as administrator.
pub(crate) fn config() -> Config {
    SHARED.config()
}

/// A kubeconfig file of the shared API server's administrator, for programs.
pub(crate) fn kubeconfig() -> PathBuf {
    SHARED.get().kubeconfig()
}

/// A client of the shared API server's administrator.
pub(crate) async fn client() -> Client {
    SHARED.client().await
}

/// A client of the shared API server that acts as a service account, which must exist.
pub(crate) async fn client_as(namespace: &str, account: &str) -> Client {
    SHARED.client_as(namespace, account).await
}

/// A new namespace of the shared API server, without labels.
pub(crate) async fn namespace(prefix: &str) -> Namespace {
    SHARED.namespace(prefix).await
}

/// A new namespace of the shared API server that belongs to the tenant `id`.
pub(crate) async fn tenant(prefix: &str, id: &str) -> Namespace {
    SHARED.tenant(prefix, id).await
}

/// A namespace of the calling test alone, with the administrator's client.
pub(crate) struct Namespace {
    pub(crate) name: String,
    pub(crate) client: Client,
}

impl Namespace {
    /// The objects of one kind in this namespace.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + DeserializeOwned,
    {
        Api::namespaced(self.client.clone(), &self.name)
    }
}
