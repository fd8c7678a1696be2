//! `keon logout`: the server ends the key first, then this machine forgets it. A key is never
//! forgotten while it is valid, unless the person says so.

use super::revoke::{self, Ended};
use crate::cli::args::sign_in::Logout;
use crate::cli::context::Context;
use crate::cli::credentials::Profile;
use crate::cli::error::Error;

/// Signs out.
pub(in crate::cli::command) async fn run(context: &Context, args: Logout) -> Result<(), Error> {
    let settings = &context.settings;
    let name = &settings.profile_name;
    let Some(profile) = &settings.profile else {
        return Err(nothing_kept(context));
    };
    if args.local {
        forget(context, profile)?;
        context.printer.warn(&format!(
            "{} stays valid: revoke it in the console when you can",
            profile.key_id
        ))?;
        return tell(context, profile);
    }
    if !profile.is_for(&settings.api_url) {
        let message = format!(
            "profile {name} is signed in to {}, not to {}",
            profile.api_url, settings.api_url
        );
        return Err(Error::usage(message).hinting("leave out --api-url, or name another --profile"));
    }
    let ended = revoke::key(context, &profile.api_key, &profile.key_id).await;
    let ended = ended.map_err(|source| Error::NotRevoked {
        profile: name.clone(),
        source: Box::new(source),
    })?;
    forget(context, profile)?;
    if ended == Ended::Already {
        let note = "The server had not accepted this key any more";
        context.printer.note(note)?;
    }
    tell(context, profile)
}

fn nothing_kept(context: &Context) -> Error {
    let settings = &context.settings;
    let name = &settings.profile_name;
    match settings.environment.api_key {
        Some(_) => Error::NotSignedIn {
            message: format!("there is no profile {name} to sign out of"),
            hint: "KISENON_API_KEY is a key of your environment: unset it, and revoke it with \
                   keon api-keys delete"
                .to_owned(),
        },
        None => Error::NotSignedIn {
            message: format!("there is no profile {name} to sign out of"),
            hint: "list them: keon profiles list".to_owned(),
        },
    }
}

/// Removes the profile, unless somebody has signed in by it meanwhile.
fn forget(context: &Context, profile: &Profile) -> Result<(), Error> {
    let name = &context.settings.profile_name;
    context.settings.store.change(|stored| {
        let is_it = |of: &Profile| of.key_id == profile.key_id;
        if stored.profiles.get(name).is_some_and(is_it) {
            stored.profiles.remove(name);
            stored.current_profile.take_if(|current| current == name);
        }
        Ok(())
    })
}

fn tell(context: &Context, profile: &Profile) -> Result<(), Error> {
    let who = profile.account.as_deref().unwrap_or(&profile.key_id);
    context.printer.note(&format!(
        "Signed out of {} as {who} (profile {})",
        profile.api_url, context.settings.profile_name
    ))?;
    if context.settings.environment.api_key.is_some() {
        let warning = "KISENON_API_KEY is still set, so keon goes on with that key";
        context.printer.warn(warning)?;
    }
    Ok(())
}
