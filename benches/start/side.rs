//! One side of the comparison: an Endpoint, or the same server written by hand.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Pod, Secret, Service};
use kube::api::{DeleteParams, ListParams};
use kube::runtime::wait::await_condition;
use kube::{Api, Client, ResourceExt as _};

use crate::knock;
use crate::milestones::Milestones;

/// Of the local pool, and the last one that the operator would take.
const FLOOR_ADDRESS: &str = "10.77.0.149";
const DEADLINE: Duration = Duration::from_secs(120);

/// One side.
pub(crate) struct Side {
    client: Client,
    is_product: bool,
    namespace: String,
    manifest: PathBuf,
}

impl Side {
    /// In a namespace of its own, which is not made yet.
    pub(crate) fn new(client: &Client, is_product: bool, folder: &Path, name: &str) -> Self {
        let kind = if is_product { "product" } else { "floor" };
        Self {
            client: client.clone(),
            is_product,
            namespace: format!("bench-{kind}-{name}"),
            manifest: folder.join(format!("{kind}.yaml")),
        }
    }

    /// From `kubectl apply` to the first `select 1`.
    pub(crate) async fn create(&self) -> Result<Milestones> {
        let text = std::fs::read_to_string(&self.manifest)?
            .replace("NAMESPACE", &self.namespace)
            .replace("ADDRESS", FLOOR_ADDRESS);
        self.measure(&["apply", "-f", "-"], &text).await
    }

    /// From the command that starts it again to the first `select 1`.
    pub(crate) async fn wake(&self) -> Result<Milestones> {
        self.measure(&self.switch(true), "").await
    }

