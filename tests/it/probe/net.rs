//! Two network namespaces, a pair of interfaces between them, and packet filters.
//!
//! Namespaces end with their values, so a failed test leaves nothing behind. What runs
//! inside them is in [`super::program`].

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use kisenon::probe::POSTGRES_PORT;

use super::program::{Gate, Outcome, Program};

/// The gate's IPv4 address in every pair.
pub(super) const GATE: &str = "10.99.0.1";
/// The canary's IPv4 address in every pair.
pub(super) const CANARY: &str = "10.99.0.2";

/// What no wait may outlast.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which addresses the pair has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// IPv4, with IPv6 switched off.
    V4,
    /// IPv4, and the link-local addresses the kernel gives.
    LinkLocal,
    /// IPv4 and routed IPv6.
    Dual,
    /// As `Dual`, but the canary has no routed IPv6.
    DualGateOnly,
}

/// Which packet filter.
#[derive(Clone, Copy)]
pub(super) enum Version {
    V4,
    V6,
}

/// Which way, seen from the gate.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    Egress,
    Ingress,
}

/// How a policy denies.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Reject,
    Drop,
}

impl Version {
    const fn program(self) -> &'static str {
        match self {
            Self::V4 => "iptables",
            Self::V6 => "ip6tables",
        }
    }
}

impl Direction {
    const fn chain(self) -> &'static str {
        match self {
            Self::Egress => "OUTPUT",
            Self::Ingress => "INPUT",
        }
    }

    const fn admitted_port(self) -> u16 {
        match self {
            Self::Egress => kisenon::probe::CANARY_CONTROL_PORT,
            Self::Ingress => kisenon::probe::GATE_CONTROL_PORT,
        }
    }
}

impl Target {
    const fn name(self) -> &'static str {
        match self {
            Self::Reject => "REJECT",
            Self::Drop => "DROP",
        }
    }
}

/// Whether namespaces can be made here. Without root a test passes with a word on standard
/// error, but never in CI, where a skipped proof would look like one.
fn may_run() -> bool {
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if !root {
        assert!(!in_ci(), "these tests need root, and CI must have it");
        eprintln!("skipped: needs root to make network namespaces");
    }
    root
}

#[expect(
    clippy::disallowed_methods,
    reason = "CI is a setting of the test run, not of the program"
)]
fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// The pair of namespaces.
pub(super) struct Net {
    gate: Namespace,
    canary: Namespace,
    dir: tempfile::TempDir,
}

impl Net {
    /// Makes a pair, or `None` where that is not possible.
    pub(super) fn new(family: Family) -> Option<Self> {
        if !may_run() {
            return None;
        }
        let net = Self {
            gate: Namespace::new("gate"),
            canary: Namespace::new("canary"),
            dir: tempfile::tempdir().unwrap(),
        };
        if family == Family::V4 {
            net.gate.disable_ipv6();
            net.canary.disable_ipv6();
        }
        let (gate, canary) = (&net.gate.name, &net.canary.name);
        run(&format!(
            "ip link add eth0 netns {gate} type veth peer name eth0 netns {canary}"
        ));
        net.gate.address(&format!("{GATE}/24"));
        net.canary.address(&format!("{CANARY}/24"));
        if matches!(family, Family::Dual | Family::DualGateOnly) {
            net.gate.address("fd00:99::1/64 nodad");
        }
        if family == Family::Dual {
            net.canary.address("fd00:99::2/64 nodad");
        }
        net.gate.up();
        net.canary.up();
        Some(net)
    }

    /// Denies everything at the gate but the control port, as a network policy would.
    pub(super) fn police(&self, version: Version, ways: &[Direction], target: Target) {
        for way in ways {
            let (chain, port) = (way.chain(), way.admitted_port());
            if matches!(version, Version::V6) {
                // Neighbour discovery; no policy engine denies it.
                self.rule(version, &format!("-A {chain} -p icmpv6 -j ACCEPT"));
            }
            for rule in [
                "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT".to_owned(),
                // Routed addresses only: policies have no way to admit link-local.
                format!("-p tcp --dport {port}{} -j ACCEPT", routed(version, *way)),
                format!("-p tcp -j {}", target.name()),
            ] {
                self.rule(version, &format!("-A {chain} {rule}"));
            }
        }
    }

    /// Denies one port at the gate.
    pub(super) fn block(&self, version: Version, way: Direction, port: u16, target: Target) {
        let (chain, target) = (way.chain(), target.name());
        let rule = format!("-A {chain} -p tcp --dport {port} -j {target}");
        self.rule(version, &rule);
    }

    fn rule(&self, version: Version, rule: &str) {
        self.gate.run(&format!("{} -w {rule}", version.program()));
    }

