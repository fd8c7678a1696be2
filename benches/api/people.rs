//! One person with many sessions and many API keys, and 20 Projects to list. Each session and
//! each key has limits of its own, so many of them can send what one may not.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use kisenon::auth::key_hash;
use kisenon::auth::random;
use kisenon::crd::Project;
use kisenon::domain::api_key::PlainKey;
use kube::api::{Patch, PatchParams};
use kube::{Api as Objects, Client};
use serde_json::{Value, json};

use crate::issuer::Issuer;
use crate::load::{Load, Measured, percentile};
use crate::serve::Api;

/// Projects of the one tenant.
pub(crate) const PROJECTS: usize = 20;
/// Sessions, and as many keys.
const CREDENTIALS: usize = 100;
/// Connections of the clients that sign in and make keys.
const AT_ONCE: usize = 4;
const PATIENCE: Duration = Duration::from_secs(60);

/// Who sends requests.
pub(crate) struct People {
    pub(crate) sessions: Vec<String>,
    pub(crate) keys: Vec<String>,
    /// How they came to be.
    pub(crate) sign_in: Measured,
    pub(crate) mint: Measured,
    pub(crate) hash: Measured,
}

/// A request with a credential, from an address of its own. Limits by address are for those who
/// guess.
pub(crate) fn get(path: &str, token: &str, number: usize) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\
         X-Forwarded-For: {}\r\n\r\n",
        address(number)
    )
}

fn post(path: &str, token: Option<&str>, number: usize, body: &Value) -> String {
    let body = body.to_string();
    let credential = token.map_or_else(String::new, |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\n{credential}X-Forwarded-For: {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        address(number),
        body.len()
    )
}

fn address(number: usize) -> String {
    format!("198.18.{}.{}", number / 250 % 250, number % 250 + 1)
}

impl People {
    /// Signs in, makes Projects and keys, and uses everything once.
    pub(crate) async fn come(api: &Api, admin: &Client, issuer: &Issuer) -> Result<Self> {
        let once = |requests| Load {
            address: api.place.api,
            connections: AT_ONCE,
            requests,
            millis: None,
        };
        let folder = &api.place.folder;
        let mut proofs = Vec::new();
        for number in 0..CREDENTIALS {
            let proof = json!({ "provider": "bench", "idToken": issuer.id_token()? });
            proofs.push(post("/v1/auth/exchange", None, number, &proof));
        }
        let sign_in = once(proofs).run(folder).await?.all_good()?;
        let sessions = members(&sign_in, "accessToken")?;
        make_projects(api, admin, &sessions[0]).await?;

        let before = hashes()?;
        let label = json!({ "label": "bench" });
        let requests = sessions.iter().enumerate();
        let requests = requests.map(|(n, token)| post("/v1/api-keys", Some(token), n, &label));
        let mint = once(requests.collect()).run(folder).await?.all_good()?;
        let hash = faster(before, hashes()?);
        let keys = members(&mint, "key")?;

        let first = keys.iter().chain(&sessions).enumerate();
        let first = first.map(|(n, token)| get("/v1/me", token, n));
        once(first.collect()).run(folder).await?.all_good()?;
        Ok(Self {
            sessions,
            keys,
            sign_in,
            mint,
            hash,
        })
    }
}

fn members(measured: &Measured, name: &str) -> Result<Vec<String>> {
    let member = |body: &String| -> Result<String> {
        let body = serde_json::from_str::<Value>(body)?;
        let text = body[name].as_str();
        Ok(text.with_context(|| format!("no {name}"))?.to_owned())
    };
    measured.bodies.iter().map(member).collect()
}

/// Bare argon2id hashes of keys, on as many threads as there are processors.
fn hashes() -> Result<Measured> {
    const EACH: u64 = 20;
    let threads = std::thread::available_parallelism()?.get();
    let started = Instant::now();
    let work = || -> Result<Vec<u32>> {
        let mut micros = Vec::new();
        for _ in 0..EACH {
            let key = PlainKey::generate(&mut random::fill).context("no randomness")?;
            let began = Instant::now();
            key_hash::hash(&key)?;
            micros.push(u32::try_from(began.elapsed().as_micros())?);
        }
        Ok(micros)
    };
    let micros = std::thread::scope(|scope| {
        let running = (0..threads).map(|_| scope.spawn(work)).collect::<Vec<_>>();
        let mut all = Vec::new();
        for thread in running {
            let Ok(own) = thread.join() else {
                bail!("a thread failed");
            };
            all.extend(own?);
        }
        Ok(all)
    });
    let mut micros = micros?;
    micros.sort_unstable();
    Ok(Measured {
        good: micros.len() as u64,
        seconds: started.elapsed().as_secs_f64(),
        p50_ms: percentile(&micros, 50),
        p99_ms: percentile(&micros, 99),
        ..Measured::default()
    })
}

fn faster(a: Measured, b: Measured) -> Measured {
    if a.rate() > b.rate() { a } else { b }
}

/// Makes the Projects through the API, and says of them what the operator would.
async fn make_projects(api: &Api, admin: &Client, token: &str) -> Result<()> {
    let base = format!("http://{}", api.place.api);
    let http = reqwest::Client::new();
    let me = http.get(format!("{base}/v1/me")).bearer_auth(token).send();
    let me = me.await?.json::<Value>().await?;
    let namespace = me["tenant"]["namespace"].as_str().context("no namespace")?;
    for number in 0..PROJECTS {
        let body = json!({
            "name": format!("shop-{number}"),
            "displayName": format!("Shop number {number}"),
            "network": { "allowedCidrs": ["203.0.113.0/24", "198.51.100.7/32"] },
        });
        let request = http.post(format!("{base}/v1/projects")).bearer_auth(token);
        let answer = request.json(&body).send().await?;
        let status = answer.status();
        ensure!(status == 201, "{status}: {}", answer.text().await?);
    }
    let projects = Objects::<Project>::namespaced(admin.clone(), namespace);
    let status = Patch::Merge(json!({ "status": status() }));
    for number in 0..PROJECTS {
        let name = format!("shop-{number}");
        let params = PatchParams::default();
        projects.patch_status(&name, &params, &status).await?;
    }
    let started = Instant::now();
    loop {
        let request = http.get(format!("{base}/v1/projects")).bearer_auth(token);
        let text = request.send().await?.text().await?;
        if text.matches("QuotaReady").count() == PROJECTS {
            return Ok(());
        }
        ensure!(
            started.elapsed() < PATIENCE,
            "the watch does not come along"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn status() -> Value {
    let condition = |name: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": name, "status": status, "reason": reason, "message": message,
            "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1,
        })
    };
    json!({
        "endpoints": { "ready": 2, "total": 3 },
        "conditions": [
            condition("NamespaceReady", "True", "Applied", "the workload namespace is as wanted"),
            condition("PerimeterReady", "True", "Applied", "the network policies are in force"),
            condition("QuotaReady", "True", "Applied", "the quota is in force"),
            condition("Ready", "True", "Ready", "everything is as wanted"),
            condition("Reconciling", "False", "Settled", "nothing is left to do"),
            condition("Stalled", "False", "Settled", "nothing stands in the way"),
        ],
    })
}
