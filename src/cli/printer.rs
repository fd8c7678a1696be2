//! The only door to stdout and stderr: data to the one, all else to the other. How data looks is
//! asked for with `--output`; colours follow the terminal.

mod age;
mod tone;

use std::io::{self, Write as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use serde::Serialize;

use super::args::{Color, Output};
use super::error::Error;
use super::settings::Settings;

pub(crate) use age::age;
pub(crate) use tone::{STATUS, Tone, plain};

/// Space between two columns.
const GAP: u16 = 3;

/// Something that lists show, a row each.
pub(crate) trait Listed: Serialize {
    /// What `--output name` writes before the slash.
    const KIND: &'static str;
    /// The command that makes the first.
    const FIRST: Option<&'static str> = None;
    /// The heads of the columns.
    const HEAD: &'static [&'static str];

    /// What `--output name` writes after the slash.
    fn name(&self) -> &str;

    /// One cell for each column.
    fn row(&self, now: Timestamp) -> Vec<String>;

    /// How it fares, which colours what stands under [`STATUS`].
    fn tone(&self) -> Option<Tone> {
        None
    }
}

/// Something that is shown by itself.
pub(crate) trait Described: Listed {
    /// Labels and values, in order; a value may have several lines.
    fn details(&self, now: Timestamp) -> Vec<(&'static str, String)>;
}

/// Writes, as the settings say.
pub(crate) struct Printer {
    output: Output,
    color: ColorChoice,
    quiet: bool,
}

impl Printer {
    /// As the settings say.
    pub(crate) fn new(settings: &Settings) -> Self {
        let color = choice(settings.color);
        // Once for the process, so that errors look alike.
        color.write_global();
        Self {
            output: settings.output,
            color,
            quiet: settings.quiet,
        }
    }

    /// How data is written.
    pub(crate) const fn output(&self) -> Output {
        self.output
    }

    /// Writes a list.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn list<T: Listed>(&self, items: &[T]) -> Result<(), Error> {
        match self.output {
            Output::Table if items.is_empty() => self.none::<T>(),
            Output::Table => self.data(&self.rows(items)),
            Output::Name => {
                let lines = items
                    .iter()
                    .map(|of| format!("{}/{}\n", T::KIND, of.name()));
                self.data(&lines.collect::<String>())
            }
            Output::Json | Output::Yaml => self.serialized(&items),
        }
    }

