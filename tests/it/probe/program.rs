//! The canary and the gate as processes.
//!
//! A process ends with its value. It neither makes nor changes a network.

use std::cell::RefCell;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::net::run;

/// A running program.
pub(super) struct Program {
    child: RefCell<Child>,
}

/// A program that was told to end.
pub(super) struct Terminated {
    pub(super) status: ExitStatus,
    pub(super) took: Duration,
}

impl Program {
    pub(super) fn start(mut command: Command) -> Self {
        // What it prints would only drown the test's own words.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        Self {
            child: RefCell::new(command.spawn().unwrap()),
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.borrow().id()
    }

    /// How it has ended, if it has.
    fn ended(&self) -> Option<ExitStatus> {
        self.child.borrow_mut().try_wait().unwrap()
    }

    fn wait(&self) -> ExitStatus {
        self.child.borrow_mut().wait().unwrap()
    }

    /// Asks it to end and waits for that.
    pub(super) fn terminate(self) -> Terminated {
        let started = Instant::now();
        run(&format!("kill -TERM {}", self.id()));
        let status = self.wait();
        Terminated {
            status,
            took: started.elapsed(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let mut child = self.child.borrow_mut();
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Where a gate's log lines go, in its folder.
const LOG: &str = "log";

/// A running gate.
pub(super) struct Gate {
    program: Program,
    /// Its folder, with the pass and the termination log in it.
    folder: PathBuf,
}

/// What became of a gate.
pub(super) enum Outcome {
    /// It has given the pass and stays; the evidence.
    Passed(Gate, String),
    /// It has ended without a pass; its last word.
    Refused(String),
}

impl Gate {
    /// Starts a gate that keeps everything in `folder`.
    pub(super) fn start(mut command: Command, folder: PathBuf) -> Self {
        let log = File::create(folder.join(LOG)).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let program = Program::spawn(command);
        Self { program, folder }
    }

    /// Waits until it has passed or ended, which its own deadline brings.
    pub(super) fn wait(self) -> Outcome {
        loop {
            if let Some(status) = self.program.ended() {
                assert!(!status.success(), "a gate that has passed stays");
                assert_eq!(
                    self.read("pass"),
                    None,
                    "the pass of a gate that has failed"
                );
                return Outcome::Refused(self.read("termination-log").unwrap_or_default());
            }
            // A pass alone may be an earlier gate's.
            if self.read(LOG).is_some_and(|log| log.contains("passed")) {
                let evidence = self.read("evidence.json").unwrap_or_default();
                return Outcome::Passed(self, evidence);
            }
            // A pace for the polling, not a wait for anything.
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    /// The process.
    pub(super) fn id(&self) -> u32 {
        self.program.id()
    }

    /// Asks it to end and waits for that.
    pub(super) fn terminate(self) -> Terminated {
        self.program.terminate()
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(name)).ok()
    }
}
