//! `keon whoami`.

use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::settings::Source;
use crate::wire::me::{CredentialView, Me};

/// Says who is signed in, and where.
pub(in crate::cli::command) async fn run(context: &Context) -> Result<(), Error> {
    let me = context.client()?.get::<Me>(&["v1", "me"]).await?;
    let name = me.user.as_ref().map_or(&*me.tenant.id, |user| &user.email);
    context.printer.value(&me, name, || text(context, &me))
}

fn text(context: &Context, me: &Me) -> String {
    let settings = &context.settings;
    let who = me.user.as_ref().map_or_else(
        || "a key that acts for nobody".to_owned(),
        |user| user.email.clone(),
    );
    let with = match &me.credential {
        CredentialView::Session { .. } => "a session".to_owned(),
        CredentialView::ApiKey { label, prefix, .. } => format!("API key {label} ({prefix}…)"),
    };
    let from = match settings.credential.as_ref().map(|of| &of.source) {
        Some(Source::Profile(name)) => format!("profile {name}"),
        Some(Source::Environment) | None => "KISENON_API_KEY".to_owned(),
    };
    format!(
        "{who}\n  server  {}\n  tenant  {}\n  with    {with}, from {from}\n",
        settings.api_url, me.tenant.id
    )
}
