//! The program, run as a pod runs it, with its log at the most talkative level.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::super::app::{ACCOUNT, App, CLIENT_ID, CONSOLE_SECRET, Issuer, SECRET_KEY, client};
use crate::cluster::process::Process;
use crate::operator::site;
use crate::store::empty_postgres;

pub(super) const DATABASE_PASSWORD: &str = "planted-database-password";
pub(super) const GITHUB_SECRET: &str = "planted-github-client-secret";
const LOG: &str = "start.sh.log";
const START: Duration = Duration::from_secs(60);

/// A process of the API.
pub(super) struct Program {
    pub(super) app: App,
    _process: Process,
    folder: tempfile::TempDir,
}

impl Program {
    pub(super) async fn start() -> Self {
        tokio::task::spawn_blocking(site::operator).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let issuer = Issuer::start().await;
        // Trusted connections do not ask for it, and it is in the URL all the same.
        let database_url = empty_postgres()
            .await
            .replace("kisenon@", &format!("kisenon:{DATABASE_PASSWORD}@"));
        let (api, health) = (free(), free());
        write(folder.path(), "kubeconfig", &kubeconfig().await, 0o600);
        let config = format!(
            "publicUrl: http://{api}\nconsoleUrl: https://console.it.test\ntrustedProxyHops: 1\n\
             allowList: ['@it.test']\n\
             identityProviders: {{oidc: [{{name: it, issuer: '{}', clientId: {CLIENT_ID}}}]}}\n",
            issuer.url
        );
        write(folder.path(), "api.yaml", &config, 0o600);
        let script = format!(
            "#!/bin/sh\necho $$ >id\nexport KUBECONFIG=kubeconfig KISENON_LOG=trace KISENON_LOG_FORMAT=json\n\
             export KISENON_API_CONFIG=api.yaml KISENON_API_ADDRESS={api} POD_NAME=it\n\
             export KISENON_HEALTH_ADDRESS={health} KISENON_DATABASE_URL='{database_url}'\n\
             export KISENON_SECRET_KEY={SECRET_KEY} KISENON_GITHUB_CLIENT_SECRET={GITHUB_SECRET}\n\
             export KISENON_CONSOLE_SECRET={CONSOLE_SECRET}\n\
             exec {} api\n",
            env!("CARGO_BIN_EXE_kisenon")
        );
        write(folder.path(), "start.sh", &script, 0o700);
        let mut process =
            Process::start(&folder.path().join("start.sh"), &[], folder.path()).unwrap();
        let deadline = Instant::now() + START;
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        let ready = format!("http://{health}/readyz");
        loop {
            ticks.tick().await;
            let answer = client().get(&ready).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                break;
            }
            assert_eq!(process.ended(), None);
            assert!(Instant::now() < deadline, "{}", read(folder.path(), LOG));
        }
        Self {
            app: App::elsewhere(format!("http://{api}"), issuer, database_url),
            _process: process,
            folder,
        }
    }

    /// All that it has written.
    pub(super) fn log(&self) -> String {
        read(self.folder.path(), LOG)
    }

    /// Its arguments, as everybody on the machine can see them.
    pub(super) fn arguments(&self) -> String {
        let id = read(self.folder.path(), "id");
        fs::read_to_string(format!("/proc/{}/cmdline", id.trim())).unwrap()
    }
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

fn free() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

fn write(folder: &Path, name: &str, content: &str, mode: u32) {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Of the API's own account.
async fn kubeconfig() -> String {
    let config = site::SHARED.plane.config_as(site::SYSTEM, ACCOUNT).await;
    let pem = config
        .root_cert
        .unwrap()
        .iter()
        .fold(String::new(), |pem, der| {
            let text = BASE64_STANDARD.encode(der);
            format!("{pem}-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
        });
    let token = config.auth_info.token.unwrap();
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {
            "server": config.cluster_url.to_string(),
            "certificate-authority-data": BASE64_STANDARD.encode(pem),
        }}],
        "users": [{"name": "it", "user": {"token": token.expose_secret()}}],
    })
    .to_string()
}
