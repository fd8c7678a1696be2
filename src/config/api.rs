//! The configuration file of the API: read once, checked once, then passed in. Secrets are not in
//! it: they come from the environment, which the binary reads.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::ConfigError;

/// What the API was told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiConfig {
    /// Where clients reach the API; issuer and audience of session tokens. Without a path.
    pub public_url: Url,
    /// Where people reach the console: the one origin that browsers may call from.
    pub console_url: Url,
    /// Certificate and key of the listener; `None`: plain HTTP, behind a proxy that ends TLS.
    pub tls: Option<TlsFiles>,
    /// Proxies in front whose `X-Forwarded-For` is believed, counted from the right.
    pub trusted_proxy_hops: usize,
    /// Who may sign in: addresses, or `@` and a domain.
    pub allow_list: Vec<String>,
    /// Client id at Google.
    pub google: Option<String>,
    /// Client id at GitHub.
    pub github: Option<String>,
    /// Further providers.
    pub oidc: Vec<OidcProvider>,
    /// What one tenant may have.
    pub tenant_quota: TenantQuota,
    /// Where security reports go (RFC 9116 section 2.5.3).
    pub security_contact: Url,
}

/// Files of the listener's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsFiles {
    /// Certificate chain, PEM.
    pub certificate_file: PathBuf,
    /// Private key, PEM.
    pub key_file: PathBuf,
}

/// An OpenID Connect provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcProvider {
    /// Its name in requests and in accounts; cannot change without losing the accounts.
    pub name: String,
    /// Its issuer identifier (OpenID Connect Discovery 1.0 section 3).
    pub issuer: Url,
    /// The console's client id there.
    pub client_id: String,
    /// Certificate authority of the provider, PEM, beside the public ones.
    pub ca_file: Option<PathBuf>,
}

/// What one tenant may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TenantQuota {
    /// Projects.
    pub projects: u32,
    /// Endpoints.
    pub endpoints: u32,
    /// API keys.
    pub api_keys: u32,
}

