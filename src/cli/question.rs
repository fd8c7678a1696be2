//! Questions before what cannot be undone: asked on a terminal, answered beforehand with `--yes`
//! anywhere else.

use std::os::fd::AsFd as _;

use dialoguer::console::Term;
use dialoguer::{Confirm, Input};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};

use super::context::Context;
use super::error::Error;

/// Leave to do something that cannot be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Given on the command line.
    Given,
    /// Has to be asked for.
    Ask,
}

impl Leave {
    /// Whether to ask, before anything else is done.
    ///
    /// # Errors
    /// When it would have to be asked for, and nobody is there to answer.
    pub(crate) fn of(context: &Context, is_given: bool, what: &str) -> Result<Self, Error> {
        if is_given {
            return Ok(Self::Given);
        }
        if context.settings.can_ask() {
            return Ok(Self::Ask);
        }
        let message = format!("to {what} is not undone easily, and nobody can be asked here");
        Err(Error::usage(message).hinting("add --yes"))
    }

    /// Asks for a yes or a no, if need be.
    ///
    /// # Errors
    /// When the answer is no.
    pub(crate) async fn confirm(self, question: String) -> Result<(), Error> {
        if self == Self::Given {
            return Ok(());
        }
        let ask = move |term: &Term| {
            let confirm = Confirm::new().with_prompt(question);
            confirm.default(false).interact_on(term)
        };
        match asked(ask).await? {
            true => Ok(()),
            false => Err(Error::refused("nothing was changed")),
        }
    }

    /// Asks to type the name of what would be lost, if need be.
    ///
    /// # Errors
    /// When another name is typed.
    pub(crate) async fn confirm_by_name(self, question: String, name: &str) -> Result<(), Error> {
        if self == Self::Given {
            return Ok(());
        }
        let ask = move |term: &Term| {
            let input = Input::<String>::new().with_prompt(question);
            input.allow_empty(true).interact_text_on(term)
        };
        let typed = asked(ask).await?;
        if typed.trim() == name {
            return Ok(());
        }
        Err(Error::refused(format!(
            "that is not {name}: nothing was changed"
        )))
    }
}

/// The answer. An interrupt leaves the terminal as it was.
async fn asked<T: Send + 'static>(
    ask: impl FnOnce(&Term) -> dialoguer::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let mut before = Before::keep();
    let answer = tokio::task::spawn_blocking(move || ask(&Term::stderr())).await;
    match answer {
        Ok(Ok(answer)) => {
            before.is_over = true;
            Ok(answer)
        }
        // Ctrl-C as a key, a terminal that is gone, or a thread that did not come to its end.
        Ok(Err(_)) | Err(_) => Err(Error::Interrupted),
    }
}

/// How the terminal was before a question.
struct Before {
    modes: Option<Termios>,
    is_over: bool,
}

impl Before {
    fn keep() -> Self {
        Self {
            modes: tcgetattr(std::io::stdin().as_fd()).ok(),
            is_over: false,
        }
    }
}

impl Drop for Before {
    /// The question's own thread cannot be waited for, and may have hidden the cursor.
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // A terminal that is gone needs nothing.
        if let Some(modes) = &self.modes {
            let _ = tcsetattr(std::io::stdin().as_fd(), SetArg::TCSANOW, modes);
        }
        let term = Term::stderr();
        let _ = term.show_cursor().and_then(|()| term.write_line(""));
    }
}
