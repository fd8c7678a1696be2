//! A person's machine: a home of its own, and `keon` on it.

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::terminal::Terminal;
use crate::api::app::{App, Person};

/// The program that is tested.
pub(super) const KEON: &str = env!("CARGO_BIN_EXE_keon");

/// A home folder, and what is set in every shell.
pub(super) struct Machine {
    home: TempDir,
    variables: Vec<(String, String)>,
}

impl Machine {
    /// Where nobody has signed in.
    pub(super) fn new() -> Self {
        Self {
            home: TempDir::new().unwrap(),
            variables: Vec::new(),
        }
    }

    /// Of somebody who keeps a new API key in the environment.
    pub(super) async fn of(person: &Person<'_>) -> Self {
        let (key, _) = person.key(serde_json::json!({ "label": "keon" })).await;
        Self::new()
            .with("KISENON_API_URL", &person.app.base)
            .with("KISENON_API_KEY", &key)
    }

    /// Of somebody new.
    pub(super) async fn of_somebody(name: &str) -> Self {
        Self::of(&App::shared().await.person(name).await).await
    }

    /// Of somebody new with a project `shop`, whose endpoints let in a range.
    pub(super) async fn with_shop(name: &str) -> Self {
        let machine = Self::of_somebody(name).await;
        machine
            .line("projects create shop --allow 203.0.113.0/24")
            .ok();
        machine
    }

    /// Another of the same shells, with a home of its own.
    pub(super) fn again(&self) -> Self {
        Self {
            variables: self.variables.clone(),
            ..Self::new()
        }
    }

    /// With this variable as well.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The home folder.
    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where credentials are kept.
    pub(super) fn credentials(&self) -> PathBuf {
        self.home().join(".config/keon/credentials.json")
    }

    /// `keon` with these arguments, nothing of this process' own environment, and no terminal.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(KEON);
        command
            .args(args)
            .env_clear()
            .envs(self.environment())
            .stdin(Stdio::null());
        command
    }

    /// Runs `keon` piped, with nothing on its standard input.
    pub(super) fn keon(&self, args: &[&str]) -> Outcome {
        self.keon_with_input(args, "")
    }

    /// Runs `keon` piped, with the words of this line.
    pub(super) fn line(&self, line: &str) -> Outcome {
        self.keon(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Each of these lines ends with its code, and says that.
    #[track_caller]
    pub(super) fn refuses(&self, lines: &[(&str, i32, &str)]) {
        for (line, code, said) in lines {
            let told = self.line(line).fails(*code);
            assert!(told.contains(said), "{line}: {told}");
        }
    }

    /// Runs `keon` piped, with this on its standard input.
    pub(super) fn keon_with_input(&self, args: &[&str], input: &str) -> Outcome {
        let mut command = self.command(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that does not read what it is given has its reasons.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Outcome::of(args, child.wait_with_output().unwrap())
    }

    /// Starts `keon` in a terminal.
    pub(super) fn terminal(&self, args: &[&str]) -> Terminal {
        let args: Vec<_> = args.iter().map(OsStr::new).collect();
        Terminal::start(OsStr::new(KEON), &args, self.home(), self.environment())
    }

    /// Starts a shell with this script in a terminal.
    pub(super) fn shell(&self, script: &str) -> Terminal {
        let args = [OsStr::new("-c"), OsStr::new(script)];
        Terminal::start(
            OsStr::new("/bin/sh"),
            &args,
            self.home(),
            self.environment(),
        )
    }

    /// What every program is started with here.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let mut all = vec![
            ("HOME".to_owned(), self.home().display().to_string()),
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ];
        all.extend(self.variables.iter().cloned());
        all
    }
}

/// How a run of `keon` has ended.
#[derive(Debug)]
pub(super) struct Outcome {
    args: Vec<String>,
    /// The exit code; 128 and more where a signal has ended it.
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Outcome {
    /// Of a process that was started with these arguments.
    pub(super) fn of(args: &[&str], output: std::process::Output) -> Self {
        let status = output.status;
        let code = status.code().or(status.signal().map(|of| 128 + of));
        Self {
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            code: code.unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it has written to standard output, if it has done what it was asked for.
    #[track_caller]
    pub(super) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}", self.told());
        self.stdout
    }

    /// Its JSON, if it has done what it was asked for.
    #[track_caller]
    pub(super) fn json(self) -> Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"))
    }

    /// What it has written to standard error, if it has ended with this code and without data.
    #[track_caller]
    pub(super) fn fails(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}", self.told());
        assert_eq!(self.stdout, "", "{}", self.told());
        self.stderr
    }

    /// All of it, for a test that fails.
    fn told(&self) -> String {
        let Self {
            args,
            code,
            stdout,
            stderr,
        } = self;
        format!("keon {args:?} ended with {code}\n{stdout}{stderr}")
    }
}
