//! Reads with a credential, API and both floors in turns; alone, and while somebody sends garbage.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use kisenon::auth::random;
use kisenon::domain::api_key::PlainKey;
use secrecy::ExposeSecret as _;

use crate::common::median;
use crate::floor;
use crate::load::{Load, Measured};
use crate::people::{self, People};
use crate::serve::Api;

/// Connections of the client alone.
const CONNECTIONS: usize = 8;
/// Connections while garbage comes in, and of the one who sends it: ten times as many.
const BESIDE_GARBAGE: (usize, usize) = (4, 40);
const MILLIS: u64 = 3_000;
const GARBAGE: usize = 20_000;

/// One kind of read.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The last part of the floors' paths.
    answer: &'static str,
    path: &'static str,
    tokens: Vec<String>,
}

/// One side of one round.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub(crate) read: Measured,
    /// What the server has spent, for each answer to anybody.
    pub(crate) cpu_micros: f64,
    /// Answers to garbage, for each good one.
    pub(crate) garbage: f64,
}

/// Who answers.
#[derive(Clone, Copy, Debug)]
enum Answerer {
    Api,
    Edges,
    Bare,
}

/// The API and both floors, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) api: Side,
    /// The same layers, without authentication and store.
    pub(crate) edges: Side,
    /// axum alone.
    pub(crate) bare: Side,
}

/// Every case, once answers were recorded for the floors.
pub(crate) async fn cases(api: &Api, people: &People) -> Result<Vec<Case>> {
    let case = |name, answer, path, tokens: &Vec<String>| Case {
        name,
        answer,
        path,
        tokens: tokens.clone(),
    };
    let cases = vec![
        case(
            "projects, key",
            "projects-key",
            "/v1/projects",
            &people.keys,
        ),
        case(
            "projects, session",
            "projects-session",
            "/v1/projects",
            &people.sessions,
        ),
        case("me, key", "me-key", "/v1/me", &people.keys),
        case("me, session", "me-session", "/v1/me", &people.sessions),
    ];
    for case in &cases {
        let answer = ask(api, case.path, &case.tokens[0]).await?;
        ensure!(answer.status() == 200, "{}", answer.status());
        floor::record(&api.place.folder, case.answer, answer).await?;
    }
    let unknown = unknown_key()?;
    let answer = ask(api, "/v1/projects", &unknown).await?;
    ensure!(answer.status() == 401, "{}", answer.status());
    floor::record(&api.place.folder, "garbage", answer).await?;
    Ok(cases)
}

async fn ask(api: &Api, path: &str, token: &str) -> Result<reqwest::Response> {
    let request = reqwest::Client::new().get(format!("http://{}{path}", api.place.api));
    Ok(request.bearer_auth(token).send().await?)
}

/// All sides; another one begins each time.
pub(crate) async fn round(
    api: &Api,
    case: &Case,
    number: usize,
    garbage: Option<&[String]>,
) -> Result<Round> {
    let all = [Answerer::Api, Answerer::Edges, Answerer::Bare];
    let mut sides = [const { None }; 3];
    for turn in 0..all.len() {
        let who = all[(number + turn) % all.len()];
        sides[who as usize] = Some(side(api, case, who, garbage).await?);
    }
    match sides {
        [Some(api), Some(edges), Some(bare)] => Ok(Round { api, edges, bare }),
        _ => bail!("somebody had no turn"),
    }
}

async fn side(api: &Api, case: &Case, who: Answerer, garbage: Option<&[String]>) -> Result<Side> {
    let place = &api.place;
    let (address, path, garbage_path) = match who {
        Answerer::Api => (place.api, case.path.to_owned(), "/v1/projects"),
        Answerer::Edges => (
            place.floor,
            format!("/edges/{}", case.answer),
            "/edges/garbage",
        ),
        Answerer::Bare => (
            place.floor,
            format!("/bare/{}", case.answer),
            "/bare/garbage",
        ),
    };
    let tokens = case.tokens.iter().enumerate();
    let load = |connections, requests| Load {
        address,
        connections,
        requests,
        millis: Some(MILLIS),
    };
    let (good, bad) = match garbage {
        Some(_) => BESIDE_GARBAGE,
        None => (CONNECTIONS, 0),
    };
    let read = load(
        good,
        tokens.map(|(n, t)| people::get(&path, t, n)).collect(),
    );
    let folder: &Path = &place.folder;
    let before = api.processor()?;
    let (read, noise) = match garbage {
        None => (read.run(folder).await?, Measured::default()),
        Some(tokens) => {
            let tokens = tokens.iter().enumerate();
            let requests = tokens.map(|(n, t)| people::get(garbage_path, t, n));
            let noise = load(bad, requests.collect());
            tokio::try_join!(read.run(folder), noise.run(folder))?
        }
    };
    let spent = api.processor()? - before;
    ensure!(noise.good == 0, "garbage was let in");
    let read = read.all_good()?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (answers, refusals) = (read.good as f64, noise.refused as f64);
    Ok(Side {
        read,
        cpu_micros: spent * 1e6 / (answers + refusals),
        garbage: refusals / answers,
    })
}

/// What nobody has: half well-formed keys with lookup ids that there are not, half malformed.
pub(crate) fn garbage() -> Result<Vec<String>> {
    let one = |number| {
        let key = unknown_key()?;
        Ok(match number % 4 {
            0 => key.replace("nsk_", "nsk-"),
            1 => format!("{}zzzzzz", &key[..key.len() - 6]),
            _ => key,
        })
    };
    (0..GARBAGE).map(one).collect()
}

fn unknown_key() -> Result<String> {
    let key = PlainKey::generate(&mut random::fill).context("no randomness")?;
    Ok(key.text().expose_secret().to_owned())
}

/// Heads of the table.
pub(crate) const HEAD: [&str; 11] = [
    "read",
    "API, per s",
    "edges, per s",
    "ratio",
    "API p99, ms",
    "edges p99, ms",
    "ratio of p99",
    "API, µs of processor",
    "edges, µs",
    "bare, µs",
    "garbage for each",
];

/// A row of the table.
pub(crate) fn row(name: &str, rounds: &[Round]) -> Vec<String> {
    let of = |value: &dyn Fn(&Round) -> f64| rounds.iter().map(value).collect::<Vec<_>>();
    let middle = |value: &dyn Fn(&Round) -> f64| median(&of(value));
    let mut ratios = of(&|r| r.api.read.rate() / r.edges.read.rate());
    ratios.sort_by(f64::total_cmp);
    let (least, most) = (ratios.first(), ratios.last());
    vec![
        name.to_owned(),
        format!("{:.0}", middle(&|r| r.api.read.rate())),
        format!("{:.0}", middle(&|r| r.edges.read.rate())),
        format!(
            "{:.2} ({:.2}–{:.2})",
            median(&ratios),
            least.unwrap_or(&0.0),
            most.unwrap_or(&0.0)
        ),
        format!("{:.2}", middle(&|r| r.api.read.p99_ms)),
        format!("{:.2}", middle(&|r| r.edges.read.p99_ms)),
        format!(
            "{:.2}",
            middle(&|r| r.api.read.p99_ms / r.edges.read.p99_ms)
        ),
        format!("{:.1}", middle(&|r| r.api.cpu_micros)),
        format!("{:.1}", middle(&|r| r.edges.cpu_micros)),
        format!("{:.1}", middle(&|r| r.bare.cpu_micros)),
        format!("{:.1}", middle(&|r| r.api.garbage)),
    ]
}
