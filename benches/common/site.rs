//! Kisenon's manifests on a control plane of the bench's own, and the accounts that they make.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::{Value, json};

/// Where Kisenon runs.
pub(crate) const NAMESPACE: &str = "kisenon-system";

/// Applies the manifests as they are deployed; their Deployments do nothing here.
pub(crate) fn install(kubeconfig: &Path) -> Result<()> {
    let overlay = Path::new(env!("CARGO_MANIFEST_DIR")).join("kustomize/overlays/local");
    // The definitions need a moment until they are served; the first attempt may come too early.
    for _ in 0..20 {
        let output = Command::new("kubectl")
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(["apply", "--server-side", "--force-conflicts", "-k"])
            .arg(&overlay)
            .output()
            .context("kubectl is not on PATH")?;
        if output.status.success() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    bail!("the manifests cannot be applied")
}

/// Writes a kubeconfig of this account beside the administrator's.
pub(crate) async fn kubeconfig_of(account: &str, client: &Client, admin: &Path) -> Result<PathBuf> {
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), NAMESPACE);
    let request = TokenRequest::default();
    let answer = accounts
        .create_token_request(account, &PostParams::default(), &request)
        .await?;
    let token = answer.status.context("an answer holds a token")?.token;
    // The administrator's is JSON.
    let mut config = serde_json::from_str::<Value>(&std::fs::read_to_string(admin)?)?;
    config["users"][0]["user"] = json!({ "token": token });
    let path = admin.with_file_name(format!("{account}.kubeconfig"));
    std::fs::write(&path, config.to_string())?;
    Ok(path)
}
