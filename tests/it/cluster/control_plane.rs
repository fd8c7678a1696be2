//! etcd, the API server and the controller manager on loopback, with our definitions in them.
//!
//! Nothing here belongs to a tokio runtime: each test has its own, and the control plane outlives
//! them all.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use http::Request;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::config::Kubeconfig;
use kube::runtime::wait::{await_condition, conditions};
use kube::{Client, Config, ResourceExt as _};

use super::pki;
use super::process::{Folder, Process};

const START_DEADLINE: Duration = Duration::from_secs(90);
const SERVICE_RANGE: &str = "10.96.0.0/16";

/// A running control plane. It ends with the test binary.
pub(super) struct ControlPlane {
    folder: Folder,
    processes: Vec<Process>,
}

impl ControlPlane {
    /// Starts everything; when that fails, says where the logs are.
    pub(super) async fn start() -> Result<Self> {
        let tools = tools()?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let mut plane = Self {
                folder: Folder::new()?,
                processes: Vec::new(),
            };
            let Err(error) = plane.bring_up(&tools).await else {
                return Ok(plane);
            };
            plane.processes.clear();
            // A free port may be taken by another program before ours listens on it.
            if attempts < 3 && format!("{error:#}").contains("address already in use") {
                continue;
            }
            let logs = plane.folder.keep();
            return Err(error.context(format!(
                "failed to start the control plane; its logs are in {}",
                logs.display()
            )));
        }
    }

    /// A kubeconfig of the administrator.
    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("admin.kubeconfig")
    }

    /// How to reach the API server as administrator.
    pub(super) fn config(&self) -> Result<Config> {
        Ok(Config::try_from(Kubeconfig::read_from(self.kubeconfig())?)?)
    }

    async fn bring_up(&mut self, tools: &Path) -> Result<()> {
        let [client_port, peer_port, server_port] = free_ports()?;
        let server = format!("https://127.0.0.1:{server_port}");
        pki::write(self.folder.path(), &server)?;
        // The API server keeps asking until etcd answers, so both may start at once.
        self.run(tools, "etcd", &etcd(client_port, peer_port))?;
        self.run(
            tools,
            "kube-apiserver",
            &api_server(server_port, client_port),
        )?;
        let client = Client::try_from(self.config()?)?;
        self.until("the API server is ready", async || {
            let request = Request::get("/readyz").body(Vec::new());
            client.request_text(request?).await?;
            Ok(())
        })
        .await?;
        // First the definitions: the quota and garbage controllers look for new ones only every
        // 30 seconds.
        define(&client).await?;
        self.run(tools, "kube-controller-manager", &controller_manager())?;
        self.until("the controllers work", async || {
            let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "default");
            accounts.get("default").await?;
            Ok(())
        })
        .await
    }

    fn run(&mut self, tools: &Path, name: &str, arguments: &[String]) -> io::Result<()> {
        let process = Process::start(&tools.join(name), arguments, self.folder.path())?;
        self.processes.push(process);
        Ok(())
    }

    /// Asks until the answer is good, while no process has ended.
    async fn until(&mut self, what: &str, mut good: impl AsyncFnMut() -> Result<()>) -> Result<()> {
        let started = Instant::now();
        loop {
            let Err(error) = good().await else {
                return Ok(());
            };
            if let Some(words) = self.processes.iter_mut().find_map(Process::ended) {
                bail!("{words}");
            }
            if started.elapsed() > START_DEADLINE {
                return Err(error.context(format!("gave up waiting until {what}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The folder of the control plane's binaries.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests have no `config`; this is their one setting"
)]
pub(crate) fn tools() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("KISENON_TOOLS_BIN") {
        return Ok(folder.into());
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/cluster/tools.sh");
    let output = Command::new(&script).arg("--print-bin").output()?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed: {words}", script.display());
    }
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

fn free_ports() -> io::Result<[u16; 3]> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    // Held together, so that they differ.
    let listeners = [bind()?, bind()?, bind()?];
    let mut ports = [0; 3];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

fn flags(list: &[&str]) -> Vec<String> {
    list.iter().map(|flag| format!("--{flag}")).collect()
}

fn etcd(client_port: u16, peer_port: u16) -> Vec<String> {
    flags(&[
        "name=it",
        "data-dir=etcd",
        "unsafe-no-fsync",
        "log-level=warn",
        &format!("listen-client-urls=https://127.0.0.1:{client_port}"),
        &format!("advertise-client-urls=https://127.0.0.1:{client_port}"),
        &format!("listen-peer-urls=http://127.0.0.1:{peer_port}"),
        &format!("initial-advertise-peer-urls=http://127.0.0.1:{peer_port}"),
        &format!("initial-cluster=it=http://127.0.0.1:{peer_port}"),
        "client-cert-auth",
        "trusted-ca-file=ca.crt",
        "cert-file=etcd.crt",
        "key-file=etcd.key",
    ])
}

fn api_server(port: u16, etcd_port: u16) -> Vec<String> {
    flags(&[
        "bind-address=127.0.0.1",
        // An address that nobody is told of: with no endpoints for the `kubernetes` Service
        // nothing dials it, and a loopback address is refused here.
        "advertise-address=192.0.2.1",
        "endpoint-reconciler-type=none",
        &format!("secure-port={port}"),
        &format!("service-cluster-ip-range={SERVICE_RANGE}"),
        &format!("etcd-servers=https://127.0.0.1:{etcd_port}"),
        "etcd-cafile=ca.crt",
        "etcd-certfile=server.crt",
        "etcd-keyfile=server.key",
        "client-ca-file=ca.crt",
        "tls-cert-file=server.crt",
        "tls-private-key-file=server.key",
        "service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "service-account-key-file=accounts.pub",
        "service-account-signing-key-file=accounts.key",
        "requestheader-client-ca-file=proxy-ca.crt",
        "requestheader-allowed-names=front-proxy",
        "requestheader-username-headers=X-Remote-User",
        "requestheader-group-headers=X-Remote-Group",
        "requestheader-extra-headers-prefix=X-Remote-Extra-",
        "proxy-client-cert-file=proxy.crt",
        "proxy-client-key-file=proxy.key",
        "authorization-mode=Node,RBAC",
        "anonymous-auth=false",
        "allow-privileged=true",
        "profiling=false",
        "enable-admission-plugins=NodeRestriction,DenyServiceExternalIPs",
    ])
}

fn controller_manager() -> Vec<String> {
    flags(&[
        "kubeconfig=controller-manager.kubeconfig",
        "authentication-kubeconfig=controller-manager.kubeconfig",
        "authorization-kubeconfig=controller-manager.kubeconfig",
        "controllers=namespace-controller,garbage-collector-controller,\
         resourcequota-controller,serviceaccount-controller,statefulset-controller,\
         persistentvolumeclaim-protection-controller",
        // The default is made for large clusters and would be the slowest part of many a test.
        "kube-api-qps=500",
        "kube-api-burst=1000",
        // Without it a quota on a new definition refuses everything for up to five minutes.
        "resource-quota-sync-period=15s",
        "service-account-private-key-file=accounts.key",
        "root-ca-file=ca.crt",
        "use-service-account-credentials=true",
        "leader-elect=false",
        "secure-port=0",
        "profiling=false",
    ])
}

/// Applies our definitions as they lie in the repository, and waits until they are served.
async fn define(client: &Client) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path
            .file_name()
            .is_some_and(|name| name == "kustomization.yaml")
        {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let definition: CustomResourceDefinition = serde_saphyr::from_str(&text)
            .with_context(|| format!("failed to read {}", path.display()))?;
        let name = definition.name_any();
        definitions
            .patch(&name, &PatchParams::apply("it"), &Patch::Apply(&definition))
            .await
            .with_context(|| format!("failed to apply {}", path.display()))?;
        let established =
            await_condition(definitions.clone(), &name, conditions::is_crd_established());
        tokio::time::timeout(START_DEADLINE, established)
            .await
            .with_context(|| format!("{name} is not established"))??;
        served(client, &definition).await?;
    }
    Ok(())
}

/// The API server serves a definition a little later than it calls it established.
async fn served(client: &Client, definition: &CustomResourceDefinition) -> Result<()> {
    let names = &definition.spec.names;
    let version = &definition.spec.versions[0].name;
    let resource = ApiResource {
        group: definition.spec.group.clone(),
        version: version.clone(),
        api_version: format!("{}/{version}", definition.spec.group),
        kind: names.kind.clone(),
        plural: names.plural.clone(),
    };
    let objects: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    let started = Instant::now();
    while let Err(error) = objects.list(&ListParams::default().limit(1)).await {
        if started.elapsed() > START_DEADLINE {
            return Err(error).context(format!("{} are not served", names.plural));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