    /// Counts the dials that arrive at the canary's forbidden port from now on, except the
    /// canary's own.
    pub(super) fn count_forbidden_dials(&self) -> impl Fn() -> u64 + '_ {
        let rule = format!("-A INPUT -i eth0 -p tcp --syn --dport 7432 -s {GATE}");
        self.canary.run(&format!("iptables -w {rule}"));
        || {
            let listed = self.canary.run("iptables -w -nvxL INPUT");
            let rule = listed.lines().find(|line| line.contains("dpt:7432"));
            let packets = rule.and_then(|line| line.split_whitespace().next());
            packets.unwrap().parse().unwrap()
        }
    }

    /// Waits until `condition` holds.
    pub(super) fn wait_for(&self, condition: impl Fn() -> bool) {
        let started = Instant::now();
        while !condition() {
            assert!(started.elapsed() < PATIENCE, "waited too long");
            // A pace for the polling, not a wait for anything.
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    /// Starts the canary and waits until it listens.
    pub(super) fn start_canary(&self) -> Program {
        let mut command = self.canary.enter();
        command.arg(env!("CARGO_BIN_EXE_kisenon")).arg("canary");
        let program = Program::start(command);
        let id = program.id();
        self.wait_for(|| listens(id, 7431) && listens(id, 7432));
        program
    }

    /// Starts a gate.
    pub(super) fn start_gate(&self, deadline: u32) -> Gate {
        let program = Path::new(env!("CARGO_BIN_EXE_kisenon"));
        self.gate_with(self.gate.enter(), program, deadline)
    }

    /// Runs a gate until it has passed or ended.
    pub(super) fn run_gate(&self, deadline: u32) -> Outcome {
        self.start_gate(deadline).wait()
    }

    /// Runs a gate as another user, who has no capability.
    pub(super) fn run_gate_as(&self, user: u32, deadline: u32) -> Outcome {
        // The user may not be able to reach the build directory, nor write to this one.
        let program = self.dir.path().join("kisenon");
        std::fs::copy(env!("CARGO_BIN_EXE_kisenon"), &program).unwrap();
        for open in [self.dir.path(), &program] {
            std::os::unix::fs::chown(open, Some(user), Some(user)).unwrap();
        }
        let mut command = self.gate.enter();
        command.arg(format!("--setuid={user}"));
        command.arg(format!("--setgid={user}"));
        self.gate_with(command, &program, deadline).wait()
    }

    fn gate_with(&self, mut command: Command, program: &Path, deadline: u32) -> Gate {
        let folder = self.folder();
        command
            .arg(program)
            .args(["gate", "--canary-address", CANARY])
            .args(["--deadline-seconds", &deadline.to_string()])
            .arg("--pass-folder")
            .arg(folder)
            .arg("--termination-log")
            .arg(folder.join("termination-log"));
        Gate::start(command, folder.to_owned())
    }

    /// Where the gate keeps its pass.
    pub(super) fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Listens on the Postgres port in the gate's namespace.
    pub(super) fn listen_as_the_server(&self) -> Program {
        let mut command = self.gate.enter();
        command.args(["busybox", "nc", "-l", "-p", &POSTGRES_PORT.to_string()]);
        let program = Program::start(command);
        let id = program.id();
        self.wait_for(|| listens(id, POSTGRES_PORT));
        program
    }

    /// What `kisenon evidence` says in the gate's network.
    pub(super) fn ask_gate(&self) -> Result<String, String> {
        let mut command = self.gate.enter();
        command
            .arg(env!("CARGO_BIN_EXE_kisenon"))
            .args(["evidence", "--patience-ms", "0", "--pass-folder"])
            .arg(self.folder());
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if output.status.success() {
            Ok(text(output.stdout))
        } else {
            Err(text(output.stderr))
        }
    }

    /// Sends one line to the canary's control port from the gate's namespace.
    pub(super) fn ask_canary(&self, line: &str) -> serde_json::Value {
        let mut command = self.gate.enter();
        let talk = format!("exec 3<>/dev/tcp/{CANARY}/7431; cat >&3; cat <&3");
        command.args(["bash", "-c", &talk]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut talk = command.spawn().unwrap();
        let mut input = talk.stdin.take().unwrap();
        writeln!(input, "{line}").unwrap();
        drop(input);
        let answer = talk.wait_with_output().unwrap().stdout;
        serde_json::from_slice(&answer).unwrap()
    }
}

/// Restricts a rule to routed addresses where the version has others.
const fn routed(version: Version, way: Direction) -> &'static str {
    match (version, way) {
        (Version::V4, _) => "",
        (Version::V6, Direction::Egress) => " -d fd00:99::/64",
        (Version::V6, Direction::Ingress) => " -s fd00:99::/64",
    }
}

/// Whether a process's namespace listens on a port, as the kernel lists it.
pub(super) fn listens(process: u32, port: u16) -> bool {
    const LISTEN: &str = "0A";
    ["tcp", "tcp6"].iter().any(|table| {
        let text = std::fs::read_to_string(format!("/proc/{process}/net/{table}"));
        text.unwrap_or_default().lines().any(|line| {
            let columns: Vec<_> = line.split_whitespace().collect();
            columns.get(3) == Some(&LISTEN) && columns[1].ends_with(&format!(":{port:04X}"))
        })
    })
}

struct Namespace {
    name: String,
}

impl Namespace {
    fn new(role: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("kisenon-{}-{number}-{role}", std::process::id());
        run(&format!("ip netns add {name}"));
        Self { name }
    }

    fn path(&self) -> PathBuf {
        Path::new("/run/netns").join(&self.name)
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.path().display()));
        command
    }

    fn run(&self, line: &str) -> String {
        let mut command = self.enter();
        command.args(line.split_whitespace());
        output(command)
    }

    fn disable_ipv6(&self) {
        // Of all interfaces, and of those still to come.
        for scope in ["all", "default"] {
            self.run(&format!("sysctl -qw net.ipv6.conf.{scope}.disable_ipv6=1"));
        }
    }

    fn address(&self, address: &str) {
        self.run(&format!("ip address add {address} dev eth0"));
    }

    fn up(&self) {
        self.run("ip link set lo up");
        self.run("ip link set eth0 up");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip")
            .args(["netns", "del", &self.name])
            .status();
    }
}

pub(super) fn run(line: &str) {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    output(command);
}

fn output(mut command: Command) -> String {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}
