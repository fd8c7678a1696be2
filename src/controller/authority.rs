//! Where the operator's certificate authority is kept: its key in a Secret, its certificate in a
//! ConfigMap that everyone may be shown, both in the operator's own namespace.

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Client;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use secrecy::ExposeSecret;
use thiserror::Error;

use crate::auth::certificate::{Authority, KeyedCertificate, PkiError};
use crate::cluster::apply::FIELD_MANAGER;

/// Name of the Secret and of the ConfigMap.
const NAME: &str = "kisenon-ca";
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";

/// The authority could not be taken up.
#[derive(Debug, Error)]
pub enum AuthorityError {
    /// Kubernetes refused or failed.
    #[error("failed to keep the certificate authority in {NAME}")]
    Store(#[from] kube::Error),
    /// The stored authority is not readable.
    #[error("failed to take up the certificate authority in {NAME}")]
    Load(#[from] PkiError),
    /// The Secret lacks a part.
    #[error("Secret {NAME} has no {0}: delete it to have a new authority made")]
    Incomplete(&'static str),
}

/// Takes up the stored authority, or makes one. Of several that make one at once, the first wins.
///
/// # Errors
/// When Kubernetes refuses or cannot be reached, or what is stored is not an authority.
pub async fn load_or_create(
    client: &Client,
    namespace: &str,
    now: Timestamp,
) -> Result<Authority, AuthorityError> {
    let secrets = Api::<Secret>::namespaced(client.clone(), namespace);
    let stored = match secrets.get_opt(NAME).await? {
        Some(stored) => stored,
        None => create(&secrets, &Authority::generate(now)?).await?,
    };
    let part = |key: &'static str| {
        stored
            .data
            .as_ref()
            .and_then(|data| String::from_utf8(data.get(key)?.0.clone()).ok())
            .ok_or(AuthorityError::Incomplete(key))
    };
    let authority = Authority::load(&KeyedCertificate {
        certificate: part(CERTIFICATE)?,
        key: part(KEY)?.into(),
    })?;
    publish(client, namespace, &authority).await?;
    Ok(authority)
}

async fn create(secrets: &Api<Secret>, made: &KeyedCertificate) -> kube::Result<Secret> {
    let bytes = |text: &str| ByteString(text.as_bytes().to_vec());
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(NAME.to_owned()),
            ..ObjectMeta::default()
        },
        type_: Some("kubernetes.io/tls".to_owned()),
        data: Some(
            [
                (CERTIFICATE.to_owned(), bytes(&made.certificate)),
                (KEY.to_owned(), bytes(made.key.expose_secret())),
            ]
            .into(),
        ),
        ..Secret::default()
    };
    let params = PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    };
    match secrets.create(&params, &secret).await {
        Err(kube::Error::Api(status)) if status.code == 409 => secrets.get(NAME).await,
        created => created,
    }
}

async fn publish(client: &Client, namespace: &str, authority: &Authority) -> kube::Result<()> {
    let config_maps = Api::<ConfigMap>::namespaced(client.clone(), namespace);
    let data = [("ca.crt".to_owned(), authority.certificate().to_owned())].into();
    let wanted = ConfigMap {
        metadata: ObjectMeta {
            name: Some(NAME.to_owned()),
            ..ObjectMeta::default()
        },
        data: Some(data),
        ..ConfigMap::default()
    };
    if config_maps
        .get_opt(NAME)
        .await?
        .is_some_and(|published| published.data == wanted.data)
    {
        return Ok(());
    }
    let params = PatchParams::apply(FIELD_MANAGER).force();
    config_maps
        .patch(NAME, &params, &Patch::Apply(&wanted))
        .await
        .map(drop)
}
