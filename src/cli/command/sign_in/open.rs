//! `keon open`.

use serde::Serialize;
use url::Url;

use super::console;
use crate::cli::args::Output;
use crate::cli::args::sign_in::Open;
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Where the console is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Console {
    console_url: Url,
}

/// Opens the web console, or says where it is.
pub(in crate::cli::command) async fn run(context: &Context, args: Open) -> Result<(), Error> {
    let console_url = console::find(context, args.console_url.as_ref()).await?;
    let has_browser = context.settings.environment.has_browser;
    let is_data = args.print || context.printer.output() != Output::Table;
    if !is_data && has_browser && console::open(&console_url).await {
        return context.printer.note(&format!("Opening {console_url}"));
    }
    let text = console_url.to_string();
    let console = Console { console_url };
    context
        .printer
        .value(&console, &text, || format!("{text}\n"))
}
