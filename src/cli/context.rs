//! What every command is handed.

use super::client::Client;
use super::error::Error;
use super::printer::Printer;
use super::settings::Settings;

/// Settings, and the doors to the screen and to the API.
pub(crate) struct Context {
    /// What is set.
    pub(crate) settings: Settings,
    /// The only door to stdout and stderr.
    pub(crate) printer: Printer,
}

impl Context {
    /// For one command.
    pub(crate) fn new(settings: Settings) -> Self {
        let printer = Printer::new(&settings);
        Self { settings, printer }
    }

    /// The API, with the credential.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn client(&self) -> Result<Client, Error> {
        let settings = &self.settings;
        match &settings.credential {
            Some(credential) => Client::new(settings, Some(credential.key.clone())),
            None => Err(self.not_signed_in()),
        }
    }

    /// The API, as anybody may call it.
    ///
    /// # Errors
    /// When the certificate authorities cannot be read.
    pub(crate) fn anonymous_client(&self) -> Result<Client, Error> {
        Client::new(&self.settings, None)
    }

    /// The API, with this key instead.
    ///
    /// # Errors
    /// When the certificate authorities cannot be read.
    pub(crate) fn client_with(&self, key: &secrecy::SecretString) -> Result<Client, Error> {
        Client::new(&self.settings, Some(key.clone()))
    }

    fn not_signed_in(&self) -> Error {
        let Settings {
            api_url,
            profile_name,
            profile,
            ..
        } = &self.settings;
        let message = match profile {
            Some(profile) => format!(
                "profile {profile_name} is signed in to {}, not to {api_url}",
                profile.api_url
            ),
            None => format!("not signed in to {api_url}"),
        };
        let hint = match profile {
            Some(_) => "sign in with another profile: keon login --profile NAME --api-url URL",
            None => "run keon login, or set KISENON_API_KEY",
        };
        Error::NotSignedIn {
            message,
            hint: hint.to_owned(),
        }
    }
}
