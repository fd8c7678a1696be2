//! Keeping a key: shown to work first, then stored, and only then the one before it is revoked.

use secrecy::SecretString;

use crate::cli::command::sign_in::revoke::{self, Ended};
use crate::cli::context::Context;
use crate::cli::credentials::Profile;
use crate::cli::error::Error;
use crate::domain::api_key::PlainKey;
use crate::wire::grant::cli::GrantedKey;
use crate::wire::me::{CredentialView, Me};

/// A key that is stored.
#[derive(Debug)]
pub(super) struct Kept {
    /// Whom it acts for.
    who: String,
    /// What it has taken the place of, if that is another key.
    before: Option<Profile>,
}

/// Keeps the key that the server has just made. One that cannot be kept is revoked, so that none
/// is valid that nobody knows of.
///
/// # Errors
/// When it does not work or cannot be stored.
pub(super) async fn granted(context: &Context, granted: GrantedKey) -> Result<Kept, Error> {
    let id = granted.id;
    let key = PlainKey::parse(&granted.api_key).map_err(|error| Error::Unexpected {
        url: context.settings.api_url.to_string(),
        source: error.into(),
    })?;
    match given(context, &key).await {
        Ok(kept) => Ok(kept),
        Err(error) => {
            if revoke::key(context, key.text(), &id).await.is_err() {
                let prefix = key.prefix();
                context.printer.warn(&format!(
                    "the new key {prefix}… stays valid: revoke it in the console"
                ))?;
            }
            Err(error)
        }
    }
}

/// Keeps this key.
///
/// # Errors
/// When it does not work or cannot be stored.
pub(super) async fn given(context: &Context, key: &PlainKey) -> Result<Kept, Error> {
    let client = context.client_with(key.text())?;
    let me = client.get::<Me>(&["v1", "me"]).await?;
    let CredentialView::ApiKey { id, .. } = me.credential else {
        return Err(Error::Unexpected {
            url: context.settings.api_url.to_string(),
            source: "it takes an API key for something else".into(),
        });
    };
    let account = me.user.map(|user| user.email);
    let who = account.clone().unwrap_or_else(|| me.tenant.id.clone());
    let before = store(context, key.text().clone(), id, account)?;
    Ok(Kept { who, before })
}

fn store(
    context: &Context,
    api_key: SecretString,
    key_id: String,
    account: Option<String>,
) -> Result<Option<Profile>, Error> {
    let settings = &context.settings;
    let ca_file = settings.ca_file.as_ref().map(|path| {
        // It must be found from other folders as well.
        std::path::absolute(path).map_err(|source| Error::File {
            verb: "find",
            path: path.clone(),
            source,
        })
    });
    let profile = Profile {
        api_url: settings.api_url.clone(),
        ca_file: ca_file.transpose()?,
        api_key,
        key_id,
        account,
    };
    let name = &settings.profile_name;
    settings.store.change(|stored| {
        if let Some(other) = stored
            .profiles
            .get(name)
            .filter(|of| !of.is_for(&profile.api_url))
        {
            return Err(of_another_server(name, other));
        }
        let id = profile.key_id.clone();
        stored.current_profile = Some(name.clone());
        let before = stored.profiles.insert(name.clone(), profile);
        Ok(before.filter(|before| before.key_id != id))
    })
}

/// Refuses to take the place of a key of another server, which would be forgotten while it is
/// valid.
pub(super) fn of_another_server(name: &str, other: &Profile) -> Error {
    let message = format!("profile {name} is signed in to {}", other.api_url);
    Error::refused(message).hinting(
        "keep both: keon login --profile NAME --api-url URL; or sign out of that one first: keon logout",
    )
}

impl Kept {
    /// Tells the person, and revokes the key that was there before.
    ///
    /// # Errors
    /// When it cannot be told.
    pub(super) async fn tell(self, context: &Context) -> Result<(), Error> {
        let (printer, settings) = (&context.printer, &context.settings);
        printer.note(&format!(
            "Signed in as {} on {} (profile {})",
            self.who, settings.api_url, settings.profile_name
        ))?;
        if let Some(before) = &self.before {
            let id = &before.key_id;
            match revoke::key(context, &before.api_key, id).await {
                Ok(Ended::Now) => printer.note("Revoked the key that this profile had before")?,
                Ok(Ended::Already) => {}
                Err(error) => printer.warn(&format!(
                    "{id}, the key that this profile had before, is not revoked ({error}): \
                     run keon api-keys delete {id}"
                ))?,
            }
        }
        if settings.environment.api_key.is_some() {
            printer.warn("KISENON_API_KEY is set and comes before every profile: unset it")?;
        }
        Ok(())
    }
}