    /// Stops it, and waits until its pod is gone and has left the network.
    pub(crate) async fn sleep(&self) -> Result<()> {
        kubectl(&self.namespace, &self.switch(false), "").await?;
        let pods = Api::<Pod>::all(self.client.clone());
        let started = Instant::now();
        while self.any_pod(&pods).await? {
            if started.elapsed() > DEADLINE {
                bail!("the pod of {} does not go", self.namespace);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(())
    }

    /// Removes everything, also the addresses' Leases, which would rest for a day.
    pub(crate) async fn remove(&self) -> Result<()> {
        let ns = self.namespace.clone();
        if self.is_product {
            let delete = ["delete", "projects.kisenon.com", "--all", "--timeout=120s"];
            kubectl(&ns, &delete, "").await?;
            let leases = Api::<Lease>::namespaced(self.client.clone(), "kisenon-system");
            let ours = format!("{ns}/");
            for lease in leases.list(&ListParams::default()).await? {
                let owner = lease.annotations().get("kisenon.com/endpoint");
                if owner.is_some_and(|owner| owner.starts_with(&ours)) {
                    leases
                        .delete(&lease.name_any(), &DeleteParams::default())
                        .await?;
                }
            }
        }
        let delete = [
            "delete",
            "namespace",
            &ns,
            "--ignore-not-found",
            "--timeout=120s",
        ];
        kubectl(&ns, &delete, "").await
    }

    fn switch(&self, on: bool) -> Vec<&'static str> {
        match (self.is_product, on) {
            (true, true) => patch(r#"{"spec":{"desiredState":"Running"}}"#),
            (true, false) => patch(r#"{"spec":{"desiredState":"Suspended"}}"#),
            (false, true) => vec!["scale", "statefulset/floor", "--replicas=1"],
            (false, false) => vec!["scale", "statefulset/floor", "--replicas=0"],
        }
    }

    async fn measure(&self, arguments: &[&str], input: &str) -> Result<Milestones> {
        let milestones = Milestones::start();
        let _watches = milestones.watch(&self.client, &self.namespace);
        // The watches are open before the clock starts.
        tokio::time::sleep(Duration::from_millis(500)).await;
        milestones.restarted();
        let command = async {
            kubectl(&self.namespace, arguments, input).await?;
            milestones.saw("kubectl returned");
            Ok::<(), anyhow::Error>(())
        };
        let client = async {
            let settings = self.settings().await?;
            knock::dial(address(&settings)?).await?;
            milestones.saw("dial accepted");
            knock::select(&settings).await?;
            milestones.saw("select 1");
            Ok::<(), anyhow::Error>(())
        };
        let both = async { tokio::try_join!(command, client) };
        let limited = tokio::time::timeout(DEADLINE, both);
        limited
            .await
            .with_context(|| format!("{} is not served", self.namespace))??;
        // Let the watches show what has happened by now.
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(milestones)
    }

    /// What psql is told, as soon as the cluster says where the server is.
    async fn settings(&self) -> Result<Vec<(&'static str, String)>> {
        if !self.is_product {
            let services = Api::<Service>::namespaced(self.client.clone(), &self.namespace);
            await_condition(services, "floor", |s: Option<&Service>| s.is_some()).await?;
            let given = [
                ("PGHOST", FLOOR_ADDRESS),
                ("PGPORT", "5432"),
                ("PGUSER", "app"),
                ("PGDATABASE", "main"),
                ("PGPASSWORD", "floor"),
                ("PGSSLMODE", "disable"),
            ];
            return Ok(given.map(|(key, value)| (key, value.to_owned())).into());
        }
        let secrets = Api::<Secret>::namespaced(self.client.clone(), &self.namespace);
        let there = |s: Option<&Secret>| s.is_some();
        let secret = await_condition(secrets, "bench-connection", there).await?;
        let data = secret.and_then(|s| s.data).unwrap_or_default();
        let text = |key: &str| -> Result<String> {
            let bytes = data
                .get(key)
                .with_context(|| format!("no {key} in the Secret"))?;
            Ok(String::from_utf8(bytes.0.clone())?)
        };
        // Beside the namespace's name, so that runs do not share it.
        let file = std::env::temp_dir().join(format!("{}.crt", self.namespace));
        std::fs::write(&file, text("ca.crt")?)?;
        Ok(vec![
            ("PGHOST", text("host")?),
            ("PGPORT", text("port")?),
            ("PGUSER", text("username")?),
            ("PGDATABASE", text("database")?),
            ("PGPASSWORD", text("password")?),
            ("PGSSLMODE", "verify-full".to_owned()),
            ("PGSSLROOTCERT", file.display().to_string()),
        ])
    }

    async fn any_pod(&self, pods: &Api<Pod>) -> Result<bool> {
        let all = pods.list(&ListParams::default()).await?;
        Ok(all.iter().any(|pod| {
            pod.namespace().as_ref() == Some(&self.namespace)
                || pod.labels().get("kisenon.com/tenant-namespace") == Some(&self.namespace)
        }))
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        let file = std::env::temp_dir().join(format!("{}.crt", self.namespace));
        let _ = std::fs::remove_file(file);
    }
}

fn patch(change: &'static str) -> Vec<&'static str> {
    let object = "endpoints.kisenon.com/bench";
    vec!["patch", object, "--type=merge", "-p", change]
}

fn address(settings: &[(&str, String)]) -> Result<SocketAddr> {
    let get = |name: &str| settings.iter().find(|(key, _)| *key == name);
    let (host, port) = get("PGHOST").zip(get("PGPORT")).context("no address")?;
    Ok(format!("{}:{}", host.1, port.1).parse()?)
}

async fn kubectl(namespace: &str, arguments: &[&str], input: &str) -> Result<()> {
    let words = arguments.join(" ");
    let input = input.to_owned();
    let mut command = Command::new("kubectl");
    command
        .args(["-n", namespace])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let run = move || {
        let mut child = command.spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(input.as_bytes())?;
        }
        child.wait()
    };
    let status = tokio::task::spawn_blocking(run).await??;
    if !status.success() {
        bail!("kubectl {words} failed ({status})");
    }
    Ok(())
}
