//! A spinner while something is waited for: on a terminal, and nowhere else.

mod screen;

use std::borrow::Cow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::screen::Screen;
use super::context::Context;

/// Most pictures in a second.
const HERTZ: u8 = 20;
/// Time between two pictures.
const TICK: Duration = Duration::from_millis(100);

/// Shown until it is dropped.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Begins, unless nobody sees it.
    pub(crate) fn start(context: &Context, what: impl Into<Cow<'static, str>>) -> Self {
        let is_seen =
            context.settings.environment.has_message_screen && !context.printer.is_quiet();
        if !is_seen {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(
            None,
            ProgressDrawTarget::term_like_with_hz(Box::new(Screen::stderr()), HERTZ),
        );
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// Says what is being waited for now.
    pub(crate) fn say(&self, what: impl Into<Cow<'static, str>>) {
        self.0.set_message(what);
    }

    /// Makes room for something that is written to the screen meanwhile.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
