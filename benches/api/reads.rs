//! Reads with a credential, API and floor in turns; alone, and while somebody sends garbage.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
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
    /// The floor's path.
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

/// API and floor, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) api: Side,
    pub(crate) floor: Side,
}

/// Every case, once answers were recorded for the floor.
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

/// Both sides, whichever begins.
pub(crate) async fn pair(
    api: &Api,
    case: &Case,
    is_floor_first: bool,
    garbage: Option<&[String]>,
) -> Result<Pair> {
    let floor_first = match is_floor_first {
        true => Some(side(api, case, true, garbage).await?),
        false => None,
    };
    let of_api = side(api, case, false, garbage).await?;
    let floor = match floor_first {
        Some(side) => side,
        None => side(api, case, true, garbage).await?,
    };
    Ok(Pair { api: of_api, floor })
}

async fn side(api: &Api, case: &Case, is_floor: bool, garbage: Option<&[String]>) -> Result<Side> {
    let (address, path) = match is_floor {
        true => (api.place.floor, format!("/{}", case.answer)),
        false => (api.place.api, case.path.to_owned()),
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
    let folder: &Path = &api.place.folder;
    let before = api.processor()?;
    let (read, noise) = match garbage {
        None => (read.run(folder).await?, Measured::default()),
        Some(tokens) => {
            let path = if is_floor { "/garbage" } else { "/v1/projects" };
            let tokens = tokens.iter().enumerate();
            let noise = load(bad, tokens.map(|(n, t)| people::get(path, t, n)).collect());
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

/// A row of the table.
pub(crate) fn row(name: &str, pairs: &[Pair]) -> Vec<String> {
    let of = |value: &dyn Fn(&Pair) -> f64| pairs.iter().map(value).collect::<Vec<_>>();
    let middle = |value: &dyn Fn(&Pair) -> f64| median(&of(value));
    let mut ratios = of(&|p| p.api.read.rate() / p.floor.read.rate());
    ratios.sort_by(f64::total_cmp);
    let (least, most) = (ratios.first(), ratios.last());
    vec![
        name.to_owned(),
        format!("{:.0}", middle(&|p| p.api.read.rate())),
        format!("{:.0}", middle(&|p| p.floor.read.rate())),
        format!(
            "{:.2} ({:.2}–{:.2})",
            median(&ratios),
            least.unwrap_or(&0.0),
            most.unwrap_or(&0.0)
        ),
        format!("{:.2}", middle(&|p| p.api.read.p99_ms)),
        format!("{:.2}", middle(&|p| p.floor.read.p99_ms)),
        format!(
            "{:.2}",
            middle(&|p| p.api.read.p99_ms / p.floor.read.p99_ms)
        ),
        format!("{:.0}", middle(&|p| p.api.cpu_micros)),
        format!("{:.0}", middle(&|p| p.floor.cpu_micros)),
        format!("{:.1}", middle(&|p| p.api.garbage)),
    ]
}
