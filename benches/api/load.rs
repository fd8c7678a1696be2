//! The client, in a process of its own: few connections, each of which sends its next request
//! when it has read the answer to the one before. It does as little as it can, because it takes
//! its processor time from the server.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

/// What is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    /// Whole requests, head and body, sent in turns.
    pub(crate) requests: Vec<String>,
    /// For how long; without it, each request is sent once and its answer's body kept.
    pub(crate) millis: Option<u64>,
}

/// What came back.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Answers with a status below 300.
    pub(crate) good: u64,
    /// All others.
    pub(crate) refused: u64,
    /// The status of one of the others.
    pub(crate) refusal: Option<u16>,
    pub(crate) seconds: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) bodies: Vec<String>,
}

impl Measured {
    /// Answers a second.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn rate(&self) -> f64 {
        (self.good + self.refused) as f64 / self.seconds
    }

    /// Fails when a request was refused.
    pub(crate) fn all_good(self) -> Result<Self> {
        ensure!(
            self.refused == 0,
            "{} of {} requests were refused, one with {:?}",
            self.refused,
            self.good + self.refused,
            self.refusal
        );
        Ok(self)
    }
}

impl Load {
    /// Runs this program again as the client, and waits for it.
    pub(crate) async fn run(&self, folder: &Path) -> Result<Measured> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = folder.join(format!("load-{number}.json"));
        std::fs::write(&file, serde_json::to_vec(self)?)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("load").arg(&file);
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the client failed: {words}");
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// What the client does: answers its figures as JSON.
pub(crate) fn client(file: &Path) -> Result<String> {
    let load = serde_json::from_slice::<Load>(&std::fs::read(file)?)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let measured = runtime.block_on(measure(load))?;
    Ok(serde_json::to_string(&measured)?)
}

async fn measure(load: Load) -> Result<Measured> {
    let load = Arc::new(load);
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let connections = (0..load.connections).map(|_| {
        let connection = Connection {
            load: Arc::clone(&load),
            next: Arc::clone(&next),
            buffer: Vec::new(),
            measured: Measured::default(),
            micros: Vec::new(),
        };
        tokio::spawn(connection.run(started))
    });
    let mut all = Measured::default();
    let mut micros = Vec::new();
    for connection in connections.collect::<Vec<_>>() {
        let (measured, own) = connection.await??;
        all.good += measured.good;
        all.refused += measured.refused;
        all.refusal = all.refusal.or(measured.refusal);
        all.bodies.extend(measured.bodies);
        micros.extend(own);
    }
    all.seconds = started.elapsed().as_secs_f64();
    micros.sort_unstable();
    all.p50_ms = percentile(&micros, 50);
    all.p99_ms = percentile(&micros, 99);
    Ok(all)
}

/// Of sorted microseconds, in milliseconds.
pub(crate) fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted
        .get(place)
        .map_or(0.0, |micros| f64::from(*micros) / 1000.0)
}

struct Connection {
    load: Arc<Load>,
    next: Arc<AtomicUsize>,
    buffer: Vec<u8>,
    measured: Measured,
    micros: Vec<u32>,
}

impl Connection {
    async fn run(mut self, started: Instant) -> Result<(Measured, Vec<u32>)> {
        let mut stream = TcpStream::connect(self.load.address).await?;
        stream.set_nodelay(true)?;
        let limit = self.load.millis.map(Duration::from_millis);
        while limit.is_none_or(|limit| started.elapsed() < limit) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let load = Arc::clone(&self.load);
            if limit.is_none() && number >= load.requests.len() {
                break;
            }
            let request = &load.requests[number % load.requests.len()];
            let sent = Instant::now();
            stream.write_all(request.as_bytes()).await?;
            let (status, body) = self.answer(&mut stream).await?;
            let took = sent.elapsed().as_micros();
            self.micros.push(u32::try_from(took).unwrap_or(u32::MAX));
            if status < 300 {
                self.measured.good += 1;
            } else {
                self.measured.refused += 1;
                self.measured.refusal = Some(status);
            }
            if limit.is_none() {
                let body = String::from_utf8_lossy(&self.buffer[body..]).into_owned();
                self.measured.bodies.push(body);
            }
        }
        Ok((self.measured, self.micros))
    }

    /// Reads one answer into the buffer: its status, and where its body begins.
    async fn answer(&mut self, stream: &mut TcpStream) -> Result<(u16, usize)> {
        self.buffer.clear();
        loop {
            let read = stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0, "the server hung up");
            let Some(end) = find(&self.buffer, b"\r\n\r\n") else {
                continue;
            };
            let body = end + 4;
            let head = std::str::from_utf8(&self.buffer[..end])?;
            let status = head.get(9..12).context("an answer has a status")?.parse()?;
            let whole = body + length(head)?;
            while self.buffer.len() < whole {
                let read = stream.read_buf(&mut self.buffer).await?;
                ensure!(read > 0, "the server hung up");
            }
            return Ok((status, body));
        }
    }
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|part| part == pattern)
}

fn length(head: &str) -> Result<usize> {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let field = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, value) = field.context("an answer says how long it is")?;
    Ok(value.parse()?)
}
