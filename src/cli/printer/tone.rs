//! How something fares, as a colour; and text of others, which brings no colours of its own.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};

/// Head of the column, and label of the line, that says how something fares.
pub(crate) const STATUS: &str = "STATUS";

/// How something fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it was asked for.
    Good,
    /// On its way.
    Moving,
    /// In need of somebody.
    Bad,
    /// At rest.
    Quiet,
}

impl Tone {
    /// The text in its colour. Whether that is shown is for the stream to decide.
    pub(crate) fn paint(self, text: &str) -> String {
        let style = match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Moving => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Quiet => Style::new().dimmed(),
        };
        format!("{style}{text}{style:#}")
    }

    /// The line of a table with the cell of this column painted; the cells are its row's.
    pub(super) fn paint_cell(self, line: &str, cells: &[String], column: usize) -> String {
        let mut at = 0;
        for (index, cell) in cells.iter().enumerate().take(column + 1) {
            let Some(found) = line.get(at..).and_then(|rest| rest.find(&**cell)) else {
                break;
            };
            at += found;
            let end = at + cell.len();
            if index == column {
                let (before, after) = (&line[..at], &line[end..]);
                return format!("{before}{}{after}", self.paint(cell));
            }
            at = end;
        }
        line.to_owned()
    }
}

/// Text that somebody else has written, in one line and without what steers a terminal.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let is_control = |c: char| c.is_control();
    if !text.contains(is_control) {
        return text.into();
    }
    let words = text.split(char::is_whitespace).map(|word| {
        let shown = word.chars().filter(|c| !c.is_control());
        shown.collect::<String>()
    });
    let words = words.filter(|word| !word.is_empty()).collect::<Vec<_>>();
    words.join(" ").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn the_cell_is_painted_and_nothing_before_it() {
        let cells = cells(&["Ready", "Ready", "-"]);
        let line = "Ready   Ready   -";
        let painted = Tone::Good.paint_cell(line, &cells, 1);
        assert_eq!(
            painted,
            format!("Ready   {}   -", Tone::Good.paint("Ready"))
        );
        assert_eq!(Tone::Good.paint_cell("other", &cells, 1), "other");
    }

    #[test]
    fn nobody_steers_the_terminal_of_another() {
        assert_eq!(plain("Der Laden (ü)"), "Der Laden (ü)");
        assert_eq!(plain("a\u{1b}[31mb\nc\r\td\u{9b}"), "a[31mb c d");
    }
}