impl Default for TenantQuota {
    fn default() -> Self {
        Self {
            projects: 20,
            endpoints: 50,
            api_keys: 100,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    public_url: String,
    console_url: String,
    tls: Option<TlsFiles>,
    #[serde(default)]
    trusted_proxy_hops: u8,
    #[serde(default)]
    allow_list: Vec<String>,
    #[serde(default)]
    identity_providers: Providers,
    #[serde(default)]
    tenant_quota: TenantQuota,
    #[serde(default = "security_contact")]
    security_contact: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Providers {
    google: Option<Client>,
    github: Option<Client>,
    oidc: Vec<Oidc>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Client {
    client_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Oidc {
    name: String,
    issuer: String,
    client_id: String,
    ca_file: Option<PathBuf>,
}

impl ApiConfig {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// When it cannot be read, parsed or used.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text)
    }

    /// Checks the text of a file.
    ///
    /// # Errors
    /// When it cannot be parsed or used.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let file = serde_saphyr::from_str::<File>(text)
            .map_err(|source| ConfigError::Parse(Box::new(source)))?;
        let Providers {
            google,
            github,
            oidc,
        } = file.identity_providers;
        let client = |field, client: Option<Client>| {
            client
                .map(|client| filled(field, client.client_id))
                .transpose()
        };
        Ok(Self {
            public_url: origin("publicUrl", &file.public_url)?,
            console_url: origin("consoleUrl", &file.console_url)?,
            tls: file.tls,
            trusted_proxy_hops: file.trusted_proxy_hops.into(),
            allow_list: patterns(file.allow_list)?,
            google: client("identityProviders.google.clientId", google)?,
            github: client("identityProviders.github.clientId", github)?,
            oidc: providers(oidc)?,
            tenant_quota: file.tenant_quota,
            security_contact: contact(&file.security_contact)?,
        })
    }
}

/// A web origin: what browsers send as `Origin`, and what tokens name as their issuer.
fn origin(field: &str, text: &str) -> Result<Url, ConfigError> {
    let refused = || {
        let problem = format!(
            "{text:?} must be an origin such as https://api.example.com, without path, query or credentials"
        );
        ConfigError::invalid(field, problem)
    };
    let url = Url::parse(text).map_err(|_| refused())?;
    let is_origin = matches!(url.scheme(), "https" | "http")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    is_origin.then_some(url).ok_or_else(refused)
}

fn filled(field: &str, text: String) -> Result<String, ConfigError> {
    if text.trim().is_empty() {
        let problem = "must not be empty: write the client id that the provider gave, or leave the provider out";
        return Err(ConfigError::invalid(field, problem));
    }
    Ok(text)
}

fn patterns(texts: Vec<String>) -> Result<Vec<String>, ConfigError> {
    for text in &texts {
        if crate::domain::email::AllowPattern::parse(text).is_err() {
            let problem = format!(
                "{text:?} must be an address such as dev@example.com, or @example.com for everyone there"
            );
            return Err(ConfigError::invalid("allowList", problem));
        }
    }
    Ok(texts)
}

fn providers(files: Vec<Oidc>) -> Result<Vec<OidcProvider>, ConfigError> {
    let mut providers = Vec::<OidcProvider>::new();
    for file in files {
        let is_name = !file.name.is_empty()
            && file.name.len() <= 32
            && file
                .name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let is_taken = matches!(&*file.name, "google" | "github")
            || providers.iter().any(|other| other.name == file.name);
        if !is_name || is_taken {
            let problem = format!(
                "{:?} must be one to 32 lower-case letters, digits and hyphens, and no other provider's",
                file.name
            );
            return Err(ConfigError::invalid("identityProviders.oidc.name", problem));
        }
        let issuer = Url::parse(&file.issuer).ok().filter(|url| {
            matches!(url.scheme(), "https" | "http") && url.has_host() && url.query().is_none()
        });
        let Some(issuer) = issuer else {
            let problem = format!("{:?} must be an https URL", file.issuer);
            return Err(ConfigError::invalid(
                "identityProviders.oidc.issuer",
                problem,
            ));
        };
        providers.push(OidcProvider {
            client_id: filled("identityProviders.oidc.clientId", file.client_id)?,
            name: file.name,
            issuer,
            ca_file: file.ca_file,
        });
    }
    Ok(providers)
}

fn contact(text: &str) -> Result<Url, ConfigError> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "mailto" | "https" | "tel"))
        .ok_or_else(|| {
            let problem = format!("{text:?} must be a mailto:, https: or tel: URI");
            ConfigError::invalid("securityContact", problem)
        })
}

fn security_contact() -> String {
    "mailto:security@kisenon.com".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "publicUrl: https://api.example.com\nconsoleUrl: https://example.com\n";

    fn refusal(more: &str) -> String {
        ApiConfig::parse(&format!("{LEAST}{more}"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_least_that_must_be_written_is_two_origins() {
        let config = ApiConfig::parse(LEAST).unwrap();
        assert!(config.allow_list.is_empty(), "nobody may sign in");
        assert_eq!(config.tenant_quota, TenantQuota::default());
        assert!(ApiConfig::parse("publicUrl: https://api.example.com/v1").is_err());
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_place() {
        for (more, place) in [
            ("allowList: [everyone]", "allowList"),
            ("securityContact: nobody", "securityContact"),
            (
                "identityProviders: {google: {clientId: ' '}}",
                "identityProviders.google.clientId",
            ),
            (
                "identityProviders: {oidc: [{name: google, issuer: 'https://a', clientId: b}]}",
                "identityProviders.oidc.name",
            ),
            (
                "identityProviders: {oidc: [{name: a, issuer: here, clientId: b}]}",
                "identityProviders.oidc.issuer",
            ),
        ] {
            let refusal = refusal(more);
            assert!(refusal.starts_with(place), "{refusal}");
        }
        assert!(ApiConfig::parse(&format!("{LEAST}unknown: 1")).is_err());
    }
}
