//! A spinner while something is waited for: on a terminal, and nowhere else.

mod screen;

use std::borrow::Cow;
use std::time::Duration;

use dialoguer::console::truncate_str;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike as _};

use self::screen::Screen;
use super::context::Context;
use super::printer::plain;

/// Most pictures in a second.
const HERTZ: u8 = 20;
/// Time between two pictures.
const TICK: Duration = Duration::from_millis(100);

/// Columns beside the text: spinner and time.
const AROUND: usize = 9;

/// Shown until it is dropped.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Begins, unless nobody sees it.
    pub(crate) fn start(context: &Context, what: impl Into<Cow<'static, str>>) -> Self {
        Self::seen(context.settings.shows_progress(), what)
    }

    /// Begins, if somebody sees it.
    pub(crate) fn seen(is_seen: bool, what: impl Into<Cow<'static, str>>) -> Self {
        if !is_seen {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(
            None,
            ProgressDrawTarget::term_like_with_hz(Box::new(Screen::stderr()), HERTZ),
        );
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed:>3} {msg}") {
            bar.set_style(style);
        }
        bar.set_message(fitted(what));
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// Says what is being waited for now.
    pub(crate) fn say(&self, what: impl Into<Cow<'static, str>>) {
        self.0.set_message(fitted(what));
    }

    /// Makes room for something that is written to the screen meanwhile.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

/// No more than one line.
fn fitted(what: impl Into<Cow<'static, str>>) -> String {
    let room = usize::from(Screen::stderr().width()).saturating_sub(AROUND);
    truncate_str(&plain(&what.into()), room, "…").into_owned()
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
