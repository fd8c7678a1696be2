//! What is measured: the API, as `kisenon api` runs it, and the floors in the same process and
//! runtime, at another port.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use kisenon::api::http::edges::Edges;
use kisenon::config::api::ApiConfig;
use kisenon::metrics::Metrics;
use kisenon::server::api::ApiOptions;
use kisenon::server::{self, Options};
use kisenon::telemetry::{self, LogFormat};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::floor;
use crate::program::Program;

const SECRET_KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const READY_DEADLINE: Duration = Duration::from_secs(120);
/// Ticks of `/proc/PID/stat` a second, which Linux has fixed for programs.
const TICKS: f64 = 100.0;

/// Where everything is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Holds `api.yaml`, the kubeconfig, the store and the log.
    pub(crate) folder: PathBuf,
    pub(crate) api: SocketAddr,
    pub(crate) floor: SocketAddr,
    health: SocketAddr,
}

/// A running API.
pub(crate) struct Api {
    pub(crate) place: Place,
    program: Program,
}

impl Place {
    /// With ports that are free at the moment.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        // Held together, so that they differ.
        let listeners = [bind()?, bind()?, bind()?];
        let [api, floor, health] = [0, 1, 2].map(|n: usize| listeners[n].local_addr());
        Ok(Self {
            folder: folder.to_owned(),
            api: api?,
            floor: floor?,
            health: health?,
        })
    }

    fn store(&self, name: &str) -> String {
        format!("sqlite://{}", self.folder.join(name).display())
    }
}

impl Api {
    /// Starts API and floors, in this program run again.
    pub(crate) async fn beside_the_floors(place: &Place, kubeconfig: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").arg(serde_json::to_string(place)?);
        Self::start("server", command, place, kubeconfig).await
    }

    /// Starts the release binary, on a store of this name.
    pub(crate) async fn alone(
        binary: &Path,
        place: &Place,
        kubeconfig: &Path,
        store: &str,
    ) -> Result<Self> {
        let mut command = Command::new(binary);
        command
            .args(["api", "--pod-name", "bench", "--log-format", "json"])
            .arg("--api-config")
            .arg(place.folder.join("api.yaml"))
            .args(["--api-address", &place.api.to_string()])
            .args(["--health-address", &place.health.to_string()])
            .env("KISENON_DATABASE_URL", place.store(store))
            .env("KISENON_SECRET_KEY", SECRET_KEY);
        Self::start("api", command, place, kubeconfig).await
    }

    async fn start(
        name: &'static str,
        mut command: Command,
        place: &Place,
        kubeconfig: &Path,
    ) -> Result<Self> {
        // As in manifests/api.yaml.
        command
            .env("MALLOC_ARENA_MAX", "2")
            .env("MALLOC_MMAP_THRESHOLD_", "1048576")
            .env("KUBECONFIG", kubeconfig);
        let mut api = Self {
            program: Program::start(name, &mut command, &place.folder)?,
            place: place.clone(),
        };
        let started = Instant::now();
        while !api.is_ready().await {
            api.program.must_run()?;
            if started.elapsed() > READY_DEADLINE {
                bail!("the {name} does not get ready");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(api)
    }

    async fn is_ready(&self) -> bool {
        let answer = reqwest::get(format!("http://{}/readyz", self.place.health)).await;
        answer.is_ok_and(|answer| answer.status().is_success())
            && TcpStream::connect(self.place.api).await.is_ok()
    }

    /// How many API keys can be looked up.
    pub(crate) async fn keys(&self) -> Result<usize> {
        let url = format!("http://{}/metrics", self.place.health);
        let text = reqwest::get(url).await?.text().await?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("kisenon_api_keys "));
        Ok(line.context("the API counts keys")?.parse()?)
    }

    /// Processor time so far, seconds.
    pub(crate) fn processor(&self) -> Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.program.id()))?;
        let (_, fields) = text.rsplit_once(')').context("no stat")?;
        let fields = fields.split_whitespace().collect::<Vec<_>>();
        let ticks = |place: usize| -> Result<f64> {
            let field = fields.get(place).context("no stat")?;
            Ok(field.parse::<f64>()?)
        };
        Ok((ticks(11)? + ticks(12)?) / TICKS)
    }

    pub(crate) fn program(&mut self) -> &mut Program {
        &mut self.program
    }
}

/// Serves until it is ended.
pub(crate) async fn run(place: &Place) -> Result<()> {
    telemetry::init(Some(LogFormat::Json), "info")?;
    let stop = CancellationToken::new();
    let config = ApiConfig::load(&place.folder.join("api.yaml"))?;
    let metrics = Metrics::new("0.0.0", "bench");
    let edges = Edges::new(&config.public_url, &config.console_url, metrics);
    let options = Options {
        controller: None,
        api: Some(ApiOptions {
            config,
            listen: place.api,
            database_url: place.store("serve.db").into(),
            secret_key: SECRET_KEY.into(),
            github_client_secret: None,
            console_secret: None,
            pod_name: "bench".to_owned(),
        }),
        health_address: place.health,
        version: "0.0.0",
        commit: "bench",
    };
    let floors = floor::router(&place.folder, &edges);
    let service = floors.into_make_service_with_connect_info::<SocketAddr>();
    let floor = tokio::spawn(axum_server::bind(place.floor).serve(service));
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn({
        let stop = stop.clone();
        async move {
            terminate.recv().await;
            stop.cancel();
        }
    });
    server::run(options, stop).await?;
    floor.abort();
    Ok(())
}
