//! `keon api-keys`.

mod hash;
mod view;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};
use reqwest::Method;
use secrecy::ExposeSecret as _;

use crate::cli::args::api_key::{ApiKeys, Create, Delete, Reach, Scope, Update};
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::question::Leave;
use crate::domain::api_key::PlainKey;
use crate::wire::api_key::{
    self, ApiKeyView, CreateApiKey, CreatedApiKey, ManagedBy, UpdateApiKey,
};

const COLLECTION: [&str; 2] = ["v1", "api-keys"];

/// Does what was asked for.
pub(super) async fn run(context: &Context, verb: ApiKeys) -> Result<(), Error> {
    match verb {
        ApiKeys::List => list(context).await,
        ApiKeys::Get(args) => get(context, &args.key).await,
        ApiKeys::Create(args) => create(context, args).await,
        ApiKeys::Update(args) => update(context, args).await,
        ApiKeys::Delete(args) => delete(context, args).await,
        ApiKeys::Hash(args) => hash::run(context, args).await,
    }
}

async fn list(context: &Context) -> Result<(), Error> {
    let client = context.client()?;
    let keys = client.list::<ApiKeyView>(&COLLECTION, &[]).await?;
    context.printer.list(&keys)
}

async fn get(context: &Context, wanted: &str) -> Result<(), Error> {
    context
        .printer
        .one(&context.client()?.api_key(wanted).await?)
}

async fn create(context: &Context, args: Create) -> Result<(), Error> {
    context.printer.check_shown("key")?;
    let reach = args.reach;
    let scopes = reach.scopes.iter().map(|scope| match scope {
        Scope::Read => api_key::Scope::Read,
        Scope::Write => api_key::Scope::Write,
    });
    let scopes = scopes.collect::<Vec<_>>();
    let body = CreateApiKey {
        label: args.label,
        expires_at: end(&reach, Timestamp::now())?,
        scopes: (!scopes.is_empty()).then_some(scopes),
        project: reach.project,
    };
    let client = context.client()?;
    let call = client.call(Method::POST, &COLLECTION);
    let made = match call
        .idempotent()?
        .body(&body)?
        .json::<CreatedApiKey>()
        .await
    {
        Ok(made) => made,
        Err(refusal) => {
            return Err(match &body.project {
                Some(wanted) => client.about_project(refusal, wanted).await,
                None => refusal,
            });
        }
    };
    let printer = &context.printer;
    printer.value(&made, &made.api_key.id, || format!("{}\n", made.key))?;
    let (label, reach) = (&made.api_key.label, view::reach(&made.api_key));
    printer.note(&format!(
        "this is API key {label}, which may {reach}; it is not shown again"
    ))
}

async fn update(context: &Context, args: Update) -> Result<(), Error> {
    let client = context.client()?;
    let key = client.api_key(&args.key.key).await?;
    let path = ["v1", "api-keys", &*key.id];
    let call = client.call(Method::PATCH, &path);
    let body = UpdateApiKey { label: args.label };
    let renamed = call.body(&body)?.json::<ApiKeyView>().await?;
    context.printer.one(&renamed)
}

async fn delete(context: &Context, args: Delete) -> Result<(), Error> {
    let leave = Leave::of(context, args.yes, "revoke a key")?;
    let client = context.client()?;
    let key = client.api_key(&args.key.key).await?;
    let (label, prefix) = (&key.label, &key.prefix);
    let children = match args.keep_children {
        true => "",
        false => " and all keys that it has made",
    };
    let own = match is_own(context, &key) {
        true => " It is the key that keon uses here.",
        false => "",
    };
    let question = format!("Revoke API key {label} ({prefix}…){children}?{own}");
    leave.confirm(question).await?;
    let path = ["v1", "api-keys", &*key.id];
    let mut call = client.call(Method::DELETE, &path);
    if args.keep_children {
        call = call.query("cascade", "false");
    }
    call.done().await?;
    context.printer.note(&match key.managed_by {
        ManagedBy::Api => format!("API key {label} is revoked"),
        ManagedBy::Kubernetes => {
            format!("API key {label} is revoked; its object stays, since it would come back")
        }
    })
}

/// Whether it is the key that is sent.
fn is_own(context: &Context, key: &ApiKeyView) -> bool {
    let credential = context.settings.credential.as_ref();
    credential
        .and_then(|of| PlainKey::parse(of.key.expose_secret()).ok())
        .is_some_and(|own| own.prefix() == key.prefix)
}

/// When a key ends that is made now, by the calendar.
fn end(reach: &Reach, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let Some(span) = reach.expires_in else {
        return Ok(reach.expires_at);
    };
    let now = now.to_zoned(TimeZone::UTC);
    // Kubernetes keeps whole seconds.
    let end = now
        .checked_add(span)
        .and_then(|end| end.round(Unit::Second));
    end.map(|end| Some(end.timestamp())).map_err(|_| {
        Error::usage(format!("{span:#} from now is beyond the calendar"))
            .hinting("leave --expires-in out for a key that does not end")
    })
}
