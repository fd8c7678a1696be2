//! What `keon` costs beside the request that it makes: `cli KEON API_URL CA_FILE ROUNDS`, with a
//! session's access token on standard input.
//!
//! It needs the local cluster (see `e2e/bench/run.sh`), makes an API key and projects for the
//! person of that session, and removes them again. Processes are started one after the other, all
//! sides in turns.
#![expect(clippy::print_stdout, reason = "figures are its output")]

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

use common::{median, table};

#[path = "../common/mod.rs"]
mod common;

/// How many projects are listed.
const PROJECTS: usize = 20;
/// Rounds that are thrown away: caches are cold in the first.
const WARM_UP: usize = 3;
/// Bytes.
const MIB: f64 = 1_048_576.0;

#[tokio::main]
async fn main() -> Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // cargo adds `--bench` of its own.
    let arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect::<Vec<_>>();
    let [keon, url, ca_file, rounds] = &*arguments else {
        bail!("usage: cli KEON API_URL CA_FILE ROUNDS");
    };
    let mut token = String::new();
    std::io::stdin().read_to_string(&mut token)?;
    let api = Api {
        url: url.trim_end_matches('/').to_owned(),
        ca_file: ca_file.into(),
        token: token.trim().to_owned(),
    };
    let rounds = rounds.parse::<usize>().context("ROUNDS is a number")?;
    let made = Made::make(&api).await?;
    let outcome = measure(keon.as_ref(), &api, &made, rounds).await;
    made.remove(&api).await?;
    report(keon.as_ref(), &outcome?)
}

/// The API, and a credential for it.
struct Api {
    url: String,
    ca_file: PathBuf,
    token: String,
}

impl Api {
    /// On a connection of its own, as a new process has none.
    fn client(&self) -> Result<Client> {
        let authorities = Certificate::from_pem_bundle(&std::fs::read(&self.ca_file)?)?;
        Ok(Client::builder().tls_certs_only(authorities).build()?)
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request = self
            .client()?
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let text = request.send().await?.error_for_status()?.text().await?;
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}

/// What the bench works on.
struct Made {
    namespace: String,
    key: String,
    key_id: String,
    projects: Vec<String>,
}

impl Made {
    async fn make(api: &Api) -> Result<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned).context("no text");
        let me = api.send(Method::GET, "/v1/me", None).await?;
        let label = json!({ "label": "bench" });
        let key = api.send(Method::POST, "/v1/api-keys", Some(label)).await?;
        let mut made = Self {
            namespace: text(&me["tenant"]["namespace"])?,
            key: text(&key["key"])?,
            key_id: text(&key["id"])?,
            projects: Vec::new(),
        };
        for number in 0..PROJECTS {
            let body = json!({ "name": format!("bench-{number}") });
            let project = api.send(Method::POST, "/v1/projects", Some(body)).await?;
            made.projects.push(text(&project["id"])?);
        }
        Ok(made)
    }

    async fn remove(&self, api: &Api) -> Result<()> {
        for project in &self.projects {
            let path = format!("/v1/projects/{project}");
            api.send(Method::DELETE, &path, None).await?;
        }
        let path = format!("/v1/api-keys/{}", self.key_id);
        api.send(Method::DELETE, &path, None).await?;
        Ok(())
    }
}

/// Milliseconds of one side, in the order of the rounds.
type Times = Vec<f64>;

/// Names of the sides, in the order of `measure`.
const SIDES: [&str; 5] = [
    "keon --version",
    "true (an empty program)",
    "keon projects list",
    "GET /v1/projects, a connection for each",
    "kubectl get projects",
];

async fn measure(keon: &Path, api: &Api, made: &Made, rounds: usize) -> Result<[Times; 5]> {
    let mut times: [Times; 5] = Default::default();
    for round in 0..rounds + WARM_UP {
        for (side, times) in times.iter_mut().enumerate() {
            let began = Instant::now();
            match side {
                0 => run(Command::new(keon).arg("--version"))?,
                1 => run(&mut Command::new("true"))?,
                2 => run(&mut list(keon, api, made))?,
                3 => bare(api, made).await?,
                _ => run(Command::new("kubectl").args([
                    "--namespace",
                    &made.namespace,
                    "get",
                    "projects.kisenon.com",
                ]))?,
            }
            if round >= WARM_UP {
                times.push(began.elapsed().as_secs_f64() * 1000.0);
            }
        }
    }
    Ok(times)
}

fn list(keon: &Path, api: &Api, made: &Made) -> Command {
    let mut command = Command::new(keon);
    command
        .args(["projects", "list"])
        .env("KISENON_API_URL", &api.url)
        .env("KISENON_CA_FILE", &api.ca_file)
        .env("KISENON_API_KEY", &made.key);
    command
}

/// The request that `keon projects list` makes, from a process that runs already.
async fn bare(api: &Api, made: &Made) -> Result<()> {
    let request = api
        .client()?
        .get(format!("{}/v1/projects?limit=200", api.url))
        .bearer_auth(&made.key);
    let text = request.send().await?.error_for_status()?.text().await?;
    let list = serde_json::from_str::<Value>(&text)?;
    let count = list["items"].as_array().map(Vec::len);
    ensure!(count >= Some(PROJECTS), "{list}");
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {words}");
    Ok(())
}

fn report(keon: &Path, times: &[Times; 5]) -> Result<()> {
    let of_sides = SIDES.iter().zip(times).map(|(name, times)| {
        let mut sorted = times.clone();
        sorted.sort_by(f64::total_cmp);
        let high = sorted.get(sorted.len() * 95 / 100).copied();
        let figures = [median(times), high.unwrap_or_default()];
        let [median, high] = figures.map(|of| format!("{of:.1}"));
        vec![(*name).to_owned(), median, high]
    });
    let rows = of_sides.collect::<Vec<_>>();
    let rounds = format!("of {} rounds", times[0].len());
    let head = [&*rounds, "median, ms", "95th percentile, ms"];
    println!("\n{}", table(&head, &rows));
    let adds = median(&times[2]) - median(&times[3]);
    let size = std::fs::metadata(keon)?.len() as f64 / MIB;
    let row = |what: &str, measured: f64, aim: &str| {
        vec![what.to_owned(), format!("{measured:.1}"), aim.to_owned()]
    };
    let rows = [
        row("--version, ms", median(&times[0]), "at most 5"),
        row(
            "projects list beside the bare request, ms more",
            adds,
            "at most 15",
        ),
        row("size of the program, MiB", size, "at most 12"),
    ];
    println!("{}", table(&["keon", "measured", "aim"], &rows));
    Ok(())
}
