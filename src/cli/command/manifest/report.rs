//! What became, or would become, of each document.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::read::Document;
use crate::cli::args::Output;
use crate::cli::error::Error;
use crate::cli::printer::Printer;
use crate::wire::manifest::{FieldChange, ManifestAction, ManifestReport, ManifestResult};

const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Writes what was done.
///
/// # Errors
/// When it cannot be written.
pub(super) fn applied(printer: &Printer, report: &ManifestReport) -> Result<(), Error> {
    write(printer, report, || {
        let rows = report.results.iter().map(|result| {
            let action = match result.action {
                ManifestAction::Created => "created",
                ManifestAction::Configured => "configured",
                ManifestAction::Unchanged => "unchanged",
                ManifestAction::Refused => "refused",
            };
            vec![result.kind.clone(), result.name.clone(), action.to_owned()]
        });
        printer.table(&["KIND", "NAME", "ACTION"], rows)
    })
}

/// Writes what would be done, field by field.
///
/// # Errors
/// When it cannot be written.
pub(super) fn planned(
    printer: &Printer,
    report: &ManifestReport,
    documents: &[Document],
) -> Result<(), Error> {
    write(printer, report, || {
        let each = report.results.iter().zip(documents);
        each.map(|(result, document)| plan(result, &document.place))
            .collect()
    })?;
    let count = |action| {
        report
            .results
            .iter()
            .filter(|of| of.action == action)
            .count()
    };
    let mut parts = vec![
        format!("{} to create", count(ManifestAction::Created)),
        format!("{} to configure", count(ManifestAction::Configured)),
        format!("{} unchanged", count(ManifestAction::Unchanged)),
    ];
    let refused = count(ManifestAction::Refused);
    if refused > 0 {
        parts.push(format!("{refused} refused"));
    }
    printer.note(&parts.join(", "))
}

fn write(
    printer: &Printer,
    report: &ManifestReport,
    text: impl FnOnce() -> String,
) -> Result<(), Error> {
    if printer.output() != Output::Name {
        return printer.value(report, "", text);
    }
    let names = report.results.iter().map(|result| {
        let kind = match &*result.kind {
            "ApiKey" => "api-key".to_owned(),
            kind => kind.to_lowercase(),
        };
        format!("{kind}/{}\n", result.name)
    });
    printer.data(&names.collect::<String>())
}

fn plan(result: &ManifestResult, place: &str) -> String {
    let (sign, style, words) = match result.action {
        ManifestAction::Created => ("+", GREEN, "would be created"),
        ManifestAction::Configured => ("~", YELLOW, "would be configured"),
        ManifestAction::Unchanged => ("=", DIM, "is as it should be"),
        ManifestAction::Refused => ("!", RED, "is refused"),
    };
    let ManifestResult { kind, name, .. } = result;
    let mut text = format!("{style}{sign} {kind} {name}{style:#} {words} {DIM}({place}){DIM:#}\n");
    // Writing to a String cannot fail.
    if let Some(error) = &result.error {
        let _ = writeln!(text, "    {error}");
    }
    for error in &result.errors {
        let _ = writeln!(text, "    {}: {}", error.field, error.message);
    }
    for change in &result.diff {
        let _ = writeln!(text, "    {}", field(change));
    }
    text
}

fn field(change: &FieldChange) -> String {
    let FieldChange {
        field,
        before,
        after,
    } = change;
    match (before, after) {
        (None, Some(after)) => format!("{GREEN}{field}: {}{GREEN:#}", value(after)),
        (Some(before), None) => format!("{RED}{field}: {} -> (none){RED:#}", value(before)),
        (Some(before), Some(after)) => format!(
            "{YELLOW}{field}: {} -> {}{YELLOW:#}",
            value(before),
            value(after)
        ),
        (None, None) => field.clone(),
    }
}

/// As in YAML where that is one line.
fn value(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        value => value.to_string(),
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| !c.is_control()) && text.trim() == text
}
