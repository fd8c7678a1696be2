//! `keon audit`: what was changed, by whom.

use jiff::Timestamp;
use reqwest::Method;

use crate::cli::args::manifest::Audit;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::printer::Listed;
use crate::wire::audit_event::AuditEventView;
use crate::wire::page::{Page, PageQuery};

/// Lists what was changed, the newest first.
pub(super) async fn run(context: &Context, args: Audit) -> Result<(), Error> {
    let client = context.client()?;
    let (mut events, mut cursor) = (Vec::new(), None::<String>);
    let mut left = args.limit;
    while left > 0 {
        let count = left.min(PageQuery::MAX_LIMIT);
        let mut call = client.call(Method::GET, &["v1", "audit-events"]);
        call = call.query("limit", &count.to_string());
        if let Some(cursor) = &cursor {
            call = call.query("cursor", cursor);
        }
        let page = call.json::<Page<AuditEventView>>().await?;
        events.extend(page.items);
        left -= count;
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    context.printer.list(&events)?;
    if cursor.is_some() {
        let more = args.limit.saturating_mul(2);
        let note = format!("there are older ones: keon audit --limit {more}");
        context.printer.note(&note)?;
    }
    Ok(())
}

impl Listed for AuditEventView {
    const KIND: &'static str = "audit-event";
    const HEAD: &'static [&'static str] = &["TIME", "ACTOR", "ACTION", "TARGET"];

    fn name(&self) -> &str {
        &self.id
    }

    fn row(&self, _now: Timestamp) -> Vec<String> {
        let at = self.at.parse::<Timestamp>();
        let at = at.map_or_else(|_| self.at.clone(), |at| format!("{at:.0}"));
        let target = &self.target;
        let target = match &target.name {
            Some(name) => format!("{}/{name}", target.kind),
            None => format!("{}/{}", target.kind, target.id),
        };
        vec![at, self.actor.label.clone(), self.action.clone(), target]
    }
}
