//! `keon explain`: who can reach something, and why, from the objects that are in force.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;

use crate::cli::args::endpoint::Endpoint;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::printer::{Printer, age};
use crate::wire::endpoint::EndpointView;
use crate::wire::endpoint::access::{
    AccessExplanation, DifferenceKind, Isolation, OpenRange, Reach,
};

const HEAD: [&str; 3] = ["FROM", "BY", "BECAUSE OF"];
const ANYWHERE: &str = "0.0.0.0/0";
const BAD: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default();

/// Says who can reach an endpoint, and why.
pub(super) async fn endpoint(context: &Context, args: Endpoint) -> Result<(), Error> {
    let client = context.client()?;
    let endpoint = client.endpoint(&args.endpoint).await?;
    let path = ["v1", "endpoints", &*endpoint.id, "access"];
    let access = client.get::<AccessExplanation>(&path).await?;
    let printer = &context.printer;
    let name = format!("endpoint/{}", endpoint.name);
    printer.value(&access, &name, || {
        text(printer, &endpoint, &access, Timestamp::now())
    })
}

fn text(
    printer: &Printer,
    endpoint: &EndpointView,
    access: &AccessExplanation,
    now: Timestamp,
) -> String {
    let mut text = String::new();
    for difference in &access.differences {
        let what = match difference.kind {
            DifferenceKind::OpenButNotWritten => "Wrongly open",
            DifferenceKind::WrittenButNotOpen => "Wrongly closed",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{BAD}{what}:{BAD:#} {}", difference.message);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&way_in(endpoint, access));
    let rows = rows(access);
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&printer.table(&HEAD, rows));
        text.push('\n');
    }
    text.push_str(closed(access));
    text.push_str(&way_out(access));
    text.push_str(&evidence(&access.isolation, now));
    for note in &access.notes {
        let _ = writeln!(text, "Note: {note}");
    }
    text
}

fn way_in(endpoint: &EndpointView, access: &AccessExplanation) -> String {
    let name = &endpoint.name;
    match (&access.address, access.open_to.is_empty()) {
        (Some(address), false) => format!("{name} at {address} can be reached:\n"),
        (Some(address), true) => format!("{name} has the address {address}.\n"),
        (None, true) => format!("{name} has no address: nobody outside the cluster reaches it.\n"),
        (None, false) => format!("{name} has no address yet, at which it could be reached:\n"),
    }
}

fn rows(access: &AccessExplanation) -> Vec<Vec<String>> {
    let because = |sources: &[String]| match sources {
        [] => "nothing that was written".to_owned(),
        sources => sources.join(", "),
    };
    let ranges = access.open_to.iter().map(|open| {
        let from = match &*open.except {
            [] => open.cidr.clone(),
            except => format!("{} except {}", open.cidr, except.join(", ")),
        };
        vec![from, open.rule.clone(), because(&open.sources)]
    });
    let pods = access.in_cluster.iter().map(|open| {
        let because = because(open.source.as_slice());
        vec![open.pods.clone(), open.rule.clone(), because]
    });
    ranges.chain(pods).collect()
}

fn closed(access: &AccessExplanation) -> &'static str {
    let is_all = |open: &OpenRange| open.cidr == ANYWHERE && open.except.is_empty();
    if access.open_to.iter().any(is_all) {
        return "Closed: to nobody.\n";
    }
    match (access.open_to.is_empty(), access.in_cluster.is_empty()) {
        (true, true) => "Closed: to everybody, pods of the cluster too.\n",
        (true, false) => "Closed: to all other pods, and to everybody outside the cluster.\n",
        (false, true) => "Closed: to every other address, and to all pods of the cluster.\n",
        (false, false) => "Closed: to every other address, and to all other pods.\n",
    }
}

fn way_out(access: &AccessExplanation) -> String {
    let rules = access.egress.rules.join(", ");
    match access.egress.reach {
        Reach::None => "Outwards: the server itself reaches nothing.\n".to_owned(),
        Reach::Some => format!("{BAD}Outwards:{BAD:#} the server itself can reach out: {rules}\n"),
        Reach::Any => {
            format!("{BAD}Outwards:{BAD:#} the server itself reaches everything: {rules}\n")
        }
    }
}

fn evidence(isolation: &Isolation, now: Timestamp) -> String {
    let message = &isolation.message;
    let since = isolation
        .at
        .map(|at| format!(" {} ago, at {at:.0}", age(at, now)));
    let since = since.unwrap_or_default();
    if isolation.verified {
        format!("{GOOD}Verified{GOOD:#}{since}: {message}\n")
    } else {
        format!("{BAD}Not verified{BAD:#}{since}: {message}\n")
    }
}
