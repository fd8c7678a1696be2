//! The canary and the gate as processes.
//!
//! A process ends with its value. It neither makes nor changes a network.

use std::cell::RefCell;
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
        Self {
            child: RefCell::new(command.spawn().unwrap()),
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.borrow().id()
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

/// A running gate.
pub(super) struct Gate {
    program: Program,
    log: PathBuf,
}

/// A gate that ended.
pub(super) struct Ended {
    pub(super) success: bool,
    pub(super) message: String,
}

impl Gate {
    /// A gate that leaves its message in `log`.
    pub(super) const fn new(program: Program, log: PathBuf) -> Self {
        Self { program, log }
    }

    /// Waits for its end, which its own deadline brings.
    pub(super) fn wait(self) -> Ended {
        let success = self.program.wait().success();
        let message = std::fs::read_to_string(&self.log).unwrap_or_default();
        Ended { success, message }
    }
}
