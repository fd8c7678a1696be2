//! Sign-in with GitHub, which has no id token (J7).
//!
//! A token alone proves nothing: any other app's would do. So GitHub is asked whether this one was
//! given to *our* app, then who it is of. The account is the numeric id, since a login can be given
//! to someone else; the address is the primary one, and only if it is verified.

use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use thiserror::Error;
use url::Url;

use super::http::{HttpError, ProviderClient, read, send};
use super::{Identity, display_name};
use crate::domain::email::Email;

/// Longest token that is sent on (GitHub's own bound).
const MAX_TOKEN_LENGTH: usize = 255;

/// Why nobody was identified.
#[derive(Debug, Error)]
pub enum GitHubError {
    /// Not a token, or of another app, or no longer valid.
    #[error("GitHub does not know the token as one of this app's")]
    Token,
    /// No primary address that is verified.
    #[error("the GitHub account has no primary e-mail address that is verified")]
    Email,
    /// GitHub does not accept our client id and secret.
    #[error("GitHub refuses the client id and secret of this app")]
    Client,
    /// GitHub cannot be asked, or answers otherwise than agreed.
    #[error("failed to ask GitHub")]
    Http(#[from] HttpError),
}

/// GitHub, as our app sees it.
#[derive(Debug)]
pub struct GitHub {
    client: ProviderClient,
    api: Url,
    client_id: String,
    client_secret: SecretString,
}

#[derive(Deserialize)]
struct Check {
    app: App,
    user: Option<Account>,
}

#[derive(Deserialize)]
struct App {
    client_id: String,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl GitHub {
    /// Where the API of github.com is.
    pub const API: &'static str = "https://api.github.com";

    /// Our app at the GitHub whose API is at `api`.
    ///
    /// # Errors
    /// When the URL may not be asked, or the client id could not be part of one.
    pub fn new(
        client: ProviderClient,
        api: &str,
        client_id: impl Into<String>,
        client_secret: SecretString,
    ) -> Result<Self, HttpError> {
        let client_id = client_id.into();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'_' || b == b'-';
        if client_id.is_empty() || !client_id.bytes().all(plain) {
            return Err(HttpError::Url(client_id));
        }
        // A base ends with a slash, or its last part would be replaced.
        let api = client.check(&format!("{}/", api.trim_end_matches('/')))?;
        Ok(Self {
            client,
            api,
            client_id,
            client_secret,
        })
    }

    /// Finds out whose token it is. The token is gone afterwards.
    ///
    /// # Errors
    /// When it is not one of our app's, its account has no verified primary address, or GitHub
    /// cannot be asked.
    pub async fn identify(&self, token: SecretString) -> Result<Identity, GitHubError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let text = token.expose_secret();
        if text.is_empty() || text.len() > MAX_TOKEN_LENGTH || !text.bytes().all(plain) {
            return Err(GitHubError::Token);
        }
        let checked = self.check(&token).await?;
        let (user, addresses) = tokio::try_join!(
            self.get::<User>("user", &token),
            self.get::<Vec<Address>>("user/emails", &token),
        )?;
        if checked.user.is_some_and(|account| account.id != user.id) {
            return Err(GitHubError::Token);
        }
        let primary = addresses.iter().find(|a| a.primary && a.verified);
        let email = primary.and_then(|address| Email::parse(&address.email).ok());
        Ok(Identity {
            provider: "github".to_owned(),
            subject: user.id.to_string(),
            email: email.ok_or(GitHubError::Email)?,
            name: display_name(user.name.as_deref().unwrap_or(&user.login)),
        })
    }

    /// "Check a token": only the app that a token was given to may ask.
    async fn check(&self, token: &SecretString) -> Result<Check, GitHubError> {
        let path = format!("applications/{}/token", self.client_id);
        let request = self
            .request(Method::POST, &path)?
            .basic_auth(&self.client_id, Some(self.client_secret.expose_secret()))
            .json(&json!({ "access_token": token.expose_secret() }));
        let response = send(request).await?;
        match response.status() {
            StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY => {
                return Err(GitHubError::Token);
            }
            StatusCode::UNAUTHORIZED => return Err(GitHubError::Client),
            _ => {}
        }
        let check = read::<Check>(response).await?;
        if check.app.client_id == self.client_id {
            Ok(check)
        } else {
            Err(GitHubError::Token)
        }
    }

    async fn get<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        token: &SecretString,
    ) -> Result<T, GitHubError> {
        let request = self
            .request(Method::GET, path)?
            .bearer_auth(token.expose_secret());
        let response = send(request).await?;
        match response.status() {
            // Revoked since, or not given the right to read addresses.
            StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND => Err(GitHubError::Token),
            _ => Ok(read(response).await?),
        }
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, HttpError> {
        let url = self.api.join(path);
        let url = url.map_err(|_| HttpError::Url(path.to_owned()))?;
        let request = self.client.request(method, url);
        Ok(request
            .header(
                ACCEPT,
                HeaderValue::from_static("application/vnd.github+json"),
            )
            .header(
                "x-github-api-version",
                HeaderValue::from_static("2022-11-28"),
            ))
    }
}
