//! The connection Secret in the tenant's namespace (Service Binding specification for Kubernetes,
//! "Well-known Secret Entries"). Pure.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use secrecy::ExposeSecret;

use super::super::materials::Materials;
use super::super::validate::ValidEndpoint;
use crate::controller::context::Context;
use crate::controller::object::meta;
use crate::crd::Endpoint;
use crate::domain::connection_uri::ConnectionUri;
use crate::probe::POSTGRES_PORT;

pub(super) fn build(
    endpoint: &Endpoint,
    valid: &ValidEndpoint,
    materials: &Materials,
    address: Ipv4Addr,
    context: &Context,
) -> Secret {
    let host = if valid.host_resolves {
        valid.host.clone()
    } else {
        address.to_string()
    };
    let password = materials.password.as_ref();
    let uri = ConnectionUri {
        host: &host,
        port: POSTGRES_PORT,
        role: &valid.role,
        database: &valid.database,
    };
    let mut data = BTreeMap::from([
        ("type", "postgresql".to_owned()),
        ("provider", "kisenon".to_owned()),
        ("uri", uri.text(password)),
        ("host", host.clone()),
        ("port", POSTGRES_PORT.to_string()),
        ("database", valid.database.clone()),
        ("username", valid.role.clone()),
        ("ca.crt", context.authority.certificate().to_owned()),
    ]);
    if let Some(password) = password {
        data.insert("password", password.expose_secret().to_owned());
    }
    let mut metadata = meta::child(
        &valid.tenant_namespace,
        &meta::connection_secret(&valid.name),
        &super::labels(valid),
    );
    metadata.owner_references = Some(meta::owned_by(endpoint));
    Secret {
        metadata,
        type_: Some("servicebinding.io/postgresql".into()),
        data: Some(
            data.into_iter()
                .map(|(key, value)| (key.to_owned(), ByteString(value.into_bytes())))
                .collect(),
        ),
        ..Secret::default()
    }
}
