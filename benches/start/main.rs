//! How long a server takes from a person's command to the first `select 1`, as an Endpoint and as
//! the same server written by hand: `start create|wake PAIRS FOLDER`.
//!
//! It runs on the network of the LAN client (see `e2e/bench/run.sh`), takes both sides in turns,
//! and removes what it made. `FOLDER` holds the two manifests.
#![expect(clippy::print_stdout, reason = "figures are its output")]

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use kube::Client;

use milestones::{Milestones, STEPS};
use side::Side;

#[path = "../common/mod.rs"]
mod common;
mod knock;
mod milestones;
mod side;

/// Rounds that are thrown away: caches are cold in the first.
const WARM_UP: usize = 1;

#[tokio::main]
async fn main() -> Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // cargo adds `--bench` of its own.
    let arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect::<Vec<_>>();
    let [name, pairs, folder] = &*arguments else {
        bail!("usage: start create|wake PAIRS FOLDER");
    };
    let pairs = pairs.parse::<usize>().context("PAIRS is a number")?;
    let folder = PathBuf::from(folder);
    let client = Client::try_default().await?;
    let (mut product, mut floor) = (Vec::new(), Vec::new());
    match name.as_str() {
        "create" => {
            for round in 0..pairs + WARM_UP {
                for (is_product, results) in turns(round, &mut product, &mut floor) {
                    let side = Side::new(&client, is_product, &folder, &format!("create-{round}"));
                    let result = side.create().await;
                    side.remove().await?;
                    note(name, round, is_product, result?, results);
                }
            }
        }
        "wake" => {
            let [a, b] = [true, false].map(|p| Side::new(&client, p, &folder, "wake"));
            let result = wake(&a, &b, pairs, &mut product, &mut floor).await;
            a.remove().await?;
            b.remove().await?;
            result?;
        }
        other => bail!("no bench called {other}"),
    }
    report(name, &product, &floor);
    Ok(())
}

async fn wake(
    a: &Side,
    b: &Side,
    pairs: usize,
    product: &mut Vec<Milestones>,
    floor: &mut Vec<Milestones>,
) -> Result<()> {
    a.create().await?;
    b.create().await?;
    a.sleep().await?;
    b.sleep().await?;
    for round in 0..pairs + WARM_UP {
        for (is_product, results) in turns(round, product, floor) {
            let side = if is_product { a } else { b };
            let result = side.wake().await?;
            side.sleep().await?;
            note("wake", round, is_product, result, results);
        }
    }
    Ok(())
}

/// Both sides, each first in every other round.
fn turns<'a, T>(round: usize, product: &'a mut T, floor: &'a mut T) -> [(bool, &'a mut T); 2] {
    if round.is_multiple_of(2) {
        [(true, product), (false, floor)]
    } else {
        [(false, floor), (true, product)]
    }
}

fn note(name: &str, round: usize, is_product: bool, result: Milestones, all: &mut Vec<Milestones>) {
    let side = if is_product { "Kisenon" } else { "by hand" };
    let warm_up = if round < WARM_UP { " (warm-up)" } else { "" };
    let total = result.get("select 1").unwrap_or_default();
    println!("{name} round {round}{warm_up}: {side} {total:.2} s");
    if round >= WARM_UP {
        all.push(result);
    }
}

fn report(name: &str, product: &[Milestones], floor: &[Milestones]) {
    let at = |side: &[Milestones], step: &str| {
        side.iter().filter_map(|m| m.get(step)).collect::<Vec<_>>()
    };
    let shown = |values: &[f64]| match values {
        [] => "–".to_owned(),
        values => format!("{:.2}", common::median(values)),
    };
    let rows = STEPS.map(|step| {
        vec![
            step.to_owned(),
            shown(&at(product, step)),
            shown(&at(floor, step)),
        ]
    });
    let ratios = product
        .iter()
        .zip(floor)
        .filter_map(|(p, f)| Some(p.get("select 1")? / f.get("select 1")?))
        .collect::<Vec<_>>();
    println!(
        "\n{name}: seconds after the command, medians of {} pairs in turns\n\n{}",
        ratios.len(),
        common::table(&["step", "Kisenon", "by hand"], &rows)
    );
    let list = ratios.iter().map(|r| format!("{r:.2}")).collect::<Vec<_>>();
    println!(
        "{name}: median ratio {:.2} (aim: at most 1.30); of each pair: {}",
        common::median(&ratios),
        list.join(" ")
    );
}
