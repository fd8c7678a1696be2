//! `keon apply` and `keon plan`: the documents that `kubectl apply` takes, through the API.

mod read;
mod report;
mod send;

use std::time::Duration;

use tokio::time::Instant;

use crate::cli::args::manifest::{Apply, Manifests, Plan};
use crate::cli::client::Client;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::progress::Progress;
use crate::cli::wait::{self, Goal};
use crate::wire::endpoint::EndpointView;
use crate::wire::manifest::{ManifestAction, ManifestReport};

use self::read::Document;
use self::send::Mode;

/// Applies manifests.
pub(super) async fn apply(context: &Context, args: Apply) -> Result<(), Error> {
    let documents = documents(&args.manifests)?;
    let client = context.client()?;
    let progress = Progress::start(context, "applying");
    let sent = send::all(&client, &documents, Mode::Apply, args.manifests.force).await;
    drop(progress);
    let report = match sent {
        Ok(report) => report,
        Err(broken) => {
            if !broken.done.results.is_empty() {
                report::applied(&context.printer, &broken.done)?;
                let count = broken.done.results.len();
                context.printer.warn(&format!(
                    "{count} of {} documents were applied before that",
                    documents.len()
                ))?;
            }
            if broken.is_unknown() {
                let unknown = "whether more was written is not known; keon plan shows what is left";
                context.printer.warn(unknown)?;
            }
            return Err(broken.error);
        }
    };
    report::applied(&context.printer, &report)?;
    match args.wait.limit() {
        Some(limit) => until_ready(context, &client, &report, limit).await,
        None => Ok(()),
    }
}

/// Shows what would change.
pub(super) async fn plan(context: &Context, args: Plan) -> Result<(), Error> {
    let documents = documents(&args.manifests)?;
    let client = context.client()?;
    let progress = Progress::start(context, "planning");
    let sent = send::all(&client, &documents, Mode::Plan, args.manifests.force).await;
    drop(progress);
    let report = sent.map_err(|broken| broken.error)?;
    report::planned(&context.printer, &report, &documents)?;
    let has = |action| report.results.iter().any(|of| of.action == action);
    if has(ManifestAction::Refused) {
        return Err(
            Error::refused("not all documents would be applied, so none would be")
                .hinting("mend what is refused above, and plan again"),
        );
    }
    let changes = has(ManifestAction::Created) || has(ManifestAction::Configured);
    if args.detailed_exitcode && changes {
        return Err(Error::Changes);
    }
    Ok(())
}

fn documents(args: &Manifests) -> Result<Vec<Document>, Error> {
    read::documents(&args.filenames, args.recursive)
}

/// Waits until the endpoints among the documents are as they were asked to be.
async fn until_ready(
    context: &Context,
    client: &Client,
    report: &ManifestReport,
    limit: Duration,
) -> Result<(), Error> {
    let named = report.results.iter().filter(|of| of.kind == "Endpoint");
    let named = named.map(|of| &*of.name).collect::<Vec<_>>();
    if named.is_empty() {
        return Ok(());
    }
    let deadline = Instant::now() + limit;
    let all = client
        .list::<EndpointView>(&["v1", "endpoints"], &[])
        .await?;
    for endpoint in all.iter().filter(|of| named.contains(&&*of.name)) {
        let left = deadline.saturating_duration_since(Instant::now());
        wait::until(context, client, endpoint, Goal::of(endpoint), left).await?;
    }
    Ok(())
}
