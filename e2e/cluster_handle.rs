//! The running cluster: its API, `kubectl`, and the other hosts of its LAN.

use std::ffi::OsStr;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/cluster");

/// What `make -s env` exports.
struct Environment {
    kubeconfig: String,
    path: String,
}

/// A host of the LAN outside the node.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Host {
    /// 10.77.0.20, the one that stories put on allow-lists.
    Client,
    /// 10.77.0.30.
    Other,
}

impl Host {
    /// Its only address.
    pub(crate) const fn address(self) -> &'static str {
        match self {
            Self::Client => "10.77.0.20",
            Self::Other => "10.77.0.30",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Other => "other",
        }
    }
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) ok: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Its output, of a command that must have worked.
    #[track_caller]
    pub(crate) fn output(self) -> String {
        assert!(self.ok, "failed: {}{}", self.out, self.err);
        self.out.trim().to_owned()
    }

    /// What it said, of a command that must have failed.
    #[track_caller]
    pub(crate) fn refusal(self) -> String {
        assert!(!self.ok, "was not refused: {}", self.out);
        format!("{}{}", self.out, self.err)
    }
}

/// The running cluster.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) client: Client,
}

impl Cluster {
    /// The cluster of `make up`; fails with the way out when there is none.
    pub(crate) async fn find() -> Self {
        let options = KubeConfigOptions::default();
        let file = Kubeconfig::read_from(&environment().kubeconfig).unwrap();
        let config = Config::from_custom_kubeconfig(file, &options)
            .await
            .unwrap();
        let client = Client::try_from(config).unwrap();
        Self { client }
    }

    /// A client of the same API server that has nothing but this token.
    pub(crate) async fn with_token(token: &str) -> Client {
        let mut file = Kubeconfig::read_from(&environment().kubeconfig).unwrap();
        for user in &mut file.auth_infos {
            user.auth_info = Some(kube::config::AuthInfo {
                token: Some(token.to_owned().into()),
                ..kube::config::AuthInfo::default()
            });
        }
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(file, &options)
            .await
            .unwrap();
        Client::try_from(config).unwrap()
    }

    /// Runs `kubectl` as the cluster's admin.
    pub(crate) fn kubectl<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ended {
        let mut command = kubectl();
        command.args(arguments);
        run(command, "")
    }

    /// `kubectl apply` of a text.
    #[track_caller]
    pub(crate) fn apply(&self, namespace: &str, objects: &str) {
        let mut command = kubectl();
        command.args(["-n", namespace, "apply", "-f", "-"]);
        run(command, objects).output();
    }

    /// Runs a shell command as a host of the LAN. What is secret goes into `variables`.
    pub(crate) fn lan(&self, host: Host, variables: &[(&str, &str)], command: &str) -> Ended {
        run(lan(host, variables, command), "")
    }

    /// The same, not waited for.
    pub(crate) fn lan_start(&self, host: Host, variables: &[(&str, &str)], command: &str) -> Child {
        lan(host, variables, &format!("exec {command}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// Runs `e2e/cluster/process.sh`, which stops and starts daemons of the cluster.
fn process(name: &str, verb: &str) -> Ended {
    let mut command = Command::new(format!("{SCRIPTS}/process.sh"));
    command.args([name, verb]);
    run(command, "")
}

/// The policy controller stopped; started again whatever comes.
pub(crate) struct PolicyController;

impl PolicyController {
    const NAME: &str = "kube-router";

    /// Stops it until the value goes: new pods meet no policy, those that are there keep theirs.
    pub(crate) fn stop() -> Self {
        process(Self::NAME, "stop").output();
        Self
    }
}

impl Drop for PolicyController {
    fn drop(&mut self) {
        let started = process(Self::NAME, "start");
        if !started.ok {
            eprintln!(
                "the policy controller does not start again: {}",
                started.err
            );
        }
    }
}

/// Runs a command to its end.
pub(crate) fn run(mut command: Command, input: &str) -> Ended {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Commands that read nothing may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ended {
        ok: output.status.success(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn kubectl() -> Command {
    let environment = environment();
    let mut command = Command::new("kubectl");
    command
        .env("KUBECONFIG", &environment.kubeconfig)
        .env("PATH", &environment.path);
    command
}

fn lan(host: Host, variables: &[(&str, &str)], shell: &str) -> Command {
    let mut command = Command::new(format!("{SCRIPTS}/lan.sh"));
    command
        .env("HOST", host.name())
        .env("LAN_CMD", shell)
        .env("PGCONNECT_TIMEOUT", "5")
        .envs(variables.iter().copied());
    command
}

fn environment() -> &'static Environment {
    static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();
    let read = || {
        let mut command = Command::new("bash");
        let script = r#"set -e; e=$("$0/env.sh"); eval "$e"; printf '%s\n' "$KUBECONFIG" "$PATH""#;
        command.args(["-c", script, SCRIPTS]);
        let ended = run(command, "");
        let mut lines = ended.out.lines().map(str::to_owned);
        match (lines.next(), lines.next()) {
            (Some(kubeconfig), Some(path)) if ended.ok => Ok(Environment { kubeconfig, path }),
            _ => Err(ended.err),
        }
    };
    match ENVIRONMENT.get_or_init(read) {
        Ok(environment) => environment,
        Err(error) => panic!("the stories need the running cluster: {error}"),
    }
}
