//! The Secret of the workload namespace: certificate, key and role. Pure.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use secrecy::ExposeSecret;

use super::super::materials::{CERTIFICATE, KEY, Materials, PASSWORD, SEAL, VERIFIER, seal};
use super::super::validate::ValidEndpoint;
use super::{metadata, settings};

/// Key of the SQL that makes the role as it should be.
pub(super) const ROLE_SQL: &str = "role.sql";

pub(super) fn build(valid: &ValidEndpoint, materials: &Materials) -> Secret {
    let bytes = |text: &str| ByteString(text.as_bytes().to_vec());
    let certificate = &materials.certificate;
    let role = settings::role_sql(valid, materials);
    let mut data = std::collections::BTreeMap::from([
        (CERTIFICATE.to_owned(), bytes(&certificate.certificate)),
        (KEY.to_owned(), bytes(certificate.key.expose_secret())),
        (VERIFIER.to_owned(), bytes(&materials.verifier)),
        (ROLE_SQL.to_owned(), bytes(role.expose_secret())),
    ]);
    let password = materials.password.as_ref().map(ExposeSecret::expose_secret);
    let seal = seal(password.unwrap_or_default(), &materials.verifier);
    data.insert(SEAL.to_owned(), bytes(&seal));
    if let Some(password) = password {
        data.insert(PASSWORD.to_owned(), bytes(password));
    }
    Secret {
        metadata: metadata(valid),
        type_: Some("Opaque".into()),
        data: Some(data),
        ..Secret::default()
    }
}
