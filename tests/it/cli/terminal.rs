//! A terminal with a screen that can be read, and a keyboard.

use std::ffi::OsStr;
use std::io::{Read as _, Write};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtyPair, PtySize, native_pty_system};

const ROWS: u16 = 40;
const COLUMNS: u16 = 120;
/// Longest that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program in a terminal of its own.
pub(super) struct Terminal {
    screen: vt100::Parser,
    bytes: Receiver<Vec<u8>>,
    written: Vec<u8>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    // The program is hung up on when this goes.
    _pair: PtyPair,
}

impl Terminal {
    /// Starts the program with these arguments and this environment alone.
    pub(super) fn start(
        program: &OsStr,
        args: &[&OsStr],
        folder: &Path,
        environment: Vec<(String, String)>,
    ) -> Self {
        let size = PtySize {
            rows: ROWS,
            cols: COLUMNS,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(folder);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (says, bytes) = mpsc::channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            // The system says EIO, not an end, once nobody has the terminal open any more.
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                if says.send(chunk[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            screen: vt100::Parser::new(ROWS, COLUMNS, 1000),
            bytes,
            written: Vec::new(),
            keyboard: pair.master.take_writer().unwrap(),
            child,
            _pair: pair,
        }
    }

    /// Types.
    pub(super) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Presses Ctrl and C.
    pub(super) fn interrupt(&mut self) {
        self.types("\x03");
    }

    /// The screen as a person sees it.
    pub(super) fn screen(&self) -> String {
        self.screen.screen().contents()
    }

    /// Whether the cursor cannot be seen.
    pub(super) fn hides_cursor(&self) -> bool {
        self.screen.screen().hide_cursor()
    }

    /// All that was written to the terminal so far, with its control sequences.
    pub(super) fn written(&self) -> String {
        String::from_utf8_lossy(&self.written).into_owned()
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub(super) fn shows(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        while !self.screen().contains(text) {
            assert!(
                self.reads(deadline),
                "{text:?} never came:\n{}",
                self.screen()
            );
        }
        self.screen()
    }

    /// Waits until the program ends: its exit code, and the last screen.
    #[track_caller]
    pub(super) fn ends(mut self) -> (u32, String) {
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(
                Instant::now() < deadline,
                "it does not end:\n{}",
                self.screen()
            );
            self.reads(Instant::now() + Duration::from_millis(20));
        }
        // What it wrote last may be on its way still.
        while self.reads(Instant::now() + Duration::from_millis(100)) {}
        let status = self.child.wait().unwrap();
        (status.exit_code(), self.screen())
    }

    /// Takes what has come, or comes before then.
    fn reads(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.bytes.recv_timeout(left) {
            Ok(bytes) => {
                self.screen.process(&bytes);
                self.written.extend_from_slice(&bytes);
                true
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
    }
}
