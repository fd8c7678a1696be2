//! What helps a shell and a reader: completions and manual pages.

use std::io::Write as _;
use std::path::Path;

use clap_complete::Shell;
use clap_complete::env::Shells;
use clap_mangen::Man as Page;
use clap_mangen::roff::{Roff, bold, roman};
use jiff::Timestamp;

use crate::cli::args;
use crate::cli::args::manifest::{Completions, Man};
use crate::cli::context::Context;
use crate::cli::error::Error;

/// Switches the program from running to completing.
const VARIABLE: &str = "COMPLETE";
const NAME: &str = "keon";
const MANUAL: &str = "Kisenon";

const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "KISENON_API_KEY",
        "An API key, which is used instead of a stored one and is never stored.",
    ),
    (
        "KISENON_API_URL",
        "URL of the API; --api-url goes before it.",
    ),
    (
        "KISENON_PROFILE",
        "Name of the profile; --profile goes before it.",
    ),
    (
        "KISENON_CA_FILE",
        "Certificate authorities of the API in PEM; --ca-file goes before it.",
    ),
    ("KISENON_CONSOLE_URL", "URL of the web console."),
    (
        "NO_COLOR",
        "Nothing is coloured where it is set and not empty.",
    ),
    ("BROWSER", "The browser that login and open start."),
    (
        "XDG_CONFIG_HOME, XDG_CACHE_HOME",
        "Folders of the files below, where they are not in ~/.config and ~/.cache.",
    ),
];

const FILES: &[(&str, &str)] = &[
    (
        "~/.config/keon/credentials.json",
        "Profiles with their API keys. Its owner alone may read it, or it is not used.",
    ),
    (
        "~/.cache/keon/authorities/",
        "Certificate authorities of endpoints, for connection strings and psql.",
    ),
];

const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "It is done."),
    ("1", "It was refused, or has failed."),
    (
        "2",
        "What was typed cannot be meant; of plan --detailed-exitcode: something would change.",
    ),
    (
        "4",
        "Nobody is signed in, or the server takes the key no more.",
    ),
    ("130", "Interrupted."),
];

/// Prints the shell code that completes words.
pub(super) fn completions(context: &Context, args: Completions) -> Result<(), Error> {
    let shells = Shells::builtins();
    let name = match args.shell {
        Shell::Elvish => "elvish",
        Shell::Fish => "fish",
        Shell::PowerShell => "powershell",
        Shell::Zsh => "zsh",
        _ => "bash",
    };
    let mut code = Vec::new();
    if let Some(shell) = shells.completer(name) {
        shell
            .write_registration(VARIABLE, NAME, NAME, NAME, &mut code)
            .map_err(Error::Output)?;
    }
    context.printer.data(&String::from_utf8_lossy(&code))
}

/// Writes the manual pages.
pub(super) fn pages(context: &Context, args: Man) -> Result<(), Error> {
    let failed = |source| Error::File {
        verb: "write",
        path: args.folder.clone(),
        source,
    };
    std::fs::create_dir_all(&args.folder).map_err(failed)?;
    // Without the commit, so that the same sources give the same pages.
    let mut command = args::command(None);
    command.build();
    let mut count = 0;
    write(&command, &command, &args.folder, &mut count)?;
    let folder = args.folder.display();
    context
        .printer
        .note(&format!("wrote {count} pages to {folder}"))
}

fn write(
    root: &clap::Command,
    command: &clap::Command,
    folder: &Path,
    count: &mut usize,
) -> Result<(), Error> {
    let path = folder.join(format!("{}.1", page_name(command)));
    let failed = |source| Error::File {
        verb: "write",
        path: path.clone(),
        source,
    };
    let mut text = Vec::new();
    page(root, command, &mut text).map_err(failed)?;
    // A blank line breaks the line already.
    let text = String::from_utf8_lossy(&text).replace("\n.br\n\n.br\n", "\n\n");
    std::fs::write(&path, text).map_err(failed)?;
    *count += 1;
    let below = command.get_subcommands().filter(|of| !of.is_hide_set());
    for command in below {
        write(root, command, folder, count)?;
    }
    Ok(())
}

fn page_name(command: &clap::Command) -> &str {
    command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
}

fn page(root: &clap::Command, command: &clap::Command, to: &mut Vec<u8>) -> std::io::Result<()> {
    let (name, version) = (page_name(command), root.get_version().unwrap_or_default());
    let page = Page::new(command.clone())
        .title(name.to_uppercase())
        .date(Timestamp::now().strftime("%F").to_string())
        .source(format!("{NAME} {version}"))
        .manual(MANUAL);
    page.render_title(to)?;
    page.render_name_section(to)?;
    page.render_synopsis_section(to)?;
    page.render_description_section(to)?;
    page.render_options_section(to)?;
    if command.get_subcommands().any(|of| !of.is_hide_set()) {
        page.render_subcommands_section(to)?;
    }
    let mut rest = Roff::new();
    examples(command, &mut rest);
    list("ENVIRONMENT", ENVIRONMENT, &mut rest);
    list("FILES", FILES, &mut rest);
    list("EXIT STATUS", EXIT_STATUS, &mut rest);
    if command.get_name() == "psql" {
        rest.control("PP", [])
            .text([roman("Once psql has started, its own exit status counts.")]);
    }
    see_also(command, &mut rest);
    rest.to_writer(to)?;
    to.flush()
}

/// As they stand in the help.
fn examples(command: &clap::Command, page: &mut Roff) {
    let Some(help) = command.get_after_help() else {
        return;
    };
    let help = help.to_string();
    page.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in help.lines().filter(|line| *line != "Examples:") {
        page.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    page.control("fi", []);
}

fn list(head: &str, entries: &[(&str, &str)], page: &mut Roff) {
    page.control("SH", [head]);
    for (term, words) in entries {
        page.control("TP", [])
            .text([bold(*term)])
            .text([roman(*words)]);
    }
}

fn see_also(command: &clap::Command, page: &mut Roff) {
    let name = page_name(command);
    page.control("SH", ["SEE ALSO"]);
    if name == NAME {
        page.text([bold("kubectl"), roman("(1), "), bold("psql"), roman("(1)")]);
    } else {
        page.text([bold(NAME), roman("(1)")]);
    }
}
