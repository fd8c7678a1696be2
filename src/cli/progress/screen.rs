//! The screen that spinners are drawn on: a little narrower than it is, so that the `^C` which a
//! terminal echoes stands in the same line and is cleared with it.

use std::io;

use dialoguer::console::Term;
use indicatif::TermLike;

/// Room for an echoed `^C`.
const MARGIN: u16 = 4;

/// Standard error.
#[derive(Debug)]
pub(super) struct Screen(Term);

impl Screen {
    /// Of this process.
    pub(super) fn stderr() -> Self {
        Self(Term::stderr())
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(MARGIN)
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}
