//! How fast, how lean and how quiet the operator is with 200 Projects of one suspended Endpoint
//! each: `fleet OPERATOR ROUNDS`, where `OPERATOR` is the release binary.
//!
//! Every round starts two control planes of its own, one after the other: in the first the
//! operator makes its children, in the second a bare client applies the very same ones. There is
//! no node and no load balancer. Everything ends with this process.
#![expect(clippy::print_stdout, reason = "figures are its output")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use kube::Client;

use children::Recipe;
use control_plane::ControlPlane;
use load::Load;
use operator::Operator;
use requests::Requests;

mod children;
#[path = "../common/mod.rs"]
mod common;
#[path = "../../tests/it/cluster/control_plane.rs"]
mod control_plane;
mod load;
mod operator;
#[path = "../../tests/it/cluster/pki.rs"]
mod pki;
#[expect(unused_imports, reason = "its tests do not run here")]
#[path = "../../tests/it/cluster/process.rs"]
mod process;
#[path = "../common/program.rs"]
mod program;
mod requests;
#[path = "../common/site.rs"]
mod site;
mod tenants;

/// As many as the operator reconciles at the same time.
const CONCURRENCY: usize = 32;
/// Without a write for this long, the operator is taken to be done.
const QUIET: Duration = Duration::from_secs(3);

/// What it took to make the children once.
struct Side {
    time: Duration,
    /// Of the control plane, and of whoever wrote.
    load: Load,
}

/// What one round has shown.
struct Round {
    children: usize,
    operator: Side,
    client: Side,
    memory: program::Memory,
    resync: Requests,
    restart: Requests,
    first: Requests,
    reconciles: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect::<Vec<_>>();
    let [program, rounds] = &*arguments else {
        bail!("usage: fleet OPERATOR ROUNDS");
    };
    let program = PathBuf::from(program);
    let mut done = Vec::new();
    for number in 0..rounds.parse::<usize>().context("ROUNDS is a number")? {
        let round = round(&program).await?;
        println!(
            "fleet round {number}: {} children, operator {:.1} s, bare client {:.1} s",
            round.children,
            round.operator.time.as_secs_f64(),
            round.client.time.as_secs_f64()
        );
        done.push(round);
    }
    report(&done);
    Ok(())
}

async fn round(program: &std::path::Path) -> Result<Round> {
    let plane = ControlPlane::start().await?;
    let client = Client::try_from(plane.config()?)?;
    site::install(&plane.kubeconfig())?;
    tenants::create(&client).await?;
    let before = requests::count(&client).await?;
    let load = Load::now()?;
    let started = Instant::now();
    let mut running = Operator::start(program, &client, &plane.kubeconfig()).await?;
    tenants::settled(&client, &mut running).await?;
    let operator = Side {
        time: started.elapsed(),
        load: Load::now()?.since(&load),
    };
    requests::quiet(&client, QUIET).await?;
    let reconciles = running.reconciles().await?;
    let first = requests::count(&client).await?.since(&before);
    let children = children::dump(&client).await?;

    let before = requests::count(&client).await?;
    let touched = tenants::touch(&client).await?;
    running.wait_for_reconciles(reconciles + touched).await?;
    requests::quiet(&client, QUIET).await?;
    // The touches are the bench's own.
    let mut resync = requests::count(&client).await?.since(&before);
    resync.forgive("PATCH projects", tenants::COUNT);
    resync.forgive("PATCH endpoints", tenants::COUNT);
    let memory = running.memory()?;

    running.stop().await?;
    let before = requests::count(&client).await?;
    let mut second = Operator::start(program, &client, &plane.kubeconfig()).await?;
    second.wait_for_reconciles(touched).await?;
    requests::quiet(&client, QUIET).await?;
    let restart = requests::count(&client).await?.since(&before);
    second.stop().await?;
    drop(plane);

    Ok(Round {
        client: bare_client(&children).await?,
        children: children.len(),
        operator,
        memory,
        reconciles,
        resync,
        restart,
        first,
    })
}

async fn bare_client(children: &[Recipe]) -> Result<Side> {
    let plane = ControlPlane::start().await?;
    let client = Client::try_from(plane.config()?)?;
    site::install(&plane.kubeconfig())?;
    tenants::create(&client).await?;
    let load = Load::now()?;
    let started = Instant::now();
    children::apply(&client, children, CONCURRENCY).await?;
    Ok(Side {
        time: started.elapsed(),
        load: Load::now()?.since(&load),
    })
}

fn report(rounds: &[Round]) {
    let median = |value: &dyn Fn(&Round) -> f64| {
        common::median(&rounds.iter().map(value).collect::<Vec<_>>())
    };
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let rate = |r: &Round, side: &Side| r.children as f64 / side.time.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let reconciles = |r: &Round| r.reconciles as f64;
    let row = |what: &str, value: &dyn Fn(&Round) -> f64, digits: usize, aim: &str| {
        let value = format!("{:.digits$}", median(value));
        vec![what.into(), value, aim.into()]
    };
    let rows = [
        row("children per s, operator", &|r| rate(r, &r.operator), 0, ""),
        row(
            "children per s, bare client",
            &|r| rate(r, &r.client),
            0,
            "",
        ),
        row(
            "ratio",
            &|r| rate(r, &r.operator) / rate(r, &r.client),
            2,
            "at least 0.70",
        ),
        row(
            "the same by processor time",
            &|r| r.client.load.sum() / r.operator.load.sum(),
            2,
            "",
        ),
        row("reads of the operator", &|r| r.first.reads(), 0, ""),
        row("writes of the operator", &|r| r.first.writes(), 0, ""),
        row("of both, refused", &|r| r.first.refused(), 0, ""),
        row("reconciles", &reconciles, 0, ""),
        row(
            "memory of the operator, idle, MiB",
            &|r| r.memory.now,
            0,
            "at most 64",
        ),
        row(
            "memory of the operator, peak, MiB",
            &|r| r.memory.peak,
            0,
            "at most 64",
        ),
        row("writes of a full resync", &|r| r.resync.writes(), 0, "0"),
        row("writes of a restart", &|r| r.restart.writes(), 0, ""),
    ];
    let head = ["fleet of 200 Projects, median of rounds", "measured", "aim"];
    println!("\n{}", common::table(&head, &rows));
    if let Some(round) = rounds.last() {
        println!("Processor seconds, operator: {}", round.operator.load);
        println!("Processor seconds, bare client: {}", round.client.load);
        println!("Requests of the first run: {}", round.first);
        println!("Requests of the resync: {}", round.resync);
        println!("Requests of the restart: {}", round.restart);
    }
}
