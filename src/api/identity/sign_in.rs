//! Who vouches for people: from a provider's proof to an identity.

use jiff::Timestamp;
use secrecy::SecretString;

use crate::api::http::error::{ApiError, ApiResult, Code};
use crate::auth::identity::Identity;
use crate::auth::identity::github::{GitHub, GitHubError};
use crate::auth::identity::keystore::KeyStore;
use crate::auth::identity::oidc::{self, IssuerPolicy, OidcError};
use crate::wire::auth::ExchangeProof;

/// An OpenID Connect provider and its keys.
pub struct OidcProvider {
    /// Which of its tokens are taken.
    pub policy: IssuerPolicy,
    /// What verifies them.
    pub keys: KeyStore,
}

/// Every configured provider.
#[derive(Default)]
pub struct Providers {
    /// Google and other OpenID Connect providers.
    pub oidc: Vec<OidcProvider>,
    /// GitHub, which has no ID token.
    pub github: Option<GitHub>,
}

/// An identity, and the digest of a proof that is good only once.
pub struct Proved {
    /// Who.
    pub identity: Identity,
    /// Digest and end of the proof, where it is good only once.
    pub once: Option<([u8; 32], Timestamp)>,
}

impl Providers {
    /// Names of the providers, for refusals.
    fn names(&self) -> String {
        let github = self.github.is_some().then_some("github");
        let oidc = self.oidc.iter().map(|provider| &*provider.policy.name);
        let names = oidc.chain(github);
        names.collect::<Vec<_>>().join(", ")
    }

    /// Checks a proof with the provider that it names.
    ///
    /// # Errors
    /// When it is not valid, or the provider cannot be asked.
    pub async fn prove(&self, proof: ExchangeProof, now: Timestamp) -> ApiResult<Proved> {
        if proof.provider == "github"
            && let Some(github) = &self.github
        {
            let token = SecretString::from(required("accessToken", proof.access_token)?);
            let identity = github.identify(token).await.map_err(github_error)?;
            return Ok(Proved {
                identity,
                once: None,
            });
        }
        let provider = self.oidc.iter().find(|p| p.policy.name == proof.provider);
        let Some(provider) = provider else {
            return Err(ApiError::new(Code::InvalidRequest).field(
                "provider",
                format!("is not configured here; use one of: {}", self.names()),
            ));
        };
        let token = required("idToken", proof.id_token)?;
        let OidcProvider { policy, keys } = provider;
        let verified = oidc::verify(policy, keys, &token, proof.nonce.as_deref(), now)
            .await
            .map_err(oidc_error)?;
        Ok(Proved {
            identity: verified.identity,
            once: Some((verified.digest, verified.remember_until)),
        })
    }
}

fn required(field: &str, value: Option<String>) -> ApiResult<String> {
    value.filter(|text| !text.is_empty()).ok_or_else(|| {
        ApiError::new(Code::InvalidRequest).field(field, "is needed for this provider")
    })
}

fn oidc_error(error: OidcError) -> ApiError {
    if matches!(error, OidcError::Keys(_)) {
        return ApiError::unavailable(error);
    }
    ApiError::with(
        Code::InvalidProof,
        "the ID token is not valid for this sign-in: sign in again",
    )
    .caused_by(error)
}

fn github_error(error: GitHubError) -> ApiError {
    match error {
        GitHubError::Http(_) => return ApiError::unavailable(error),
        GitHubError::Client => return ApiError::internal(error),
        GitHubError::Token | GitHubError::Email => {}
    }
    ApiError::with(
        Code::InvalidProof,
        "GitHub does not vouch for this token: sign in again, with an account that has a verified primary address",
    )
    .caused_by(error)
}
