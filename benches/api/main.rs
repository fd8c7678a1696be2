//! How much the API costs beside the HTTP stack that it stands on, with its edges and bare: `api KISENON ROUNDS KEYS`,
//! where `KISENON` is the release binary.
//!
//! It runs on an etcd and API server of the bench's own, with the real manifests and as its own
//! service account. This program runs itself again as the server (`serve`) and as the client
//! (`load`). Everything ends with this process.
#![expect(clippy::print_stdout, reason = "figures are its output")]

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kube::Client;
use tokio::runtime::Runtime;

use control_plane::ControlPlane;
use issuer::Issuer;
use load::Measured;
use memory::Seen;
use people::People;
use serve::{Api, Place};

#[path = "../common/mod.rs"]
mod common;
#[path = "../../tests/it/cluster/control_plane.rs"]
mod control_plane;
mod floor;
mod issuer;
mod load;
mod memory;
mod people;
#[path = "../../tests/it/cluster/pki.rs"]
mod pki;
#[expect(unused_imports, reason = "its tests do not run here")]
#[path = "../../tests/it/cluster/process.rs"]
mod process;
#[path = "../common/program.rs"]
mod program;
mod reads;
mod serve;
#[path = "../common/site.rs"]
mod site;

const ACCOUNT: &str = "kisenon-api";

fn main() -> Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect::<Vec<_>>();
    let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    match *arguments {
        ["load", file] => {
            println!("{}", load::client(Path::new(file))?);
            Ok(())
        }
        ["serve", place] => Runtime::new()?.block_on(serve::run(&serde_json::from_str(place)?)),
        [binary, rounds, keys] => {
            let binary = PathBuf::from(binary);
            let rounds = rounds.parse().context("ROUNDS is a number")?;
            let keys = keys.parse().context("KEYS is a number")?;
            Runtime::new()?.block_on(bench(&binary, rounds, keys))
        }
        _ => bail!("usage: api KISENON ROUNDS KEYS"),
    }
}

async fn bench(binary: &Path, rounds: usize, keys: usize) -> Result<()> {
    let plane = ControlPlane::start().await?;
    let admin = plane.kubeconfig();
    let client = Client::try_from(plane.config()?)?;
    site::install(&admin)?;
    let kubeconfig = site::kubeconfig_of(ACCOUNT, &client, &admin).await?;
    let issuer = Issuer::start().await?;
    let place = Place::new(admin.parent().context("the kubeconfig is in a folder")?)?;
    configure(&place, &issuer)?;
    let mut api = Api::beside_the_floors(&place, &kubeconfig).await?;
    let people = People::come(&api, &client, &issuer).await?;
    report_people(&people);
    read(&api, &people, rounds).await?;
    api.program().stop().await?;
    if keys > 0 {
        let seen = memory::measure(binary, &place, &kubeconfig, &client, keys).await?;
        report_memory(&seen);
    }
    Ok(())
}

fn configure(place: &Place, issuer: &Issuer) -> Result<()> {
    let text = format!(
        "publicUrl: https://api.bench.test\n\
         consoleUrl: https://console.bench.test\n\
         trustedProxyHops: 1\n\
         allowList: ['@bench.test']\n\
         tenantQuota: {{projects: 20, endpoints: 50, apiKeys: 1000}}\n\
         identityProviders: {{oidc: [{{name: bench, issuer: '{}', clientId: {}}}]}}\n",
        issuer.url,
        issuer::CLIENT_ID
    );
    Ok(std::fs::write(place.folder.join("api.yaml"), text)?)
}

async fn read(api: &Api, people: &People, rounds: usize) -> Result<()> {
    let cases = reads::cases(api, people).await?;
    let garbage = reads::garbage()?;
    let mut rows = Vec::new();
    for (garbage, after) in [(None, ""), (Some(&*garbage), ", beside garbage")] {
        let mut kept = vec![Vec::new(); cases.len()];
        // The first round is thrown away.
        for number in 0..=rounds {
            for (case, kept) in cases.iter().zip(&mut kept) {
                let round = reads::round(api, case, number, garbage).await?;
                println!(
                    "api round {number}: {}{after}: {:.0} beside {:.0} and {:.0} a second",
                    case.name,
                    round.api.read.rate(),
                    round.edges.read.rate(),
                    round.bare.read.rate()
                );
                if number > 0 {
                    kept.push(round);
                }
            }
        }
        let named = cases.iter().zip(&kept);
        rows.extend(named.map(|(case, kept)| reads::row(&format!("{}{after}", case.name), kept)));
    }
    println!("\n{}", common::table(&reads::HEAD, &rows));
    Ok(())
}

fn report_people(people: &People) {
    let row = |name: &str, measured: &Measured| {
        vec![
            name.to_owned(),
            format!("{:.0}", measured.rate()),
            format!("{:.1}", measured.p50_ms),
            format!("{:.1}", measured.p99_ms),
        ]
    };
    let rows = [
        row("POST /v1/auth/exchange", &people.sign_in),
        row("POST /v1/api-keys", &people.mint),
        row("bare argon2id hash", &people.hash),
    ];
    let head = ["write", "per s", "p50, ms", "p99, ms"];
    println!("\n{}", common::table(&head, &rows));
}

fn report_memory(seen: &Seen) {
    let row = |name: &str, memory: &program::Memory| {
        vec![
            name.to_owned(),
            format!("{:.0}", memory.now),
            format!("{:.0}", memory.peak),
        ]
    };
    let rows = [
        row("without them", &seen.idle),
        row("as they were made", &seen.watched),
        row("started after", &seen.listed),
    ];
    let head = format!("{} API keys", seen.keys);
    println!("\n{}", common::table(&[&head, "MiB", "peak, MiB"], &rows));
    println!("They were made in {:.0} s.", seen.made_in.as_secs_f64());
}