    /// Writes one thing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn one<T: Described>(&self, item: &T) -> Result<(), Error> {
        match self.output {
            Output::Table => {
                let lines = item.details(Timestamp::now());
                self.data(&details(&lines, item.tone()))
            }
            Output::Name => self.data(&format!("{}/{}\n", T::KIND, item.name())),
            Output::Json | Output::Yaml => self.serialized(item),
        }
    }

    /// Refuses to write only the name of a secret that is shown once.
    ///
    /// # Errors
    /// When names alone are asked for.
    pub(crate) fn check_shown(&self, secret: &str) -> Result<(), Error> {
        if self.output != Output::Name {
            return Ok(());
        }
        let message = format!("-o name would lose the {secret}, which is shown once");
        Err(Error::usage(message).hinting("leave it out, or use -o json"))
    }

    /// Writes a value: for people as this text, with its name where that alone is asked for.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn value(
        &self,
        value: &impl Serialize,
        name: &str,
        text: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        match self.output {
            Output::Table => self.data(&text()),
            Output::Name => self.data(&format!("{name}\n")),
            Output::Json | Output::Yaml => self.serialized(value),
        }
    }

    fn rows<T: Listed>(&self, items: &[T]) -> String {
        let now = Timestamp::now();
        let cells = |item: &T| {
            let row = item.row(now);
            row.iter().map(|cell| plain(cell).into_owned()).collect()
        };
        let rows = items.iter().map(cells).collect::<Vec<Vec<String>>>();
        let text = self.table(T::HEAD, rows.clone());
        let Some(column) = T::HEAD.iter().position(|head| *head == STATUS) else {
            return text;
        };
        let mut lines = text.lines().map(str::to_owned).collect::<Vec<_>>();
        for ((line, row), item) in lines.iter_mut().skip(1).zip(&rows).zip(items) {
            if let Some(tone) = item.tone() {
                *line = tone.paint_cell(line, row, column);
            }
        }
        lines.join("\n") + "\n"
    }

    fn none<T: Listed>(&self) -> Result<(), Error> {
        self.note(&format!("no {}s", T::KIND.replace('-', " ")))?;
        match T::FIRST {
            Some(first) => self.note(&hint(&format!("make the first: {first}"))),
            None => Ok(()),
        }
    }

    /// A table without lines, for people.
    pub(crate) fn table(
        &self,
        head: &[&str],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> String {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(head)
            .add_rows(rows);
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        let mut text = String::new();
        for line in table.to_string().lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Writes text to stdout as it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn data(&self, text: &str) -> Result<(), Error> {
        let mut out = AutoStream::new(io::stdout(), self.color).lock();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(Error::Output)
    }

    fn serialized(&self, value: &impl Serialize) -> Result<(), Error> {
        let text = match self.output {
            Output::Yaml => {
                serde_saphyr::to_string(value).map_err(|error| Error::Format(error.into()))?
            }
            _ => {
                let text = serde_json::to_string_pretty(value);
                text.map_err(|error| Error::Format(error.into()))? + "\n"
            }
        };
        self.data(&text)
    }

    /// A remark for people, on stderr.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn note(&self, text: &str) -> Result<(), Error> {
        if self.quiet {
            return Ok(());
        }
        self.message(text)
    }

    /// What people must read, on stderr, however quiet.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn message(&self, text: &str) -> Result<(), Error> {
        let mut out = AutoStream::new(io::stderr(), self.color).lock();
        writeln!(out, "{text}").map_err(Error::Output)
    }

    /// Something to beware of, on stderr.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn warn(&self, text: &str) -> Result<(), Error> {
        let style = AnsiColor::Yellow.on_default().bold();
        self.message(&format!("{style}warning:{style:#} {text}"))
    }
}

/// Says on stderr what went wrong, why, and what to do about it.
pub(crate) fn report(error: &Error) {
    let red = AnsiColor::Red.on_default().bold();
    let dim = Style::new().dimmed();
    let mut out = anstream::stderr().lock();
    // There is nobody left to tell that this could not be said.
    let _ = writeln!(out, "{red}error:{red:#} {}", lines(error));
    let mut cause = std::error::Error::source(error);
    while let Some(of) = cause {
        let _ = writeln!(out, "{dim}caused by:{dim:#} {}", lines(&of));
        cause = of.source();
    }
    if let Error::Problem(problem) = error {
        let said = error.to_string();
        for of in &problem.errors {
            let line = format!("{}: {}", of.field, of.message);
            // The server repeats a single one in its words.
            if !said.contains(&line) {
                let _ = writeln!(out, "  {}", lines(&line));
            }
        }
    }
    if let Some(text) = error.hint() {
        let _ = writeln!(out, "{}", hint(&text));
    }
}

/// Text that may quote others, and may have several lines.
fn lines(text: &impl std::fmt::Display) -> String {
    let text = text.to_string();
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

fn hint(text: &str) -> String {
    let cyan = AnsiColor::Cyan.on_default().bold();
    format!("{cyan}hint:{cyan:#} {text}")
}

const fn choice(color: Color) -> ColorChoice {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}

/// Labels and values below each other.
fn details(details: &[(&'static str, String)], tone: Option<Tone>) -> String {
    let width = details.iter().map(|(label, _)| label.len()).max();
    let width = width.unwrap_or_default() + 1 + usize::from(GAP);
    let mut text = String::new();
    for (label, value) in details {
        let tone = tone.filter(|_| label.eq_ignore_ascii_case(STATUS));
        let mut label = format!("{label}:");
        for line in value.lines() {
            let line = plain(line);
            let line = tone.map_or_else(|| line.to_string(), |tone| tone.paint(&line));
            text.push_str(format!("{label:width$}{line}").trim_end());
            text.push('\n');
            label.clear();
        }
    }
    text
}
