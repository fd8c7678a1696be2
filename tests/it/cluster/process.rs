//! One process of a server that tests need, which cannot outlive the test binary.
//!
//! `PR_SET_PDEATHSIG` would not do: it fires when the *thread* that started the process ends, and
//! libtest ends a thread with each test. Instead every process has a watcher beside it that reads
//! a pipe whose other end only the test binary holds. The kernel closes that end however the
//! binary ends (return, panic, Ctrl-C, SIGKILL), and the watcher then ends its one process, by id.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The shell's id becomes the program's, so what is ended is exactly what was started.
const WATCHED: &str = r#"signal=$1; shift; exec 3<&0
(read -r _ <&3; kill -"$signal" $$) & exec "$@" 3<&- </dev/null"#;

/// Removes the folder when the pipe closes; the processes that write there end at the same time,
/// so one attempt may come too early.
const JANITOR: &str =
    r#"read -r word; [ "$word" = keep ] || until rm -rf "$1"; do sleep 0.1; done"#;

/// A running program. It is ended when this value goes, or the test binary.
pub(crate) struct Process {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Process {
    /// Starts `program` with a log beside its data in `folder`; SIGKILL ends it.
    pub(crate) fn start(program: &Path, arguments: &[String], folder: &Path) -> io::Result<Self> {
        Self::start_until("KILL", program, arguments, folder)
    }

    /// The same for a program that must put away what it took from the machine: `signal` ends it.
    pub(crate) fn start_until(
        signal: &str,
        program: &Path,
        arguments: &[String],
        folder: &Path,
    ) -> io::Result<Self> {
        let name = program
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log)?;
        let child = Command::new("sh")
            .args(["-c", WATCHED, "sh", signal])
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C is for the test binary alone; what it starts follows through the pipe.
            .process_group(0)
            .spawn()?;
        Ok(Self { name, log, child })
    }

    /// What the program said, when it has ended by itself.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines = text.lines().collect::<Vec<_>>();
        let tail = lines[lines.len().saturating_sub(15)..].join("\n");
        Some(format!("{} ended ({status}):\n{tail}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Closes the pipe, so that the watcher acts, and waits for the end.
        let _ = self.child.wait();
    }
}

/// A folder that goes with the test binary.
pub(crate) struct Folder {
    path: PathBuf,
    janitor: Child,
}

impl Folder {
    pub(crate) fn new() -> io::Result<Self> {
        let path = tempfile::Builder::new()
            .prefix("kisenon-it-")
            .tempdir()?
            .keep();
        let janitor = Command::new("sh")
            .args(["-c", JANITOR, "sh"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { path, janitor })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the folder, with the logs, for whoever reads why the start failed.
    pub(crate) fn keep(mut self) -> PathBuf {
        if let Some(mut pipe) = self.janitor.stdin.take() {
            let _ = pipe.write_all(b"keep\n");
        }
        let _ = self.janitor.wait();
        self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    #[test]
    fn a_program_ends_when_the_test_binary_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let tail = Path::new("tail");
        let arguments = ["-f", "/dev/null"].map(str::to_owned);
        let mut process = Process::start(tail, &arguments, folder.path()).unwrap();
        assert_eq!(process.ended(), None);
        // The kernel does the same to a binary that was killed.
        drop(process.child.stdin.take());
        let status = process.child.wait().unwrap();
        assert_eq!(status.signal(), Some(9));
    }

    #[test]
    fn a_program_that_ends_by_itself_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["-c", "echo no such flag; exit 3"].map(str::to_owned);
        let mut process = Process::start(Path::new("sh"), &arguments, folder.path()).unwrap();
        // Not `wait`, which would close the pipe first.
        let words = loop {
            if let Some(words) = process.ended() {
                break words;
            }
            std::thread::yield_now();
        };
        assert_eq!(words, "sh ended (exit status: 3):\nno such flag");
    }

    #[test]
    fn the_folder_goes_with_the_test_binary_unless_it_is_kept() {
        let mut gone = Folder::new().unwrap();
        drop(gone.janitor.stdin.take());
        gone.janitor.wait().unwrap();
        assert!(!gone.path.exists());

        let kept = Folder::new().unwrap().keep();
        assert!(kept.exists());
        std::fs::remove_dir(kept).unwrap();
    }
}
